"""Boards, clusters, components and people by the names that both doors take: found, or refused in one sentence."""

from collections.abc import Iterable, Mapping

from django.db.models import Q, QuerySet

from apps.accounts.models import Person, PersonKind
from apps.cab.models import Board
from apps.clusters.models import Cluster, Component
from apps.kernel.refusals import Invalid, NotFound

MOST_TOLD = 5  # names of a refusal; more would bury the sentence
LONGEST_TOLD = 80  # characters of each


def cluster_named(slug: str, person: Person) -> Cluster:
    """The cluster of that short name, among those the person may know of."""
    found = Cluster.objects.visible_to(person).filter(slug=slug).first()
    if found is None:
        raise Invalid(
            f"There is no cluster {slug[:LONGEST_TOLD]} that you may know of.",
            next_step="Choose one from the list of clusters.",
            fields={"cluster": ["Unknown."]},
        )
    return found


def boards_visible_to(person: Person) -> QuerySet[Board]:
    """Boards of the federation, and those of clusters the person may know of."""
    known = Q(cluster__isnull=True) | Q(cluster__in=Cluster.objects.visible_to(person))
    return Board.objects.select_related("cluster").filter(known)


def board_named(slug: str, person: Person) -> Board:
    """The board of that short name, or a refusal when there is none for this person."""
    found = boards_visible_to(person).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such board that you may see.", next_step="Go back to the list of boards.")
    return found


def components_named(names: Iterable[str], person: Person) -> list[Component]:
    """The components of those "cluster/component" names, each once, among those the person may know of."""
    wanted = list(dict.fromkeys(names))
    slugs = [name.partition("/")[2] for name in wanted]
    rows = Component.objects.visible_to(person).filter(slug__in=slugs).select_related("cluster")
    found = {f"{one.cluster.slug}/{one.slug}": one for one in rows}
    _require_all(wanted, found, "There is no component {}.", "Write it as cluster/component.", "components")
    return [found[name] for name in wanted]


def people_named(handles: Iterable[str], *, field: str) -> list[Person]:
    """The people of those handles (with or without @, any case), each once, in that order. Programs are no people."""
    wanted = list(dict.fromkeys(handle.strip().lstrip("@").lower() for handle in handles))
    found = Person.objects.exclude(kind=PersonKind.SERVICE).in_bulk(wanted, field_name="handle")
    _require_all(wanted, found, "Nobody is called {}.", "Use the handle shown on the person's page.", field)
    return [found[handle] for handle in wanted]


def _require_all(wanted: list[str], found: Mapping[str, object], sentence: str, next_step: str, field: str) -> None:
    missing = [name[:LONGEST_TOLD] for name in wanted if name not in found]
    if missing:
        told = ", ".join(missing[:MOST_TOLD])
        raise Invalid(sentence.format(told), next_step=next_step, fields={field: ["Unknown."]})
