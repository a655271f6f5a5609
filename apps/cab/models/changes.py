"""Change requests, their revisions and what hangs on them."""

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import IsNull
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.cab.rules.costs import DIGITS, Estimate
from apps.cab.states import PLANNING, ChangeState, Outcome, RetroactiveState
from apps.clusters.models import Cluster, Visibility
from apps.kernel.fields import WallClockField
from apps.stakeholders.rules.rates import DECIMALS

if TYPE_CHECKING:
    from apps.accounts.models import Person

_CURRENCY = r"^[A-Z]{3}$"
FIRST_NUMBER = 1001  # references start with four digits so that they sort and read alike


class ChangeType(models.TextChoices):
    STANDARD = "standard", "standard"
    NORMAL = "normal", "normal"
    EMERGENCY = "emergency", "emergency"


class ChangeCategory(models.TextChoices):
    """What kind of thing is changed, in the words that service desks use. Empty where nobody said."""

    SOFTWARE = "software", "software"
    DATABASE = "database", "database"
    INFRASTRUCTURE = "infrastructure", "infrastructure"
    NETWORK = "network", "network"
    SECURITY = "security", "security"
    SERVICE = "service", "business service"
    DOCUMENTATION = "documentation", "documentation"
    OTHER = "other", "other"


_LISTED = (
    *("number", "type", "title", "state", "outcome", "on_hold", "unauthorized", "latent", "risk", "revision"),
    *("window_start_at", "window_end_at", "deadline_at", "submitted_at", "decided_at", "implemented_at"),
    *("cost_amount", "cost_currency", "cost_rate", "cost_into"),
    *("cluster__slug", "cluster__name", "requester__handle", "requester__name"),
)


def ended_at() -> models.Case:
    """When a change left the backlog: implemented, rejected or cancelled; null while it is open. An index holds it."""
    at_work = models.Q(state__in=[*PLANNING, ChangeState.CHANGES_REQUESTED])
    ended = Coalesce("implemented_at", "closed_at", "decided_at", "submitted_at", "created_at")
    return models.Case(models.When(at_work, then=None), default=ended, output_field=models.DateTimeField())


class ChangeQuerySet(models.QuerySet["Change"]):
    def visible_to(self, person: "Person") -> Self:
        """Changes of clusters this person may know of, and those a board of theirs decides; drafts to their authors."""
        return self.seen_by(person.pk, reads_restricted=person.may(Capability.READ_RESTRICTED))

    def seen_by(self, person: Any, *, reads_restricted: bool) -> Self:
        """The same for a person's key, or for an expression that will be one."""
        from apps.cab.models.rounds import Round  # the two tables name each other

        mine = (
            models.Q(requester=person)
            | models.Q(implementer=person)
            | models.Q(pk__in=CoAuthorship.objects.filter(person=person).values("change_id"))
        )
        if reads_restricted:
            return self.filter(~models.Q(state=ChangeState.DRAFT) | mine)
        closed = Cluster.objects.filter(visibility=Visibility.RESTRICTED).exclude(
            pk__in=Cluster.objects.open_or_held_by(person).values("pk")
        )
        # Who decides a change must be able to read it, wherever it belongs.
        # One value a row and not EXISTS, which the planner turns into a hash of every round there ever was.
        decided = Round.objects.filter(change=models.OuterRef("pk"), board__seats__person=person).values("pk")[:1]
        decides = IsNull(models.Subquery(decided), False)
        # Phrased as "not in the few hidden clusters": most are open, and the planner then keeps the list's index.
        known = ~models.Q(cluster__in=closed.values("pk")) | models.Q(decides)
        return self.filter((~models.Q(state=ChangeState.DRAFT) & known) | mine)

    def in_lists(self) -> Self:
        """With cluster and requester, and only what lists show: the long texts are most of a row's bytes."""
        return self.select_related("cluster", "requester").only(*_LISTED)

    def costing(self, least: Decimal, into: str) -> Self:
        """Changes thought to cost as much or more in that currency; those of which nobody said what are left out."""
        reckoned = self.filter(cost_into=into).alias(reckoned=models.F("cost_amount") * models.F("cost_rate"))
        return reckoned.filter(reckoned__gte=least)

    def matching(self, words: str) -> Self:
        """Changes whose title, purpose or plans hold the words (web-search syntax)."""
        return self.filter(search=SearchQuery(words, config="english", search_type="websearch"))


class Change(models.Model):
    """A request to change something that runs. What it says at one time is a revision."""

    number = models.BigIntegerField(unique=True)
    type = models.CharField(max_length=10, choices=ChangeType.choices, default=ChangeType.NORMAL)
    category = models.CharField(max_length=14, choices=ChangeCategory.choices, blank=True, default="")
    title = models.CharField(max_length=300)
    purpose = models.TextField(blank=True)
    cluster = models.ForeignKey("clusters.Cluster", on_delete=models.PROTECT, related_name="changes")
    components = models.ManyToManyField("clusters.Component", through="ChangeComponent", related_name="changes")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="changes_requested")
    implementer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="changes_implemented"
    )
    co_authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="CoAuthorship", related_name="changes_coauthored"
    )

    implementation_plan = models.TextField(blank=True)
    test_plan = models.TextField(blank=True)
    communication_plan = models.TextField(blank=True)
    backout_plan = models.TextField(blank=True)

    # As people wrote it (wall clock and zone), and as instants for comparing. See kernel.windows.
    window_start_local = WallClockField(null=True, blank=True)
    window_end_local = WallClockField(null=True, blank=True)
    window_zone = models.CharField(max_length=64, blank=True)
    window_start_at = models.DateTimeField(null=True)
    window_end_at = models.DateTimeField(null=True)
    downtime_minutes = models.PositiveIntegerField(default=0)
    # What it is thought to cost: the amount as people say it, and the stored rate of then into the currency that the
    # enterprise reckoned in. All of it, or nothing.
    cost_amount = models.DecimalField(max_digits=DIGITS, decimal_places=2, null=True, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    cost_rate = models.DecimalField(max_digits=16, decimal_places=DECIMALS, null=True, blank=True)
    cost_into = models.CharField(max_length=3, blank=True, default="", db_default="")
    links = models.JSONField(default=list, blank=True)  # [{"label": …, "url": …}]

    state = models.CharField(
        max_length=24, choices=[(s, s.replace("_", " ")) for s in ChangeState], default=ChangeState.DRAFT
    )
    outcome = models.CharField(max_length=24, choices=[(o, o.replace("_", " ")) for o in Outcome], blank=True)
    on_hold = models.BooleanField(default=False)
    held_at = models.DateTimeField(null=True)  # since when; an open round gets that time back
    unauthorized = models.BooleanField(default=False)
    unauthorized_because = models.TextField(blank=True)  # empty where an imported record does not say
    latent = models.BooleanField(default=False)
    # Work that began before the board decided, and how the decision after the fact went.
    implemented_first_at = models.DateTimeField(null=True)
    retroactive = models.CharField(
        max_length=10, choices=[(s, s.replace("_", " ")) for s in RetroactiveState], default=RetroactiveState.NOT_NEEDED
    )

    # The version of a standard change's template it was proposed from; it stays when the template moves on.
    template_version = models.ForeignKey(
        "cab.TemplateVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="changes"
    )

    # The version of its type's model it follows; none: the house's machine. Only a migration gives it another.
    model_version = models.ForeignKey(
        "cab.ModelVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="changes"
    )

    revision = models.PositiveIntegerField(default=1)
    risk = models.PositiveSmallIntegerField(
        default=1
    )  # 1–5, what counts: the computed one or the one a person raised it to
    risk_computed = models.PositiveSmallIntegerField(default=1)
    risk_factors = models.JSONField(
        default=list
    )  # [{"name", "value", "weight", "points", "sentence"}], as computed last
    # What a person raised it to; it stays when the computed risk rises above it and falls again.
    risk_raised_to = models.PositiveSmallIntegerField(null=True)
    risk_raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    risk_reason = models.TextField(blank=True)

    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)  # of the open round
    decided_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    implemented_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    # Where an imported record came from; together unique, so importing again changes nothing.
    source = models.CharField(max_length=80, blank=True)
    external_id = models.CharField(max_length=200, blank=True)

    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("purpose", weight="B", config="english")
        + SearchVector("implementation_plan", "backout_plan", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(type__in=ChangeType.values), name="change_type_known"),
            models.CheckConstraint(
                condition=models.Q(category__in=["", *ChangeCategory.values]), name="change_category_known"
            ),
            models.CheckConstraint(condition=models.Q(state__in=list(ChangeState)), name="change_state_known"),
            models.CheckConstraint(condition=models.Q(outcome__in=["", *Outcome]), name="change_outcome_known"),
            models.CheckConstraint(
                condition=models.Q(
                    risk=Greatest("risk_computed", "risk_raised_to"), risk__gte=1, risk__lte=5, risk_computed__gte=1
                ),
                name="change_risk_never_lowered",
                violation_error_message="A risk may be raised above what was computed, never lowered below it.",
            ),
            models.CheckConstraint(
                condition=models.Q(risk_raised_to__isnull=True, risk_raised_by__isnull=True, risk_reason="")
                | models.Q(risk_raised_to__isnull=False, risk_raised_by__isnull=False) & ~models.Q(risk_reason=""),
                name="change_raised_risk_has_reason",
                violation_error_message="Raising a risk needs a reason.",
            ),
            models.CheckConstraint(
                condition=models.Q(on_hold=True) ^ models.Q(held_at__isnull=True), name="change_held_has_time"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    window_start_local__isnull=True,
                    window_end_local__isnull=True,
                    window_zone="",
                    window_start_at__isnull=True,
                    window_end_at__isnull=True,
                )
                | models.Q(
                    window_start_local__isnull=False,
                    window_end_local__isnull=False,
                    window_start_at__isnull=False,
                    window_end_at__gt=models.F("window_start_at"),
                )
                & ~models.Q(window_zone=""),
                name="change_window_whole",
                violation_error_message="A window has a start, a later end and a zone, or none of them.",
            ),
            models.CheckConstraint(
                condition=models.Q(cost_amount__isnull=True, cost_rate__isnull=True, cost_currency="", cost_into="")
                | models.Q(
                    cost_amount__isnull=False,
                    cost_rate__isnull=False,
                    cost_amount__gte=0,
                    cost_rate__gt=0,
                    cost_currency__regex=_CURRENCY,
                    cost_into__regex=_CURRENCY,
                ),
                name="change_cost_whole",
                violation_error_message="A cost has an amount, a currency and a rate, or none of them.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[ChangeState.SCHEDULED]) | models.Q(window_start_at__isnull=False),
                name="change_scheduled_has_window",
                violation_error_message="A scheduled change has a window.",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="")
                | models.Q(state__in=["implemented", "in_review", "closed", "cancelled"]),
                name="change_outcome_after_work",
                violation_error_message="An outcome is told when the work has ended.",
            ),
            models.CheckConstraint(
                condition=models.Q(retroactive__in=list(RetroactiveState)), name="change_retroactive_known"
            ),
            models.CheckConstraint(
                condition=models.Q(retroactive=RetroactiveState.NOT_NEEDED)
                ^ models.Q(implemented_first_at__isnull=False),
                name="change_retroactive_began_first",
                violation_error_message="Only work that began first is decided after the fact.",
            ),
            models.CheckConstraint(
                condition=models.Q(unauthorized=True) | models.Q(unauthorized_because=""),
                name="change_unauthorized_because",
            ),
            models.CheckConstraint(
                condition=~models.Q(retroactive=RetroactiveState.REJECTED)
                | models.Q(unauthorized=True) & ~models.Q(unauthorized_because=""),
                name="change_rejected_afterwards_is_unauthorized",
                violation_error_message="What a board refused after the fact is unauthorized, with the reason.",
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                name="change_external_once",
                condition=~models.Q(external_id=""),
                violation_error_message="This record has already been imported.",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-number"], name="change_by_state"),
            models.Index(fields=["cluster", "-number"], name="change_by_cluster"),
            models.Index(fields=["requester", "-number"], name="change_by_requester"),
            models.Index(fields=["risk", "-number"], name="change_by_risk"),
            models.Index(
                fields=["window_start_at", "window_end_at"],
                name="change_by_window",
                condition=models.Q(window_start_at__isnull=False),
            ),
            models.Index(
                fields=["implemented_at", "id"],
                name="change_by_implemented",
                condition=models.Q(implemented_at__isnull=False),
            ),
            models.Index(fields=["decided_at"], name="change_by_decided", condition=models.Q(decided_at__isnull=False)),
            # What is open has none: the backlog of a moment is found without reading the history.
            models.Index(ended_at(), name="change_by_ended"),
            models.Index(
                fields=["-number"],
                name="change_decided_afterwards",
                condition=models.Q(retroactive=RetroactiveState.PENDING),
            ),
            GinIndex(fields=["search"], name="change_by_words"),
            # Only what is planned: overlap then looks at a few hundred windows, however long the history.
            GistIndex(
                models.Func(
                    "window_start_at", "window_end_at", function="TSTZRANGE", output_field=DateTimeRangeField()
                ),
                name="change_by_planned_span",
                condition=models.Q(state__in=[*PLANNING]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def get_absolute_url(self) -> str:
        return _address().replace("CHG-0", self.reference)

    @property
    def reference(self) -> str:
        """How people name it: CHG-1042."""
        return f"CHG-{self.number}"

    @property
    def estimate(self) -> Estimate | None:
        """What it is thought to cost; None where nobody said."""
        if self.cost_amount is None or self.cost_rate is None:
            return None
        return Estimate(self.cost_amount, self.cost_currency, self.cost_rate, self.cost_into)


@cache
def _address() -> str:
    """The address of a change, found once: lists show many."""
    return reverse("cab:change", args=["CHG-0"])


class CoAuthorship(models.Model):
    """A person who wrote the change together with its requester; an author for every rule of separation."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "person"], name="co_author_once")]
        indexes = [models.Index(fields=["person", "change"], name="co_author_by_person")]


class ChangeComponent(models.Model):
    """A component the change declares to touch."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="touched")
    component = models.ForeignKey("clusters.Component", on_delete=models.PROTECT, related_name="touching")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "component"], name="change_component_once")]
        indexes = [models.Index(fields=["component", "change"], name="change_by_component")]


class Revision(models.Model):
    """What a change said at one time: every governed field, with the hash an approval binds to."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()  # field → value, as rules.revisions.snapshot writes it
    digest = models.CharField(max_length=64)  # SHA-256 of the canonical content, hex
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_material = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change", "number"],
                name="revision_once",
                violation_error_message="Someone else saved this change first.",
            )
        ]


class KeptManager(models.Manager["Attachment"]):
    """Without the files that were removed."""

    def get_queryset(self) -> models.QuerySet["Attachment"]:
        return super().get_queryset().filter(removed_at__isnull=True)


class Attachment(models.Model):
    """A file beside a change; bounded and checked before it is stored; a removed one can come back for a while."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="attachments")
    file = models.FileField(upload_to="attachments/%Y/%m")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = KeptManager()
    with_removed = models.Manager["Attachment"]()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(removed_at__isnull=True, removed_by__isnull=True)
                | models.Q(removed_at__isnull=False, removed_by__isnull=False),
                name="attachment_removed_by_somebody",
            )
        ]


class Reversal(models.Model):
    """A later change that undid an earlier one: what failure rate and time to restore are computed from."""

    undone = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="reversals")
    undoing = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="undid")
    after = models.DurationField()  # from the one's implementation to the other's
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["undone", "undoing"], name="reversal_once"),
            models.CheckConstraint(condition=~models.Q(undone=models.F("undoing")), name="reversal_not_self"),
        ]

    @property
    def words(self) -> str:
        """How long after, in hours to two places."""
        return f"{self.after.total_seconds() / 3600:,.2f} h"


class LastLook(models.Model):
    """The revision a person saw last; the dossier shows what changed since."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="looks")
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "change"], name="last_look_once")]


class SavedPage(models.TextChoices):
    """The pages whose filters people keep."""

    CHANGES = "changes", "changes"
    WEEK = "week", "week"
    MONTH = "month", "month"
    YEAR = "year", "year"


class SavedView(models.Model):
    """A page's filters under a name; the filters themselves live in the URL."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=10, choices=SavedPage.choices, default=SavedPage.CHANGES)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(page__in=SavedPage.values), name="saved_view_page_known"),
            models.UniqueConstraint(
                fields=["person", "page", "name"],
                name="saved_view_once",
                violation_error_message="You already have a view of that name.",
            ),
        ]

    def get_absolute_url(self) -> str:
        return f"{reverse(f'cab:{self.page}')}?{self.query}"
