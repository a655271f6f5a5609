"""Offering interfaces. The component's side speaks: it knows what it offers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.queries import standing, visible_component
from apps.clusters.rules import require_may_edit
from apps.integrations import events
from apps.integrations.actions.decisions import reopen_changed
from apps.integrations.models import Interface
from apps.integrations.rules import needs as rules
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, NotFound

FIELDS = (
    *("name", "kind", "port", "protocol", "contract_url", "is_data_product", "description"),
    *("latency_ms", "availability_percent"),
)
_UNSAID: Mapping[str, Any] = {
    "port": None,
    "protocol": "",
    "contract_url": "",
    "is_data_product": False,
    "description": "",
    "latency_ms": None,
    "availability_percent": None,
}


@transaction.atomic
def offer_interface(*, component_id: int, offerer: Person, values: Mapping[str, Any], at: datetime) -> Interface:
    """Say that a component offers an interface. `values` holds the FIELDS; name and kind must be said.

    Refuses others than owners of the component, what does not fit the kind, and a name that it has already.
    """
    component = visible_component(component_id, offerer)
    require_may_edit(standing(offerer, component), of=component.name)
    said = rules.checked_interface({**_UNSAID, **values})
    interface = Interface(component=component, offered_by=offerer, offered_at=at, **said)
    save_new(interface)
    event = events.InterfaceOffered(interface_id=interface.pk, component_id=component.pk)
    journal.record(event, subject=interface, actor=offerer, at=at)
    return interface


@transaction.atomic
def describe_interface(
    *, interface_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> Interface:
    """Change some of the FIELDS; the same values again change nothing.

    Refuses a version no longer in force, and another kind while somebody is integrated with it.
    """
    interface = _locked(interface_id, editor)
    require_version(version, interface.version)
    said = rules.checked_interface({name: getattr(interface, name) for name in FIELDS} | dict(changes))
    if said["kind"] != interface.kind and interface.integrations.exists():
        raise Conflict(
            "Others are integrated with this interface: it stays of its kind.",
            next_step="Offer another interface beside it, and let them move over.",
        )
    _require_unnamed(interface, said["name"])
    changed = redescribe(interface, {name: said[name] for name in changes if name in said}, allowed=FIELDS)
    if changed:
        event = events.InterfaceDescribed(interface_id=interface.pk, version=interface.version, fields=changed)
        journal.record(event, subject=interface, actor=editor, at=at)
        if {"latency_ms", "availability_percent"} & set(changed):
            used = list(interface.integrations.select_related("consumer"))
            for one in used:
                one.interface = interface  # as it is now
            reopen_changed(used, actor=editor, at=at)
    return interface


@transaction.atomic
def withdraw_interface(*, interface_id: int, withdrawer: Person, at: datetime) -> None:
    """Take an interface back. Refuses while somebody is integrated with it."""
    interface = _locked(interface_id, withdrawer)
    if count := interface.integrations.count():
        raise Conflict(
            f"{count} component{' is' if count == 1 else 's are'} integrated with “{interface.name}”.",
            next_step="It can be withdrawn when the last of them has gone.",
        )
    event = events.InterfaceWithdrawn(interface_id=interface.pk, label=interface.name)
    component = interface.component
    interface.delete()
    journal.record(event, subject=component, actor=withdrawer, at=at)


def _require_unnamed(interface: Interface, name: str) -> None:
    others = Interface.objects.filter(component=interface.component, name__iexact=name).exclude(pk=interface.pk)
    if others.exists():
        raise Conflict("This component offers an interface of that name already.", next_step="Choose another name.")


def _locked(interface_id: int, person: Person) -> Interface:
    rows = Interface.objects.visible_to(person).select_for_update(of=("self",)).select_related("component__cluster")
    interface = rows.filter(pk=interface_id).first()
    if interface is None:
        raise NotFound("There is no such interface.", next_step="Go back to the list of interfaces.")
    require_may_edit(standing(person, interface.component), of=interface.component.name)
    return interface
