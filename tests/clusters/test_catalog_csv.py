"""CSV catalogues and their column maps, the hostile ones included. No database."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.clusters.formats import catalog_csv
from apps.clusters.formats.catalog import MOST_BYTES, MOST_ROWS, cluster_slug, printable
from apps.clusters.formats.catalog_csv import generic_map, read_map
from apps.kernel.refusals import Invalid, Refusal, TooLarge
from apps.kernel.sheets import safe_cell


def parse(text, rows="components", columns=None, cluster_map=None):
    content = text if isinstance(text, bytes) else text.encode()
    return catalog_csv.parse(content, file="f.csv", columns=columns or generic_map(rows), cluster_map=cluster_map)


def refused(text, rows="components", columns=None):
    """The one rejection of the text, as (line, field, value, reason)."""
    catalog = parse(text, rows, columns)
    (rejection,) = catalog.rejections
    return rejection.row, rejection.field, rejection.value, rejection.reason


def test_generic_columns_are_named_as_our_fields_and_need_not_all_be_there():
    (row,) = parse("slug,cluster,tier,sites\ngate,payments,1,fra; ams ;fra\n").components
    assert (row.slug, row.cluster, row.tier, row.sites) == ("gate", "payments", 1, ("fra", "ams"))
    assert (row.name, row.lifecycle, row.description) == (None, None, None)


def test_a_map_renames_translates_prefixes_and_fixes():
    columns = read_map(
        {
            "rows": "components",
            "delimiter": ";",
            "columns": {
                "slug": {"column": "svc", "prefix": "svc:"},
                "cluster": {"column": "grp", "default": "rest"},
                "tier": {"column": "page", "values": {"yes": "0"}, "default": "3"},
                "kind": {"fixed": "daemon"},
                "tags": {"column": "labels", "split": "|"},
            },
        }
    )
    one, two = parse("svc;grp;page;labels\na;x;yes;l1|l2\nb;;no;\n", columns=columns).components
    assert (one.slug, one.cluster, one.tier, one.kind, one.tags) == ("svc:a", "x", 0, "daemon", ("l1", "l2"))
    assert (two.slug, two.cluster, two.tier, two.tags) == ("svc:b", "rest", 3, None)


def test_the_cluster_map_translates_and_its_star_takes_the_rest():
    catalog = parse("slug,cluster\na,Pay\nb,\nc,other\n", cluster_map={"Pay": "payments", "*": "rest"})
    assert [row.cluster for row in catalog.components] == ["payments", "rest", "other"]
    assert cluster_slug([], {"team-a": "a"}, aliases=["team-a"]) == "a"
    assert cluster_slug([], {}, aliases=["team-a"]) == ""


def test_a_byte_order_mark_and_quoted_newlines_are_read_and_lines_counted():
    catalog = parse(b'\xef\xbb\xbfslug,description\na,"two\nlines"\n,\n')
    assert catalog.components[0].description == "two\nlines"
    assert [rejection.row for rejection in catalog.rejections] == [4]


def test_a_value_that_the_map_does_not_know_is_refused_by_name():
    columns = read_map(
        {"rows": "components", "columns": {"slug": "s", "tier": {"column": "p", "values": {"yes": "0"}}}}
    )
    assert refused("s,p\na,maybe\n", columns=columns) == (2, "p", "maybe", "The map knows only yes.")


@pytest.mark.parametrize(
    ("text", "field", "value", "words"),
    [
        ("slug,name\na\n", "", "a", "1 cells, the header 2"),
        ("slug,name\na,b,c\n", "", "a,b,c", "3 cells"),
        ("slug,tier\na,7\n", "tier", "7", "from 0"),
        ("slug,tier\na,high\n", "tier", "high", "from 0"),
        ("slug,lifecycle\na,asleep\n", "lifecycle", "asleep", "experimental"),
        ("slug,name\n,b\n", "slug", "", "the row needs it"),
        (f"slug,name\na,{'x' * 201}\n", "name", "x" * 201, "at most 200"),
        (f"slug,tags\na,{'x' * 64}\n", "tags", "x" * 64, "at most 63"),
        (f"slug,sites\na,{';'.join(map(str, range(101)))}\n", "sites", "101 items", "At most 100"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_line_field_and_value(text, field, value, words):
    row, said_field, said_value, reason = refused(text)
    assert (row, said_field, said_value) == (2, field, value)
    assert words in reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"slug\n\xff\n", "byte 6 cannot be read"),
        ("slug\nä\n".encode("utf-16"), "not UTF-8"),
        ("slug\na\n".encode("utf-16-le"), "NUL"),
        (b"", "is empty"),
        (b"name\na\n", "no column called slug"),
        (b"slug,slug\na,b\n", "two columns"),
        (b'slug\n"open\n', "cannot be read from line 2"),
        (b"slug\n" + b"x" * 200_000 + b"\n", "cannot be read from line 2"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_as_a_whole(content, words):
    with pytest.raises(Invalid, match=words):
        parse(content)


def test_too_much_is_refused():
    with pytest.raises(TooLarge, match="32 MB"):
        parse(b"slug\n" + b"x" * MOST_BYTES)
    with pytest.raises(TooLarge, match="rows"):
        parse("slug\n" + "a\n" * (MOST_ROWS + 1))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"rows": "people", "columns": {}},
        {"rows": "components", "columns": {}},
        {"rows": "components", "columns": {"slug": "a", "colour": "b"}},
        {"rows": "components", "columns": {"slug": 7}},
        {"rows": "components", "columns": {"slug": {"column": "a", "lambda": "x"}}},
        {"rows": "components", "columns": {"slug": {"default": "x"}}},
        {"rows": "components", "columns": {"slug": {"column": "a", "values": {"a": 1}}}},
        {"rows": "components", "columns": {"slug": "a"}, "delimiter": "::"},
        {"rows": "components", "columns": {"slug": "a"}, "more": 1},
    ],
)
def test_a_map_that_does_not_fit_is_refused(data):
    with pytest.raises(Invalid, match="column map does not fit"):
        read_map(data)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_stays_text_on_the_way_in_and_is_disarmed_on_the_way_out(cell):
    out = io.StringIO()
    csv.writer(out).writerows([["slug", "description"], ["a", f"{cell}x"]])
    (row,) = parse(out.getvalue()).components
    assert row.description == f"{cell}x".strip()
    assert safe_cell(cell) == f"'{cell}"
    assert safe_cell("plain") == "plain"


def test_a_refused_value_can_always_be_stored():
    assert printable("a\x00b\ud800") == "a␀b?"
    assert len(printable("x" * 10_000)) == 300


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content):
    try:
        catalog = catalog_csv.parse(b"slug,name\n" + content, file="f.csv", columns=generic_map("components"))
    except Refusal:
        return
    for row in catalog.components:
        row.slug.encode()
