"""Saying where sites lie, and which data may go from where to where."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters import events
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.models import Site, TransferRule
from apps.clusters.rules.boundaries import ANYWHERE, Verdict
from apps.clusters.rules.charters import require_reason
from apps.clusters.rules.places import UNION, require_jurisdictions
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotFound

RULE_FIELDS = ("verdict", "safeguard", "reason")


@transaction.atomic
def place_site(*, keeper: Person, code: str, name: str, jurisdiction: str, at: datetime) -> Site:
    """Say in which jurisdiction a site lies; said again of the same site, it lies there from now on."""
    keeper.require(Capability.MANAGE_BOARD, to="say where sites lie")
    (country,) = require_jurisdictions([jurisdiction], field="jurisdiction") or [""]
    if country in {"", UNION}:
        raise Invalid(
            "A site lies in one country.",
            next_step="Write its two-letter code (ISO 3166-1), such as DE.",
            fields={"jurisdiction": ["One country."]},
        )
    site = Site.objects.select_for_update().filter(code__iexact=code.strip()).first()
    if site is None:
        site = Site(code=code.strip(), name=name.strip(), jurisdiction=country, placed_by=keeper, placed_at=at)
        save_new(site)
    elif not redescribe(site, {"name": name.strip(), "jurisdiction": country}, allowed=("name", "jurisdiction")):
        return site
    event = events.SitePlaced(site_id=site.pk, code=site.code, jurisdiction=country)
    journal.record(event, subject=site, actor=keeper, at=at)
    return site


@transaction.atomic
def rule_on_transfer(
    *,
    keeper: Person,
    data_class: str,
    origin: str,
    destination: str,
    verdict: str,
    reason: str,
    safeguard: str = "",
    at: datetime,
) -> TransferRule:
    """Rule on data of a class from one jurisdiction to another (`*`: any). Refuses a second rule of the same case."""
    keeper.require(Capability.MANAGE_BOARD, to="rule on transfers of data")
    rule = TransferRule(
        data_class=data_class,
        origin=_end(origin, "origin"),
        destination=_end(destination, "destination"),
        made_by=keeper,
        made_at=at,
        **_checked({"verdict": verdict, "safeguard": safeguard, "reason": reason}),
    )
    save_new(rule)
    _tell(rule, keeper, at)
    return rule


@transaction.atomic
def change_transfer_rule(
    *, rule_id: int, keeper: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> TransferRule:
    """Change the verdict, safeguard or reason of a rule; the same values again change nothing."""
    rule = _locked(rule_id, keeper)
    require_version(version, rule.version)
    now = {name: getattr(rule, name) for name in RULE_FIELDS}
    if redescribe(rule, _checked({**now, **changes}), allowed=RULE_FIELDS):
        _tell(rule, keeper, at)
    return rule


@transaction.atomic
def repeal_transfer_rule(*, rule_id: int, keeper: Person, at: datetime) -> None:
    """Take a rule out of the table: the next nearest one decides, or none does."""
    rule = _locked(rule_id, keeper)
    event = events.TransferRuleRepealed(
        rule_id=rule.pk, data_class=rule.data_class, origin=rule.origin, destination=rule.destination
    )
    journal.record(event, subject=rule, actor=keeper, at=at)
    rule.delete()


def _locked(rule_id: int, keeper: Person) -> TransferRule:
    keeper.require(Capability.MANAGE_BOARD, to="rule on transfers of data")
    rule = TransferRule.objects.select_for_update().filter(pk=rule_id).first()
    if rule is None:
        raise NotFound("There is no such transfer rule.", next_step="It may have been repealed: reload the table.")
    return rule


def _end(code: str, field: str) -> str:
    said = code.strip().upper()
    return ANYWHERE if said == ANYWHERE else (require_jurisdictions([said or "?"], field=field))[0]


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    said = {name: str(value).strip() for name, value in values.items()}
    said["reason"] = require_reason(said["reason"], for_what="A transfer rule")
    if said["verdict"] == Verdict.SAFEGUARD and not said["safeguard"]:
        raise Invalid(
            "A transfer that needs a safeguard names which.",
            next_step="Write it, such as standard contractual clauses.",
            fields={"safeguard": ["Missing."]},
        )
    if said["verdict"] != Verdict.SAFEGUARD:
        said["safeguard"] = ""
    return said


def _tell(rule: TransferRule, keeper: Person, at: datetime) -> None:
    event = events.TransferRuled(
        rule_id=rule.pk,
        data_class=rule.data_class,
        origin=rule.origin,
        destination=rule.destination,
        verdict=rule.verdict,
    )
    journal.record(event, subject=rule, actor=keeper, at=at)
