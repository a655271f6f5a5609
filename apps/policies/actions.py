"""Every write of policies: founding, saving a draft, enabling, retiring, discarding."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    StaleRevision,
    WrongState,
    refusal_from_constraint,
    refusal_from_validation,
)
from apps.policies import events, facts
from apps.policies.models import Policy, PolicyVersion
from apps.policies.queries import Check, check, may_write, table_of
from apps.policies.rules.tables import Table, table_from
from apps.policies.states import VERSION, VersionState

LONGEST_NOTE = 500  # characters
_SEAT_THEM = "Name somebody who sits there, or have the seat filled on the board's page."


@transaction.atomic
def found_policy(*, founder: Person, slug: str, name: str, cluster: Cluster | None, at: datetime) -> Policy:
    """Found the enterprise floor (no cluster) or a cluster's policy; it decides nothing until a version is enabled."""
    _require_may_write(founder, cluster)
    policy = Policy(slug=slug, name=name.strip(), cluster=cluster, created_at=at)
    try:
        policy.clean_fields()
        with transaction.atomic():
            policy.save()
    except ValidationError as error:
        raise refusal_from_validation(error) from error
    except IntegrityError as error:
        if Policy.objects.filter(slug=slug).exists():
            raise Conflict(
                "There is a policy of that short name already.", next_step="Choose another short name."
            ) from error
        raise refusal_from_constraint(error, Policy) from error
    journal.record(events.PolicyFounded(policy_id=policy.pk), subject=policy, actor=founder, at=at)
    return policy


@transaction.atomic
def save_draft(
    *, policy_id: int, author: Person, rows: Any, at: datetime, note: str = "", based_on: int | None = None
) -> PolicyVersion:
    """Keep a table as the policy's draft; whoever saved it last is its author.

    Refused, with each smallest counter-example: gaps, contradictions, rules without effect, and for a cluster's policy
    whatever is weaker than the floor in force; also what nobody could give as the boards are seated. `based_on` is the
    draft's count of saves that the author saw.
    """
    policy = _locked(policy_id)
    _require_may_write(author, policy.cluster)
    table = table_from(facts.columns(), rows)
    found = _require_sound(table, policy, at=at)
    if len(note) > LONGEST_NOTE:
        raise Invalid("The note is too long.", next_step="Say in 500 characters what is new.")
    draft = policy.versions.filter(state=VersionState.DRAFT).first()
    if draft and based_on is not None and draft.saves != based_on:
        raise StaleRevision("Someone else saved this draft first.", next_step="Reload it and make your change again.")
    version = draft or PolicyVersion(policy=policy, number=policy.versions.count() + 1, saves=0)
    version.rows, version.digest, version.proof = table.as_data(), table.digest, found.proof
    version.author, version.saved_at, version.note, version.saves = author, at, note.strip(), version.saves + 1
    version.save()
    event = events.PolicySaved(policy_id=policy.pk, version_id=version.pk, digest=version.digest)
    return _told(event, version, actor=author, at=at)


@transaction.atomic
def enable_version(*, version_id: int, enabler: Person, digest: str, at: datetime) -> PolicyVersion:
    """Put a draft in force; the version before it is superseded. Never by its author.

    `digest` is what the enabler read: a draft that was saved anew since is refused. The table is proven once more,
    against the floor as it is now; enabling takes turns on the floor, so the two cannot change at once.
    """
    version, policy = _locked_version(version_id)
    _require_may_write(enabler, policy.cluster)
    VERSION.require(version.state, VersionState.ENABLED)
    if enabler == version.author:
        raise NotAllowed(
            "No one puts their own version in force.",
            next_step="Ask someone else who may write this policy to read and enable it.",
            code="own_version",
        )
    if digest != version.digest:
        raise StaleRevision(
            "The draft was saved anew since you read it.", next_step="Read it again, then put it in force."
        )
    version.proof = _require_sound(table_of(version), policy, at=at).proof
    before = policy.versions.filter(state=VersionState.ENABLED).first()
    if before:
        _move(before, VersionState.SUPERSEDED, at=at)
        before.save(update_fields=["state", "ended_at"])
    _move(version, VersionState.ENABLED, at=at)
    version.enabled_by, version.enabled_at = enabler, at
    version.save()
    event = events.PolicyEnabled(policy_id=policy.pk, version_id=version.pk, digest=version.digest)
    return _told(event, version, actor=enabler, at=at)


@transaction.atomic
def retire_version(*, version_id: int, person: Person, reason: str, at: datetime) -> PolicyVersion:
    """Take the version in force out of it, with a reason; until another is enabled the scope has no policy."""
    version, policy = _locked_version(version_id)
    _require_may_write(person, policy.cluster)
    if not 0 < len(reason.strip()) <= LONGEST_NOTE:
        raise Invalid(
            "Retiring a policy needs a reason of at most 500 characters.",
            next_step="Say why it is no longer wanted.",
            fields={"reason": ["Missing or too long."]},
        )
    _move(version, VersionState.RETIRED, at=at)
    version.save(update_fields=["state", "ended_at"])
    event = events.PolicyRetired(policy_id=policy.pk, version_id=version.pk, reason=reason.strip())
    return _told(event, version, actor=person, at=at)


@transaction.atomic
def discard_draft(*, version_id: int, person: Person, at: datetime) -> PolicyVersion:
    """Give a draft up; its table stays readable."""
    version, policy = _locked_version(version_id)
    _require_may_write(person, policy.cluster)
    _move(version, VersionState.DISCARDED, at=at)
    version.save(update_fields=["state", "ended_at"])
    event = events.PolicyDraftDiscarded(policy_id=policy.pk, version_id=version.pk)
    return _told(event, version, actor=person, at=at)


def _move(version: PolicyVersion, target: VersionState, *, at: datetime) -> None:
    """Give the version its next state, noting its end. The caller saves."""
    VERSION.require(version.state, target)
    version.state = target
    version.ended_at = None if target == VersionState.ENABLED else at


def _told(event: Event, version: PolicyVersion, *, actor: Person, at: datetime) -> PolicyVersion:
    journal.record(event, subject=version.policy, actor=actor, at=at)
    return version


def _require_sound(table: Table, policy: Policy, *, at: datetime) -> Check:
    """The check of the table; refuses it with everything that was found."""
    found = check(table, policy, on=at.date())
    if found.findings:
        first, more = found.findings[0].sentence, len(found.findings) - 1
        raise WrongState(
            first if not more else f"{first} And {more} more.",
            next_step=_SEAT_THEM
            if found.findings[0].kind == "unmet"
            else "Mend the rules that are named; the analysis shows each with its facts.",
            fields={"rows": [one.sentence for one in found.findings]},
            code="unsound_policy",
        )
    return found


def _locked(policy_id: int) -> Policy:
    """The policy, locked after the floor: whoever proves against the floor keeps it as it is."""
    list(Policy.objects.select_for_update().filter(cluster__isnull=True))
    policy = Policy.objects.select_for_update(of=("self",)).select_related("cluster").filter(pk=policy_id).first()
    if policy is None:
        raise NotFound("There is no such policy.", next_step="Go back to the list of policies.")
    return policy


def _locked_version(version_id: int) -> tuple[PolicyVersion, Policy]:
    policy_id = PolicyVersion.objects.filter(pk=version_id).values_list("policy_id", flat=True).first()
    policy = _locked(policy_id or 0)
    version = PolicyVersion.objects.select_for_update(of=("self",)).select_related("author").get(pk=version_id)
    version.policy = policy
    return version, policy


def _require_may_write(person: Person, cluster: Cluster | None) -> None:
    if not may_write(person, cluster):
        whose = f"the policy of {cluster}" if cluster else "the enterprise floor"
        raise NotAllowed(
            f"You may not write {whose}.",
            next_step="Ask a board's chair or an administrator; a cluster's owners write their own.",
        )
