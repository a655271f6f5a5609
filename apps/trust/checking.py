"""Checking a pasted token for both doors: by its issuer's keys, and by the way of trust to who is to believe it."""

from datetime import datetime

from apps.accounts.models import Person
from apps.trust import actions, queries
from apps.trust.models import TrustDomain
from apps.trust.queries.ways import way_between
from apps.trust.rules.tokens import Answer, Step, check


def checked_token(text: str, *, issuer: TrustDomain, callee: TrustDomain, person: Person, at: datetime) -> Answer:
    """Whether `callee` would believe a token of `issuer`: the trust between them first, then the token itself.

    The journal keeps that it was checked and at which link it failed; of the token nothing is kept. Refuses what is
    over 16 KB.
    """
    found = check(
        text,
        queries.issuer_of(issuer),
        audience=callee.audience,
        others=queries.owners_of_keys(person, but=issuer),
        at=at,
    )
    way = way_between(issuer, callee, person, at=at)
    over = f" over {way.words}" if way.length and way.length > 1 else ""
    believed = f"{callee.name} believes {issuer.name}{over}."
    refused = f"{callee.name} does not believe {issuer.name}: {way.why_none}."
    first = Step("trust", way.is_believed, believed if way.is_believed else refused)
    answer = Answer([first, *found.steps], found.claims)
    failed = answer.failed.name if answer.failed else ""
    actions.record_token_check(domain=issuer, person=person, is_believed=answer.is_believed, failed_at=failed, at=at)
    return answer
