"""Checking a pasted token for both doors: by its issuer's keys, and by the way of trust to who is to believe it."""

from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import Person
from apps.trust import actions, queries
from apps.trust.models import TrustDomain
from apps.trust.rules.chains import Chain
from apps.trust.rules.tokens import Answer, Step, check


@dataclass(frozen=True)
class Checked:
    """What became of a token, and the way of trust it would go."""

    answer: Answer
    chain: Chain | None

    @property
    def is_believed(self) -> bool:
        """Whether every link holds."""
        return self.answer.is_believed


def checked_token(text: str, *, issuer: TrustDomain, callee: TrustDomain, person: Person, at: datetime) -> Checked:
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
    way, why = queries.way_between(issuer, callee, person, at=at)
    sentence = f"{callee.name} believes {issuer.name}" + (
        f" over {way.length} links." if way and way.length > 1 else "."
    )
    first = Step("trust", way is not None, sentence if way else f"{callee.name} does not believe {issuer.name}: {why}.")
    answer = Answer([first, *found.steps], found.claims)
    failed = answer.failed.name if answer.failed else ""
    actions.record_token_check(domain=issuer, person=person, is_believed=answer.is_believed, failed_at=failed, at=at)
    return Checked(answer, way)
