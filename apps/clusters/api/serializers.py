"""How the map reads and is written over the API."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.clusters.formats.catalog import MOST_BYTES, MOST_ITEMS
from apps.clusters.formats.catalog_csv import FIELDS
from apps.clusters.models import (
    ApiDescription,
    CatalogFormat,
    CatalogImport,
    Cluster,
    Component,
    DataClass,
    Dependency,
    Lifecycle,
    Tier,
    Visibility,
)
from apps.clusters.models.catalogue import MOST_WEIGHT
from apps.clusters.queries import Holder, Neighbour
from apps.clusters.rules import LONGEST_CLUSTER_SLUG, LONGEST_COMPONENT_SLUG, Part


class ClusterOut(serializers.ModelSerializer[Cluster]):
    class Meta:
        model = Cluster
        fields = ("slug", "name", "purpose", "zone", "visibility", "created_at", "version")
        read_only_fields = fields


class ClusterEditIn(Strict):
    """What may change; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    purpose = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    zone = serializers.CharField(max_length=64, required=False, help_text="IANA name.")
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)


class ClusterIn(Strict):
    """A new cluster; the caller becomes its first owner."""

    slug = serializers.CharField(max_length=LONGEST_CLUSTER_SLUG)
    name = serializers.CharField(max_length=120)
    purpose = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    zone = serializers.CharField(max_length=64, default="UTC", help_text="IANA name.")
    visibility = serializers.ChoiceField(choices=Visibility.choices, default=Visibility.OPEN.value)


class ComponentOut(serializers.ModelSerializer[Component]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)
    sites = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Component
        fields = (
            "id",
            "cluster",
            "slug",
            "name",
            "kind",
            "tier",
            "lifecycle",
            "description",
            "owner_name",
            "sites",
            "tags",
            "source",
            "created_at",
            "version",
        )
        read_only_fields = fields


def _words(longest: int) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=longest), max_length=MOST_ITEMS, required=False, allow_empty=True
    )


class ComponentEditIn(Strict):
    """What may change; what is left out stays."""

    name = serializers.CharField(max_length=200, required=False)
    kind = serializers.CharField(max_length=40, required=False)
    tier = serializers.ChoiceField(choices=Tier.choices, required=False)
    lifecycle = serializers.ChoiceField(choices=Lifecycle.choices, required=False)
    description = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    owner_name = serializers.CharField(max_length=200, allow_blank=True, required=False)
    sites = _words(40)
    tags = _words(63)


class ComponentIn(ComponentEditIn):
    """A new component of a cluster."""

    cluster = serializers.CharField(max_length=LONGEST_CLUSTER_SLUG, help_text="Short name of its cluster.")
    slug = serializers.CharField(max_length=LONGEST_COMPONENT_SLUG)
    name = serializers.CharField(max_length=200)


class ApiDescriptionOut(serializers.ModelSerializer[ApiDescription]):
    """What a catalogue said of a component as an API."""

    type = serializers.CharField(help_text="As the catalogue says it: openapi, asyncapi, grpc, graphql …")
    definition = serializers.CharField(help_text="Its document; empty: it lies elsewhere, or was none.")
    definition_at = serializers.CharField(help_text="Where it lies; never called.")
    remotes = serializers.ListField(child=serializers.CharField(), help_text="Type and address, one each.")

    class Meta:
        model = ApiDescription
        fields = ("type", "definition", "definition_at", "remotes")
        read_only_fields = fields


class NeighbourOut(serializers.Serializer[Neighbour]):
    """A component within the hops asked for."""

    needs = serializers.BooleanField(help_text="True: the component asked about needs it; false: the other way round.")
    hop = serializers.IntegerField(help_text="Length of the shortest way.")
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    tier = serializers.IntegerField()
    cluster = serializers.CharField(source="cluster_slug")
    through = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of the components one hop nearer.")


class DependencyOut(serializers.ModelSerializer[Dependency]):
    consumer = serializers.IntegerField(source="consumer_id")
    provider = serializers.IntegerField(source="provider_id")
    data_class = serializers.CharField(help_text="Of what flows, both ways; empty: the provider's own.")

    class Meta:
        model = Dependency
        fields = ("id", "consumer", "provider", "kind", "weight", "data_class", "safeguard", "source", "created_at")
        read_only_fields = fields


class DependencyIn(Strict):
    """The consumer needs the provider; both by id."""

    consumer = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    provider = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    kind = serializers.CharField(max_length=40, default="calls")
    weight = serializers.IntegerField(min_value=1, max_value=MOST_WEIGHT, default=1, help_text="Against the others.")
    data_class = serializers.ChoiceField(
        choices=DataClass.choices,
        allow_blank=True,
        default="",
        help_text="Of what flows, both ways; else the provider's own.",
    )
    safeguard = serializers.CharField(max_length=200, allow_blank=True, default="")


class DependencyEditIn(Strict):
    """What may be said of a dependency; what is left out stays."""

    weight = serializers.IntegerField(min_value=1, max_value=MOST_WEIGHT, required=False)
    data_class = serializers.ChoiceField(choices=DataClass.choices, allow_blank=True, required=False)
    safeguard = serializers.CharField(max_length=200, allow_blank=True, required=False)


_PARTS = [(part.value, part.value) for part in Part]


class AppointmentIn(Strict):
    """Who takes or leaves which part: a person by handle or a team by name, one of the two."""

    part = serializers.ChoiceField(choices=_PARTS)
    person = serializers.CharField(max_length=150, required=False)
    team = serializers.CharField(max_length=150, required=False)


class AppointmentOut(serializers.Serializer[Holder]):
    """Someone who owns or operates."""

    part = serializers.ChoiceField(choices=_PARTS)
    kind = serializers.ChoiceField(choices=[("person", "person"), ("team", "team")])
    name = serializers.CharField()
    handle = serializers.CharField(allow_blank=True, help_text="Of a person; empty for a team.")


class CatalogIn(Strict):
    """A catalogue file and how to read it."""

    file = serializers.FileField(max_length=200, help_text=f"At most {MOST_BYTES >> 20} MB.")
    format = serializers.ChoiceField(choices=CatalogFormat.choices)
    rows = serializers.ChoiceField(choices=[(name, name) for name in FIELDS], default="components")
    map = serializers.JSONField(required=False, allow_null=True, help_text="Column map of a CSV, as a JSON object.")
    cluster_map = serializers.JSONField(required=False, allow_null=True, help_text="Name in the file → short name.")
    found_clusters = serializers.BooleanField(default=False)
    refuse_loose = serializers.BooleanField(
        default=False, help_text="Reject dependencies with an end that is not known, instead of keeping loose ends."
    )
    dry_run = serializers.BooleanField(default=True, help_text="Only say what would change; import it later.")


class RejectionOut(serializers.Serializer[Any]):
    """A row that was not taken."""

    file = serializers.CharField()
    row = serializers.IntegerField(help_text="The line it starts on.")
    field = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class CountsOut(serializers.Serializer[Any]):
    """How many rows of one kind are what."""

    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    repeated = serializers.IntegerField()


class CatalogOut(serializers.ModelSerializer[CatalogImport]):
    """An upload: what it would bring, or, once `applied_at` is set, what it brought.

    A large one is compared (`state` reading) and written (waiting, running) by a worker, `done_rows` of `total_rows`.
    """

    uploader = serializers.SlugRelatedField[Any](
        slug_field="handle", read_only=True, allow_null=True, help_text="Null: the house, by the command line."
    )
    clusters = CountsOut(source="counts.cluster")
    components = CountsOut(source="counts.component")
    dependencies = CountsOut(source="counts.dependency")
    loose_ends = CountsOut(source="counts.loose_end")
    placements = CountsOut(source="counts.placement")
    rejections = RejectionOut(many=True)

    class Meta:
        model = CatalogImport
        fields = (
            "id",
            "file_name",
            "format",
            "sha256",
            "uploader",
            "uploaded_at",
            "state",
            "total_rows",
            "done_rows",
            "failure",
            "applied_at",
            "clusters",
            "components",
            "dependencies",
            "loose_ends",
            "placements",
            "rejections",
        )
        read_only_fields = fields
