"""Backstage catalogues, the hostile ones included. No database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.clusters.formats import backstage
from apps.clusters.formats.catalog import MOST_BYTES
from apps.kernel.refusals import Invalid, Refusal, TooLarge

COMPONENT = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: {name}
spec:
  type: service
  lifecycle: production
  owner: team-a
{more}"""


def component(name="gate", more=""):
    return COMPONENT.format(name=name, more="".join(f"  {line}\n" for line in more.splitlines()))


def entity(kind, metadata, spec):
    head = f"apiVersion: backstage.io/v1alpha1, kind: {kind}"
    return f"\n---\n{{{head}, metadata: {{{metadata}}}, spec: {{{spec}}}}}\n"


def parse(text, **rest):
    content = text if isinstance(text, bytes) else text.encode()
    return backstage.parse({"catalog-info.yaml": content, **rest})


def refused(text):
    """The one rejection of the text, as (line, field, value, reason)."""
    (rejection,) = parse(text).rejections
    return rejection.row, rejection.field, rejection.value, rejection.reason


class TestWhatEntitiesBecome:
    def test_a_component(self):
        (row,) = parse(component(more="system: shop")).components
        assert (row.slug, row.kind, row.lifecycle, row.owner_name, row.cluster) == (
            "gate",
            "service",
            "production",
            "team-a",
            "shop",
        )

    def test_the_domain_of_its_system_is_the_cluster(self):
        text = (
            component(more="system: shop")
            + entity("System", "name: shop", "owner: a, domain: trade")
            + entity("Domain", "name: trade, title: Trade", "owner: a").replace("v1alpha1", "v1beta1")
        )
        catalog = parse(text)
        assert [(row.slug, row.name) for row in catalog.clusters] == [("trade", "Trade")]
        assert catalog.components[0].cluster == "trade"

    def test_the_cluster_map_knows_systems_owners_and_namespaces(self):
        files = {"c.yaml": component().encode()}
        for name in ("team-a", "default", "*"):
            (row,) = backstage.parse(files, cluster_map={name: "payments"}).components
            assert row.cluster == "payments"

    def test_relations_become_dependencies_with_the_defaults_of_references(self):
        more = "dependsOn: ['resource:db', gate2, 'component:other/x']\nconsumesApis: [orders]\nprovidesApis: [pay]"
        found = [(row.consumer, row.kind, row.provider) for row in parse(component(more=more)).dependencies]
        assert found == [
            ("gate", "uses", "resource:db"),
            ("gate", "uses", "gate2"),
            ("gate", "uses", "other/x"),
            ("gate", "calls", "api:orders"),
            ("api:pay", "is provided by", "gate"),
        ]

    def test_a_groups_title_is_shown_for_its_reference(self):
        group = entity("Group", "name: Team-A", "type: team, children: [], profile: {displayName: The A team}")
        assert parse(component() + group).components[0].owner_name == "The A team"

    def test_an_api_needs_a_definition_or_remotes(self):
        head = entity("API", "name: x", "type: openapi, lifecycle: production, owner: a%s")
        assert refused(head % "")[1] == "spec.definition"
        for more in (", definition: {$text: ./x.yaml}", ", definition: 'openapi: 3.1'", ", remotes: [{url: x}]"):
            assert parse(head % more).components[0].slug == "api:x"

    def test_locations_lead_to_files_of_the_same_upload_only(self):
        location = (
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\n"
            "spec: {targets: [./parts/*.yaml, ../up.yaml, /etc/passwd,"
            " 'https://example.org/x.yaml', ./none.yaml, ./catalog-info.yaml]}\n"
        )
        parts = {f"parts/{name}.yaml": component(name).encode() for name in ("a", "b")}
        catalog = parse(location, **parts, **{"other.yaml": component("unseen").encode()})
        assert [row.slug for row in catalog.components] == ["a", "b"]
        assert [(r.value, r.reason.split(",")[0]) for r in catalog.rejections] == [
            ("../up.yaml", "The target leaves the upload."),
            ("/etc/passwd", "The target leaves the upload."),
            ("https://example.org/x.yaml", "We follow only files of the same upload"),
            ("./none.yaml", "There is no such file in the upload."),
            ("catalog-info.yaml", "No file lies above itself"),
        ]

    def test_locations_of_a_few_kilobytes_do_not_keep_one_busy_for_minutes(self, monkeypatch):
        files = {f"f{number}.yaml": b"" for number in range(300)}
        same = ", ".join(["'f*'"] * 20_000)
        assert parse(entity("Location", "name: all", f"targets: [{same}]"), **files).rejections == []
        many = ", ".join(f"'f{'*' * number}'" for number in range(1, 502))
        with pytest.raises(TooLarge, match="more than 500 patterns of files"):
            parse(entity("Location", "name: all", f"targets: [{many}]"), **files)
        monkeypatch.setattr(backstage, "MOST_ROWS", 599)
        with pytest.raises(TooLarge, match="more than 599 files"):
            parse(entity("Location", "name: all", "targets: ['f*', 'f**']"), **files)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            ("backstage.io/v1alpha1", "backstage.io/v9", "apiVersion"),
            ("backstage.io/v1alpha1", "7", "apiVersion"),
            ("kind: Component", "kind: Starship", "kind"),
            ("kind: Component", "kind: User", "kind"),
            ("name: gate", "name: two words", "metadata.name"),
            ("name: gate", "name: 2024-01-01", "metadata.name"),
            ("name: gate", f"name: {'x' * 64}", "metadata.name"),
            ("name: gate", "name: gate\n  namespace: a/b", "metadata.namespace"),
            ("name: gate", "name: gate\n  tags: [Loud]", "metadata.tags"),
            ("name: gate", "name: gate\n  tags: loud", "metadata.tags"),
            ("name: gate", "name: gate\n  labels: {a: 1}", "metadata.labels"),
            ("name: gate", "name: gate\n  description: [1]", "metadata.description"),
            ("  owner: team-a", "", "spec.owner"),
            ("type: service", "type: 7", "spec.type"),
            ("lifecycle: production", "lifecycle: eternal", "spec.lifecycle"),
            ("owner: team-a", "owner: team-a\n  dependsOn: x", "spec.dependsOn"),
            ("owner: team-a", "owner: team-a\n  dependsOn: ['a:b:c']", "spec.dependsOn"),
        ],
    )
    def test_an_entity_out_of_shape_is_refused_by_field(self, old, new, field):
        line, said, _, reason = refused(component().replace(old, new))
        assert (line, said) == (2, field)
        assert reason.endswith(".")

    def test_a_second_entity_of_the_same_name_names_the_first(self):
        line, field, value, reason = refused(component() + "---" + component("GATE"))
        assert (line, field, value) == (11, "metadata.name", "GATE")
        assert "catalog-info.yaml, line 2" in reason

    def test_documents_that_are_no_entities_are_refused_and_the_rest_is_read(self):
        catalog = parse(component() + "---\n- a\n---\njust text\n---\n---\n" + component("other"))
        assert [row.slug for row in catalog.components] == ["gate", "other"]
        assert len(catalog.rejections) == 2

    def test_aliases_are_refused_before_anything_is_built(self):
        laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)
        )
        assert "alias" in refused(laughs)[3]
        assert refused(laughs)[0] == 2

    def test_depth_and_number_of_values_are_bounded(self):
        assert "deeper than 20" in refused("a: " + "[" * 5000 + "]" * 5000)[3]
        assert "values" in refused("[" + "x," * 200_001 + "]")[3]

    @pytest.mark.parametrize(
        "text",
        [
            "a: [",
            "a: b: c",
            "\t- x",
            "!!python/object/apply:os.system ['true']",
            "a: !!timestamp x",
            "a: !!bool x",
            "? [a]\n: b",
            "n: " + "9" * 5000,
            "a: 2024-99-99",
            "%YAML 9.9\n---\na",
            'a: "\\x"',
            "a: \x07",
            "{? {a: b} : c}",
        ],
    )
    def test_broken_yaml_is_refused_with_its_file(self, text):
        catalog = parse(text)
        assert catalog.components == []
        assert {rejection.file for rejection in catalog.rejections} == {"catalog-info.yaml"}

    def test_a_field_that_stands_twice_is_refused(self):
        assert "stands twice" in refused(component() + "  owner: team-b\n")[3]

    def test_other_encodings_are_refused(self):
        assert "not UTF-8" in refused(component("ä").encode("latin-1"))[3]

    def test_text_that_cannot_be_stored_is_refused(self):
        for escape in ("\\0", "\\ud800"):
            catalog = parse(component().replace("name: gate", f'name: gate\n  description: "{escape}"'))
            assert (catalog.components, len(catalog.rejections)) == ([], 1)

    def test_too_much_is_refused(self):
        with pytest.raises(TooLarge):
            parse(b"#" * (MOST_BYTES + 1))

    def test_an_archive_without_an_entry_is_refused(self):
        with pytest.raises(Invalid, match=r"no catalog-info\.yaml"):
            backstage.parse({"a.yaml": b"", "b.yaml": b""})

    @given(st.text(max_size=200))
    def test_any_text_is_read_or_refused(self, text):
        try:
            parse(text.encode(errors="replace"))
        except Refusal:
            return


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("x", ("component", "default", "x")),
        ("API:x", ("api", "default", "x")),
        ("Other/X", ("component", "other", "x")),
        ("resource:ns/db", ("resource", "ns", "db")),
        ("a:b:c", None),
        ("a/b/c", None),
        ("", None),
    ],
)
def test_references(text, key):
    found = backstage.reference(text, kind="component")
    assert (found and found.key()) == key
