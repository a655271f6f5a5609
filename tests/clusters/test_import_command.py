"""The command line, and the public records read through it."""

import json
import tarfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.clusters.actions import importing, imports
from apps.clusters.management.commands import import_catalog
from apps.clusters.models import (
    CatalogImport,
    Cluster,
    Component,
    Dependency,
    Lifecycle,
    LooseEnd,
    Placement,
    Tier,
)
from apps.journal.models import Entry
from tests.accounts.conftest import caller
from tests.conftest import signed_in

MAPS = Path(__file__).parent / "maps"


def run(*files, **options):
    """The last lines a person sees, by kind of row: {"component": "136 new, …"}; and what was rejected."""
    out, err = StringIO(), StringIO()
    call_command("import_catalog", *map(str, files), stdout=out, stderr=err, **options)
    counts = dict(line.split(": ", 1) for line in out.getvalue().splitlines()[-6:])
    return counts, err.getvalue().splitlines()


def csv(path, mapped, **options):
    return run(path, format="csv", map=MAPS / f"{mapped}.json", **options)


@pytest.mark.realdata
class TestPublicRecords:
    @pytest.fixture
    def services(self, db, shared_data):
        return shared_data / "wikimedia-service-catalog"

    def test_the_service_catalogue(self, services, capsys):
        counts, rejected = csv(services / "cluster_nodes.csv", "wikimedia-clusters")
        assert (counts["cluster"], rejected) == ("36 new, 0 changed, 0 unchanged, 946 repeated", [])

        counts, rejected = csv(services / "services.csv", "wikimedia-services", found_clusters=True)
        assert (counts["component"], rejected) == ("136 new, 0 changed, 0 unchanged, 0 repeated", [])
        assert Component.objects.filter(tier=Tier.CRITICAL).count() == 7
        assert Component.objects.filter(lifecycle=Lifecycle.EXPERIMENTAL).count() == 7
        assert Component.objects.get(slug="apertium").sites == ["codfw", "eqiad"]
        sites = {site for component in Component.objects.all() for site in component.sites}
        assert len(sites) == 7

        counts, rejected = csv(services / "mesh_listeners.csv", "wikimedia-listeners", found_clusters=True)
        assert counts["component"].startswith("59 new")
        counts, rejected = csv(services / "mesh_listeners.csv", "wikimedia-routes")
        assert (counts["dependency"], rejected) == ("59 new, 0 changed, 0 unchanged, 0 repeated", [])

        counts, rejected = csv(services / "edges.csv", "wikimedia-edges")
        assert (counts["dependency"], rejected) == ("37 new, 0 changed, 0 unchanged, 5 repeated", [])
        edges = f"{counts['dependency']}; loose {counts['loose_end']}; {counts['rejected']} rejected"
        assert counts["loose_end"] == "27 new, 0 changed, 0 unchanged, 15 repeated"
        unknown = LooseEnd.objects.filter(provider_name__startswith="listener:")
        assert (unknown.count(), unknown.values("provider_name").distinct().count()) == (13, 12)

        counts, rejected = csv(services / "cluster_nodes.csv", "wikimedia-placements")
        assert (counts["placement"], rejected) == ("982 new, 0 changed, 0 unchanged, 0 repeated", [])
        alone = [component.sites for component in Component.objects.all() if len(component.sites) == 1]
        assert (alone.count(["eqiad"]), alone.count(["codfw"])) == (20, 3)
        with capsys.disabled():
            print(  # noqa: T201  # the figures the issue asks for
                f"\nservice catalogue: {Component.objects.exclude(cluster__slug='mesh').count()} services in"
                f" {Cluster.objects.exclude(slug='mesh').count()} clusters at {len(sites)} sites, 59 mesh listeners;"
                f" 84 edges: {edges}; {Placement.objects.count()} placements"
            )

    def test_the_service_catalogue_again_changes_nothing(self, services):
        for _ in range(2):
            csv(services / "services.csv", "wikimedia-services", found_clusters=True)
            counts, _ = csv(services / "edges.csv", "wikimedia-edges")
        assert counts["dependency"] == "0 new, 0 changed, 37 unchanged, 5 repeated"
        assert counts["loose_end"] == "0 new, 0 changed, 27 unchanged, 15 repeated"
        assert Component.objects.filter(version=1).count() == 136

    def test_the_service_graphs(self, db, shared_data, capsys):
        graphs = shared_data / "service-graphs"
        counts, rejected = csv(graphs / "nodes.csv", "shop-nodes", found_clusters=True)
        assert counts["component"] == "35 new, 0 changed, 0 unchanged, 0 repeated"
        assert len(rejected) == 2
        assert all("says otherwise of the same name" in line for line in rejected)
        counts, rejected = csv(graphs / "edges.csv", "shop-edges")
        assert (counts["dependency"], rejected) == ("67 new, 0 changed, 0 unchanged, 0 repeated", [])
        with capsys.disabled():
            print(  # noqa: T201  # the figures the issue asks for
                f"\nservice graphs: {Component.objects.count()} components, {Dependency.objects.count()} dependencies"
            )

    def test_the_backstage_demo(self, db, shared_data, capsys):
        archive = shared_data / "standards" / "backstage-demo.tar.gz"
        options = {"format": "backstage", "cluster_map": ["maintainers=demo"], "found_clusters": True}
        counts, rejected = run(archive, **options)
        assert (counts["component"], rejected) == ("2 new, 0 changed, 0 unchanged, 0 repeated", [])
        edge = Dependency.objects.get()
        assert (edge.consumer.slug, edge.kind, edge.provider.slug) == ("backstage-demo", "calls", "api:demo-graphql")
        counts, _ = run(archive, **options)
        assert counts["component"] == "0 new, 0 changed, 2 unchanged, 0 repeated"
        with capsys.disabled():
            print(f"\nbackstage demo: {Component.objects.count()} components, {Dependency.objects.count()} dependency")  # noqa: T201

    def test_the_other_entities_of_the_backstage_demo(self, db, shared_data, tmp_path):
        with tarfile.open(shared_data / "standards" / "backstage-demo.tar.gz") as archive:
            found = [tmp_path / name for name in ("mcp-server-api.yaml", "ai-resources.yaml")]
            for path in found:
                (name,) = [one for one in archive.getnames() if one.endswith(f"examples/{path.name}")]
                member = archive.extractfile(name)
                assert member is not None
                path.write_bytes(member.read())
        counts, rejected = run(*found, format="backstage", cluster_map=["*=demo"], found_clusters=True)
        assert counts["component"].startswith("1 new")
        assert len(rejected) == 6
        assert all("kind “AiResource”: This kind is not imported" in line for line in rejected)


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path):
        path = tmp_path / "shop.csv"
        path.write_text("slug,cluster,description\ngate,payments,=1+1\ngate two,=cmd,x\n")
        return path

    def test_a_dry_run_shows_what_would_change_and_writes_nothing(self, payments, file, capsys):
        call_command("import_catalog", str(file), format="csv", dry_run=True)
        assert "new       component  payments / gate" in capsys.readouterr().out
        assert not Component.objects.exists()

    def test_rejected_rows_go_to_a_file_that_a_spreadsheet_may_open(self, payments, file, tmp_path):
        rejects = tmp_path / "rejects.csv"
        counts, _ = run(file, format="csv", rejects=rejects)
        assert counts["rejected"] == "1 rows"
        assert "shop.csv,3,cluster,'=cmd,There is no such cluster" in rejects.read_text().replace('"', "")
        assert Component.objects.get().description == "=1+1"

    def test_it_runs_as_a_person_within_their_rights(self, ada, admin, payments, file):
        with pytest.raises(CommandError, match="You may not import"):
            run(file, format="csv", **{"as": "ada"})
        with pytest.raises(CommandError, match="nobody called ghost"):
            run(file, format="csv", **{"as": "ghost"})

    def test_a_folder_is_read_from_its_entries_and_links_are_not_followed(self, payments, tmp_path):
        folder = tmp_path / "repo"
        folder.mkdir()
        entity = (
            '{"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": "NAME"},'
            ' "spec": {"type": "x", "lifecycle": "production", "owner": "a"}}'
        )
        (folder / "catalog-info.yaml").write_text(entity.replace("NAME", "gate"))
        (folder / "values.yaml").write_text("{{ not yaml")
        outside = tmp_path / "outside.yaml"
        outside.write_text(entity.replace("NAME", "outside"))
        (folder / "sub").mkdir()
        (folder / "sub" / "catalog-info.yaml").symlink_to(outside)
        mapped = tmp_path / "clusters.json"
        mapped.write_text(json.dumps({"*": "payments"}))
        _, rejected = run(folder, format="backstage", cluster_map=[str(mapped)])
        assert rejected == []
        assert [component.slug for component in Component.objects.all()] == ["gate"]

    @pytest.mark.parametrize("said", [".", "..", "../repo", "../repo/"])
    def test_the_folder_one_stands_in_is_a_folder_like_others(self, payments, tmp_path, monkeypatch, said):
        folder = tmp_path / "repo"
        (folder / "in").mkdir(parents=True)
        entity = (
            '{"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": "gate"},'
            ' "spec": {"type": "x", "lifecycle": "production", "owner": "a"}}'
        )
        (folder / "catalog-info.yaml").write_text(entity)
        (folder / "in" / "12:30.yaml").write_text("other: file")
        monkeypatch.chdir(folder / "in" if said == ".." else folder)
        assert run(Path(said), format="backstage", cluster_map=["*=payments"])[1] == []
        assert Component.objects.get().slug == "gate"

    @pytest.mark.parametrize("kind", ["csv", "backstage", "kubernetes"])
    def test_a_folder_in_which_nothing_is_read_is_said(self, db, tmp_path, kind):
        (tmp_path / "notes.txt").write_text("slug,cluster\n")
        with pytest.raises(CommandError, match="There is no file in"):
            run(tmp_path, format=kind)

    def test_files_may_be_called_what_no_archive_would_take(self, payments, tmp_path):
        paths = [tmp_path / "12:30.csv", tmp_path / "a\\b.csv"]
        for number, path in enumerate(paths):
            path.write_text(f"slug,cluster\nc{number},payments\n")
        assert run(*paths, format="csv")[0]["component"].startswith("2 new")

    def test_one_of_several_that_is_missing_is_named_and_nothing_is_written(self, payments, file, tmp_path):
        file.write_text("slug,cluster\na,payments\n")
        with pytest.raises(CommandError, match=r"missing\.csv"):
            run(file, tmp_path / "missing.csv", format="csv")
        assert not Component.objects.exists()

    def test_it_is_written_in_parcels_and_kept_like_an_upload(self, admin, payments, file, monkeypatch):
        monkeypatch.setattr(imports, "PARCEL_ROWS", 5)
        file.write_text("slug,cluster\n" + "".join(f"c{n},payments\n" for n in range(12)))
        counts, _ = run(file, format="csv")
        kept = CatalogImport.objects.get()
        assert counts["component"] == "12 new, 0 changed, 0 unchanged, 0 repeated"
        assert (kept.state, kept.done_rows, kept.uploader, kept.content) == ("done", 12, None, None)
        assert Entry.objects.filter(event="clusters.CatalogImported").count() == 3
        assert "the house" in signed_in(admin).get("/clusters/import/").content.decode()
        (told,) = caller(admin).get("/api/v1/catalog-imports/").json()["results"]
        assert (told["uploader"], told["done_rows"]) == (None, 12)

    def test_broken_off_it_goes_on_where_it_stood_with_what_was_rejected_before(self, payments, file, monkeypatch):
        monkeypatch.setattr(imports, "PARCEL_ROWS", 5)
        lines = [f"c{n},payments\n" for n in range(12)]
        file.write_text("slug,cluster\nc0,nowhere\n" + "".join(lines) + "c0,payments\n")
        parcel, written = imports.import_parcel, []

        def stop(**given):
            if written:
                raise KeyboardInterrupt
            written.append(parcel(**given))
            return written[-1]

        monkeypatch.setattr(imports, "import_parcel", stop)
        with pytest.raises(KeyboardInterrupt):
            run(file, format="csv")
        assert (CatalogImport.objects.get().state, Component.objects.count()) == ("running", 4)
        monkeypatch.setattr(imports, "import_parcel", parcel)
        counts, rejected = run(file, format="csv")
        assert counts["component"] == "12 new, 0 changed, 0 unchanged, 1 repeated"
        assert ["no such cluster" in line for line in rejected] == [True]
        assert CatalogImport.objects.get().done_rows == 14
        counts, _ = run(file, format="csv")
        assert counts["component"].startswith("0 new, 0 changed, 12 unchanged"), "that was another import"
        assert CatalogImport.objects.count() == 2

    def test_one_that_a_worker_has_taken_up_ends_with_both(self, payments, file, monkeypatch):
        monkeypatch.setattr(imports, "PARCEL_ROWS", 1)
        monkeypatch.setattr(import_catalog, "_TURN_S", 0.0)
        file.write_text("slug,cluster\na,payments\nb,payments\nc,payments\n")
        begin = import_catalog.begin_import

        def beside(**given):
            begun = begin(**given)
            imports.work_off(import_id=begun[0].pk, until=timezone.now())  # a worker, one parcel
            return begun

        monkeypatch.setattr(import_catalog, "begin_import", beside)
        counts, _ = run(file, format="csv")
        assert counts["component"].startswith("3 new")

    def test_one_that_is_cancelled_meanwhile_says_so(self, admin, payments, file, monkeypatch):
        monkeypatch.setattr(import_catalog, "_TURN_S", 0.0)
        begin = import_catalog.begin_import

        def beside(**given):
            begun = begin(**given)
            imports.cancel_import(import_id=begun[0].pk, person=admin, at=timezone.now())
            return begun

        monkeypatch.setattr(import_catalog, "begin_import", beside)
        with pytest.raises(CommandError, match="cancelled after 0 rows"):
            run(file, format="csv")
        assert not Component.objects.exists()

    @pytest.mark.parametrize("times", [1, 9])
    def test_names_that_others_take_meanwhile_are_tried_once_more_and_then_fail(
        self, payments, file, monkeypatch, times
    ):
        file.write_text("slug,cluster\na,payments\n")
        plan, left = importing.queries.plan_import, [True] * times

        def beside(catalog, **given):
            planned = plan(catalog, **given)
            if left and left.pop():
                Component.objects.create(cluster=payments, slug="a", name="of another")
            return planned

        monkeypatch.setattr(importing.queries, "plan_import", beside)
        if times == 1:
            assert run(file, format="csv")[0]["component"].startswith("1 new")
        else:
            with pytest.raises(CommandError, match="already has a component of that name"):
                run(file, format="csv")
            assert CatalogImport.objects.get().state == "failed"
            assert len(left) == times - 2

    def test_several_files_are_one_catalogue(self, payments, tmp_path):
        one, other = tmp_path / "x.csv", tmp_path / "two" / "x.csv"
        other.parent.mkdir()
        one.write_text("slug,cluster\na,payments\nb,payments\n")
        other.write_text("slug,cluster\nb,payments\nc,payments\n")
        counts, rejected = run(one, other, format="csv")
        assert (counts["component"], rejected) == ("3 new, 0 changed, 0 unchanged, 1 repeated", [])
        counts, _ = run(one, other, format="csv", dry_run=True)
        assert counts["component"] == "0 new, 0 changed, 3 unchanged, 1 repeated"

    def test_several_files_are_bounded_together(self, payments, tmp_path):
        for name in ("a.csv", "b.csv"):
            with (tmp_path / name).open("wb") as big:
                big.truncate(20 * 1024 * 1024)
        with pytest.raises(CommandError, match="over 32 MB together"):
            run(tmp_path / "a.csv", tmp_path / "b.csv", format="csv")

    @pytest.mark.parametrize("name", ["missing.csv", "big.csv"])
    def test_a_file_that_cannot_be_read_is_named(self, db, tmp_path, name):
        with (tmp_path / "big.csv").open("wb") as big:
            big.truncate(33 * 1024 * 1024)
        with pytest.raises(CommandError, match=name):
            run(tmp_path / name, format="csv")
