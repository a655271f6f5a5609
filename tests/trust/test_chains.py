from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.trust.rules.chains import Link, chain, why_none

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BOTH = frozenset({"sub", "email"})


def link(pk, source, target, *, claims=BOTH, steps=9, ends=None):
    return Link(pk, source, target, frozenset(claims), most_steps=steps, ends_at=ends)


def found(links, source=1, target=3, claims=BOTH):
    return chain(links, source=source, target=target, claims=claims, at=AT)


def test_within_a_domain_everything_survives_and_nothing_is_exchanged():
    assert (found([], target=1).length, found([], target=1).claims) == (0, BOTH)


def test_the_shortest_way_counts_even_where_less_survives_it():
    links = [link(1, 1, 2), link(2, 2, 3), link(3, 1, 3, claims={"sub"})]
    assert (found(links).length, found(links).claims) == (1, {"sub"})


def test_of_two_as_short_the_one_that_most_survive_is_taken():
    links = [link(1, 1, 2, claims={"sub"}), link(2, 2, 3), link(3, 1, 4), link(4, 4, 3)]
    assert [one.pk for one in found(links).links] == [3, 4]


def test_every_link_permits_the_whole_length():
    links = [link(1, 1, 2, steps=1), link(2, 2, 3)]
    assert found(links) is None
    assert why_none(links, source=1, target=3, at=AT) == "every way is longer than one of its links permits"


def test_a_link_holds_until_it_ends():
    links = [link(1, 1, 3, ends=AT)]
    assert found(links) is None
    assert why_none(links, source=1, target=3, at=AT) == "a link on every way has ended"
    assert found([link(1, 1, 3, ends=AT + timedelta(seconds=1))]).length == 1


def test_why_there_is_none_says_what_to_mend():
    assert why_none([], source=1, target=3, at=AT) == "no domain believes the caller's"
    assert why_none([link(1, 1, 2)], source=1, target=3, at=AT) == "the callee's domain believes no other"
    assert why_none([link(1, 1, 2), link(2, 4, 3)], source=1, target=3, at=AT) == "no way of links leads there"


edges = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.sets(st.sampled_from("abc")), st.integers(1, 4)).filter(
        lambda one: one[0] != one[1]
    ),
    max_size=9,
)


@settings(max_examples=300, deadline=None)
@given(edges)
def test_it_finds_what_trying_every_way_finds(drawn):
    links = [link(pk, one, other, claims=claims, steps=steps) for pk, (one, other, claims, steps) in enumerate(drawn)]
    best = None
    for length in range(1, 5):
        for way in product(links, repeat=length):
            joined = all(a.target == b.source for a, b in pairwise(way))
            if not joined or way[0].source != 1 or way[-1].target != 3 or any(one.most_steps < length for one in way):
                continue
            survives = frozenset("abc").intersection(*(one.claims for one in way))
            best = max(best or (-1,), (len(survives),))
        if best:
            break
    answer = found(links, claims=frozenset("abc"))
    assert (answer is None) == (best is None)
    if answer:
        assert (answer.length, len(answer.claims)) == (length, best[0])
