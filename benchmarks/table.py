"""Prints what was measured. Milliseconds are of this machine at this hour; the ratios are what to compare."""

from collections.abc import Sequence

from benchmarks.catalogue import AIM_S as AIM_IMPORT_S
from benchmarks.catalogue import Took
from benchmarks.conflicts import Compared
from benchmarks.conventions import Scanned
from benchmarks.imports import Speeds
from benchmarks.map import AIM as AIM_MAP
from benchmarks.map import COMPONENTS, EDGES, Beside
from benchmarks.measure import Result, Times
from benchmarks.pages import AIM_CONFLICTS, AIM_GROWTH, AIM_ROOM_MS, AIM_VOTE, MOST_QUERIES
from benchmarks.patterns import AIM_ADVICE_MS, AIM_REOPEN, AIM_REOPEN_S, Ranked, Reopened
from benchmarks.replays import AIM_S, CHANGES, Speed
from benchmarks.room import Spread
from benchmarks.search import AIM as AIM_SEARCH
from benchmarks.search import AIM_MS as AIM_SEARCH_MS
from benchmarks.search import ENTRIES
from benchmarks.search import Found as Asked
from benchmarks.silos import Assessed

HALF, MOST = 0.5, 0.95


def pages(results: Sequence[Result], size: int, *, what: str = "changes") -> None:
    """One line a page: its times, the floor's behind the same door, and the ratios to that and to the bare floor."""
    head = f"{size:,} {what}"
    print(f"\n{head:<19} page p50   p95 ms   floor p50   p95 ms   ratio p50   p95    aim   bare p50  queries")
    for one in results:
        page, floor = one.times, one.floor
        ratio = page.at(HALF) / floor.at(HALF)
        print(
            f"{one.page.name:<16} {page.at(HALF):>10.1f} {page.at(MOST):>8.1f} {floor.at(HALF):>11.1f} "
            f"{floor.at(MOST):>8.1f} {ratio:>11.2f} {page.at(MOST) / floor.at(MOST):>5.2f} {one.page.aim:>6.1f} "
            f"{one.bare.at(HALF):>10.2f} {one.queries:>8}"
            f"{_said(over=ratio > one.page.aim)}{_said(over=one.queries > MOST_QUERIES, what='queries')}"
        )


def growth(small: Sequence[Result], large: Sequence[Result]) -> None:
    """How much slower each page is on the larger table."""
    print(f"\nGrowth of p50 (aim {AIM_GROWTH})")
    for before, after in zip(small, large, strict=True):
        ratio = after.times.at(HALF) / before.times.at(HALF)
        print(f"{before.page.name:<16} {ratio:>6.2f}{_said(over=ratio > AIM_GROWTH)}")


def votes(action: Times, raw: Times) -> None:
    """The vote beside one raw transaction."""
    ratio = action.at(HALF) / raw.at(HALF)
    print(
        f"\nA vote: p50 {action.at(HALF):.1f} ms, p95 {action.at(MOST):.1f} ms; "
        f"one raw transaction: p50 {raw.at(HALF):.1f} ms, p95 {raw.at(MOST):.1f} ms; "
        f"ratio {ratio:.2f} (aim {AIM_VOTE}){_said(over=ratio > AIM_VOTE)}"
    )


def imports(found: Speeds) -> None:
    """An import beside the bare parser and beside COPY; the ratios say how many times longer a row takes."""
    print(
        f"\nAn import: {found.imported:,.0f} new rows a second, {found.again:,.0f} unchanged; bare parser "
        f"{found.parsed:,.0f} (ratio {found.parsed / found.imported:.0f}); parser and COPY of the cells "
        f"{found.copied:,.0f} (ratio {found.copied / found.imported:.1f})"
    )


def conflicts(found: Compared) -> None:
    """Finding the conflicts of one change beside the bare query for what is planned over its window."""
    ratios = [found.whole.at(share) / found.bare.at(share) for share in (HALF, MOST)]
    print(
        f"\nConflicts of one change, {found.planned:,} planned: p50 {found.whole.at(HALF):.1f} ms, "
        f"p95 {found.whole.at(MOST):.1f}; bare indexed query p50 {found.bare.at(HALF):.2f}, p95 "
        f"{found.bare.at(MOST):.2f}; ratio {ratios[0]:.1f} and {ratios[1]:.1f} (aim {AIM_CONFLICTS:.0f})"
        f"{_said(over=ratios[0] > AIM_CONFLICTS)}; {found.near:.0f} changes near, {found.found:.1f} conflicts, "
        f"{found.queries} queries"
    )


def replays(found: Speed) -> None:
    """The replay of a policy beside one statement of the database that decides and writes the same."""
    for_aim = found.seconds / found.changes * CHANGES
    print(
        f"\nA replay of a policy: {found.changes:,} changes in {found.seconds:.1f} s ({found.ours:.1f} s of our own "
        f"processor time), {for_aim:.1f} s for {CHANGES:,} (aim {AIM_S:.0f}){_said(over=for_aim > AIM_S)}; one "
        f"statement of SQL {found.floor:.2f} s, ratio {found.seconds / found.floor:.1f}"
    )
    asked = found.with_expressions
    print(
        f"With two expressions in CEL: {asked.seconds:.1f} s (aim {AIM_S:.0f}){_said(over=asked.seconds > AIM_S)}; "
        f"{asked.ours:.1f} s of our own processor time, {asked.children:.1f} s of the bounded children's"
    )


def room(found: Spread) -> None:
    """How long acts in the room took to each of its screens."""
    half, most, slowest = (found.times.at(share) for share in (HALF, MOST, 1.0))
    print(
        f"\nThe room: {found.acts} entries to {found.screens} screens, {found.edits_a_second:.1f} changes a second"
        f" edited beside: p50 {half:.0f} ms, p95 {most:.0f} (aim {AIM_ROOM_MS}){_said(over=most > AIM_ROOM_MS)},"
        f" slowest {slowest:.0f}; {found.missed} missed; load {found.load[0]:.1f} before, {found.load[1]:.1f} after"
    )


def graph(found: Sequence[Beside]) -> None:
    """The map's walks and the boundary lens beside the bare graph library."""
    print(f"\nThe map, {COMPONENTS:,} components and {EDGES:,} dependencies, beside networkx (aim {AIM_MAP})")
    for one in found:
        print(
            f"{one.name:<60} {one.ours_ms:>9.1f} ms {one.bare_ms:>9.1f} ms, ratio {one.ratio:>5.2f}"
            f"{_said(over=one.ratio > AIM_MAP)}"
        )


def search(found: Sequence[Asked]) -> None:
    """Each question beside its bare statement; then all of them."""
    print(f"\nThe search, {ENTRIES:,} entries, beside its statement by the bare driver (aim {AIM_SEARCH})")
    for one in found:
        ours, page, bare = (times.at(HALF) for times in (one.ours, one.page, one.bare))
        print(
            f"{one.words:<20} {one.count:>6} found {ours:>7.1f} ms, page {page:>7.1f}, bare {bare:>7.1f}, "
            f"ratio {ours / bare:>5.2f}"
        )
    ours, page, bare = (
        Times(tuple(t for one in found for t in getattr(one, name).taken)) for name in ("ours", "page", "bare")
    )
    ratio = ours.at(HALF) / bare.at(HALF)
    print(
        f"All: p50 {ours.at(HALF):.1f} ms, p95 {ours.at(MOST):.1f} (aim {AIM_SEARCH_MS})"
        f"{_said(over=ours.at(MOST) > AIM_SEARCH_MS)}; page p95 {page.at(MOST):.1f}; bare p50 {bare.at(HALF):.1f}, p95 "
        f"{bare.at(MOST):.1f}; ratio {ratio:.2f}{_said(over=ratio > AIM_SEARCH)}"
    )


def catalogue(took: Took) -> None:
    """Seconds of each part of a large import, beside reading its file alone."""
    whole = took.accepted + took.compared + took.written
    print(
        f"\nA catalogue of {took.components:,} components and {took.dependencies:,} dependencies "
        f"(aim {AIM_IMPORT_S} s)\n"
        f"accepted in {took.accepted:.1f} s, compared in {took.compared:.1f} s, written in {took.written:.1f} s: "
        f"{whole:.0f} s{_said(over=whole > AIM_IMPORT_S)}; written again {took.again:.1f} s; "
        f"its file alone is read in {took.read:.1f} s, ratio {whole / took.read:.1f}"
    )


def silos(took: Assessed) -> None:
    """Seconds of an assessment, beside the library's own matrix of who depends on whom."""
    print(
        f"\nSilos of {took.clusters} clusters, {COMPONENTS:,} components and {EDGES:,} dependencies: read in "
        f"{took.read:.2f} s, {took.pairs:,} pairs judged in {took.judged:.2f} s; asked for in {took.asked:.2f} s, "
        f"and the worker's job, with all of it kept, in {took.whole:.2f} s; "
        f"the graph library counts the same in {took.bare:.2f} s, ratio {took.judged / took.bare:.2f}"
    )


def patterns(ranked: Ranked, reopened: Reopened) -> None:
    """The advice on each of many integrations beside numpy, and an edit that reopens all decisions beside SQL."""
    each, ratio = ranked.ours / ranked.number * 1000, reopened.ours / reopened.bare
    print(
        f"\nThe decision aid: {ranked.number:,} integrations judged, ranked and swayed in {ranked.ours:.1f} s "
        f"({ranked.processor:.1f} s of our own processor time), {each:.2f} ms each (aim {AIM_ADVICE_MS:.0f})"
        f"{_said(over=each > AIM_ADVICE_MS)}; ranked by numpy {ranked.bare:.2f} s, ratio "
        f"{ranked.ours / ranked.bare:.0f}; {ranked.close:,} close calls; the check of patterns over twice as many "
        f"{ranked.check:.1f} s"
    )
    print(
        f"An offer with {reopened.number:,} decided users changes: all reopened and told in {reopened.ours:.1f} s "
        f"({reopened.processor:.1f} s of our own processor time; aim {AIM_REOPEN_S:.0f})"
        f"{_said(over=reopened.ours > AIM_REOPEN_S)}, {reopened.queries} statements; one statement of SQL "
        f"{reopened.bare:.2f} s, ratio {ratio:.1f} (aim {AIM_REOPEN:.0f}){_said(over=ratio > AIM_REOPEN)}"
    )


def conventions(took: Scanned) -> None:
    """Seconds of a scan by conventions, beside reading and matching alone."""
    print(
        f"\nConventions on {took.components:,} components: first scan {took.first:.1f} s ({took.findings:,} findings), "
        f"again {took.again:.1f} s, all names compared {took.names:.1f} s; reading and matching alone "
        f"{took.bare:.1f} s, ratio {took.again / took.bare:.1f}"
    )


def _said(*, over: bool, what: str = "aim") -> str:
    return f"  over {what}" if over else ""
