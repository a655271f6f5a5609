"""Questions about change models: which holds, whether it lets a change move, what a migration would mean."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from apps.accounts.models import Person
from apps.cab.models import Change, ChangeCategory, ChangeType, ModelVersion
from apps.cab.queries.changes import content_of
from apps.cab.rules import change_models as rules
from apps.cab.states import OPEN, ChangeState
from apps.kernel.refusals import Invalid, NotFound, WrongState

MOST_LISTED = 200  # changes of one preview; the rest follow when these are done
# What a model can be for: a type, or a category of it, and the words for it.
KINDS = tuple(
    (type_, category, f"{word} {kind}".strip())
    for type_, word in ChangeType.choices
    for category, kind in (("", ""), *ChangeCategory.choices)
)
NO_MODEL = "(none)"  # in an address, stands for changes that follow no model; no short name has brackets
# The models as an address names them (“normal”, “normal/software”), and how they are called.
MODELS = {f"{type_}/{category}".rstrip("/"): words for type_, category, words in KINDS} | {NO_MODEL: "no model"}


def in_force(type: str, category: str = "") -> ModelVersion | None:  # noqa: A002  # the field's own name
    """The newest published version of the category's own model, else of its type's.

    None: the house's machine, asking for nothing.
    """
    rows = ModelVersion.objects.filter(type=type, category__in={"", category}, published_at__isnull=False)
    return rows.order_by("-category", "-number").first()  # an empty category sorts last


def models_published() -> list[str]:
    """The models that changes may follow, as an address names them, in the order of the types."""
    rows = ModelVersion.objects.filter(published_at__isnull=False).values_list("type", "category").distinct()
    found = {f"{type_}/{category}".rstrip("/") for type_, category in rows}
    return [one for one in MODELS if one in found]


def require_model(name: str) -> str:
    """A model as an address names it, or none (empty); refuses what is no model."""
    if name and name not in MODELS:
        raise Invalid(
            f"“{name[:30]}” is no model of changes.",
            next_step=f"Write the type, or type/category, as in normal/software; {NO_MODEL} for changes without one.",
            fields={"model": ["Unknown model."]},
        )
    return name


def of_model(name: str) -> Q:
    """Changes that follow any version of the model that an address names."""
    if name == NO_MODEL:
        return Q(model_version__isnull=True)
    type_, _, category = name.partition("/")
    return Q(model_version__type=type_, model_version__category=category)


def version_of(pk: int) -> ModelVersion:
    """The version, or a refusal when there is none."""
    found = ModelVersion.objects.select_related("author", "published_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such model.", next_step="Open the list of models.")
    return found


@dataclass(frozen=True)
class Standing:
    """A type, or a category of it that has a model of its own: the version in force and the draft."""

    type: str
    category: str
    words: str
    published: ModelVersion | None
    draft: ModelVersion | None


def standings() -> list[Standing]:
    """Each type, followed by those of its categories that have a model of their own."""
    rows = list(ModelVersion.objects.select_related("author", "published_by").order_by("number"))
    published = {(one.type, one.category): one for one in rows if one.published_at}
    drafts = {(one.type, one.category): one for one in rows if not one.published_at}
    return [
        Standing(*one, published.get(one[:2]), drafts.get(one[:2]))
        for one in KINDS
        if not one[1] or one[:2] in published or one[:2] in drafts
    ]


# The states that do not read as something done to a change.
_DONE = {
    ChangeState.ASSESSING: "assessed",
    ChangeState.AWAITING_AUTHORIZATION: "handed over",
    ChangeState.IMPLEMENTING: "begun",
    ChangeState.IMPLEMENTED: "reported as done",
}


def require_allows(change: Change, target: ChangeState) -> None:
    """Refuse a move that the change's own model leaves out, or before which it asks for more."""
    version = change.model_version
    if version is None:
        return
    if rules.name_of(change.state, target) not in version.moves:
        raise WrongState(
            f"The model of {version} has no way from {change.state.replace('_', ' ')} to {target.replace('_', ' ')}.",
            next_step="Take another way; the change's model shows which there are.",
            code="not_in_model",
        )
    if not version.moves[rules.name_of(change.state, target)]:
        return
    lacks = rules.lacking(version.moves, change.state, target, content_of(change))
    if lacks:
        raise Invalid(
            f"Before it can be {_DONE.get(target, target)}, its model ({version}) asks for: {rules.in_words(lacks)}.",
            next_step="Edit the change and add what is named.",
            fields={one: ["Its model asks for it."] for one in lacks},
            code="asked_by_model",
        )


def skips_assessment(change: Change) -> bool:
    """Whether the change's own model has no assessment."""
    version = change.model_version
    return version is not None and rules.leaves_out(version.moves, ChangeState.ASSESSING)


@dataclass(frozen=True)
class Migration:
    """One change before a new version: what it would lack later, and whether its state is in the version at all."""

    change: Change
    lacks: Sequence[str]
    fits: bool

    @property
    def sentence(self) -> str:
        """What the new version would mean for it."""
        if not self.fits:
            state = self.change.state.replace("_", " ")
            return (
                f"It stays: the version has no state “{state}”. Take it on by the version it follows, then migrate it."
            )
        return f"Would have to add: {rules.in_words(self.lacks)}." if self.lacks else "Lacks nothing."


def migrations(version: ModelVersion, person: Person) -> list[Migration]:
    """The open changes it governs, of those the person may see, that follow another version; 200 at most."""
    rows = (
        Change.objects.visible_to(person)
        .filter(_governed(version), state__in=list(OPEN))
        .exclude(model_version=version)
        .select_related("cluster", "requester", "implementer", "model_version")
        .defer("search")
        .order_by("number")[:MOST_LISTED]
    )
    return [migration(one, version) for one in rows]


def _governed(version: ModelVersion) -> Q:
    """Changes of its type and category; without a category, those of no category that has a model in force."""
    if version.category:
        return Q(type=version.type, category=version.category)
    rows = ModelVersion.objects.filter(type=version.type, published_at__isnull=False)
    return Q(type=version.type) & ~Q(category__in=rows.exclude(category="").values("category"))


def migration(change: Change, version: ModelVersion) -> Migration:
    """What the version would mean for the change."""
    fits = change.state in rules.states_of(version.moves)
    lacks = rules.lacking_ahead(version.moves, change.state, content_of(change)) if fits else []
    return Migration(change, tuple(lacks), fits)
