"""Recorded requests for exceptions: read within bounds, and replayed against freezes of their own."""

import sys
import tarfile
from collections import Counter
from datetime import date

import pytest

from apps.accounts.rules import Role
from apps.cab.formats.freeze_exceptions import MOST_FILES, read
from apps.kernel.refusals import TooLarge
from tests.cab.replaying import replay
from tests.conftest import make_person

# By hand, in every shape that the public records have.
FILES = {
    "r-1/exceptions.yaml": b"""
# A list without a heading, and no days
- name: "Limit what comes in"
  issue: "https://issues.example/61"
  thread: "https://lists.example/1"
  pull_requests:
  - "https://code.example/62"
  status: "approved"
- name: "Let the scheduler place them"
  issue: 12
  status: reverted
""",
    "r-2/exceptions.yaml": b"""
enhancementFreeze:
- name: "Hosts have whole names"
  issue: 1797
  date_requested: 2020-05-20
  date_reviewed: 2020-05-21
  pull-requests: [https://code.example/9]
  status: Approved
- name: "Support lasts a year"
  date_requested: 2020-05-20
  date_reviewed: 2020-06-10
  status: rejected
codeFreeze:
docsFreeze:
- name: "A page about both"
  date_requested: 2022-07-30
  date_reviewed: 2021-08-03
  status: Denied
- name: "A page about neither"
  date_requested: 2022-07-30
  date_reviewed: 2022-08-03
  status: removed
""",
    "r-3/exceptions.yaml": b"- name: x\n  pull_requests:\n  - a\n - b\n",
}


@pytest.fixture
def cast(ada, ben, admin):
    return {"author": ada, "chair": ben, "keepers": (admin, make_person("gus", Role.ADMINISTRATOR))}


def test_every_shape_is_read():
    found = read(FILES)
    assert [(one.freeze, one.decision) for one in found.requests] == [
        ("freeze", "granted"),
        ("freeze", "granted"),
        ("enhancementFreeze", "granted"),
        ("enhancementFreeze", "denied"),
        ("docsFreeze", "denied"),
        ("docsFreeze", "withdrawn"),
    ]
    assert found.requests[2].requested_on == date(2020, 5, 20)
    assert "before it was asked" in found.requests[4].doubt
    assert [(one.place, "line 4" in one.sentence) for one in found.unread] == [("r-3/exceptions.yaml", True)]


def test_the_fixture_replays_as_it_is_written(cast):
    told = replay(read(FILES).requests, **cast)
    assert told.wrong == []
    assert told.states == {"granted": 3, "denied": 2, "withdrawn": 1}
    assert (told.freezes, told.asked_again) == (3, 2)  # three weeks and four days are more than 72 hours


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: &x [1]\nb: *x\n", "aliases"),
        (b"- !!python/object/apply:os.system [ls]\n", "tag"),
        (b"[" * 30 + b"]" * 30, "nested deeper"),
        (b"- name: \xff\n", "is not UTF-8"),
        (b"just words", "is not a list"),
        (b"x" * ((1 << 20) + 1), "is over 1 MB"),
        (b"- {}\n" * 2_001, "more than 2,000 requests"),
        (b"- {a: 1, b: 2, c: 3, d: 4, e: 5}\n" * 1_999, "more than 20,000 values"),
    ],
)
def test_a_hostile_file_is_named_and_holds_up_no_other(content, said):
    found = read({"bad.yaml": content, **FILES})
    assert [one for one in found.unread if one.place == "bad.yaml" and said in one.sentence], found.unread
    assert len(found.requests) == 6


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"- just words", "not a mapping"),
        (b"- {status: approved}", "no name"),
        (b"- {name: x, status: perhaps}", "perhaps"),
        (b"- {name: x}", "none of approved"),
        (b"- {name: x, status: approved, date_requested: 2024-13-01}", "date cannot be read"),
        (b"- {name: [x], status: approved}", "no name"),
    ],
)
def test_a_request_that_makes_no_sense_is_named(row, said):
    found = read({"odd.yaml": row + b"\n- {name: y, status: approved}\n"})
    assert [(one.place, said in one.sentence) for one in found.unread] == [("odd.yaml, request 1", True)]
    assert [one.name for one in found.requests] == ["y"]


def test_too_many_files_are_refused():
    with pytest.raises(TooLarge) as refused:
        read({f"{n}.yaml": b"" for n in range(MOST_FILES + 1)})
    assert refused.value.next_step


@pytest.mark.realdata
@pytest.mark.slow
def test_the_public_records_replay_with_every_decision_as_it_was(cast, shared_data, capsys):
    with tarfile.open(shared_data / "k8s-release-freezes/raw.tar.gz") as archive:
        files = {
            one.name: archive.extractfile(one).read()
            for one in archive
            if one.isfile() and "/exception" in one.name and one.name.endswith(".yaml")
        }
    found = read(files)
    told = replay(found.requests, **cast)
    statuses = Counter(one.status.lower() for one in found.requests)
    lines = [
        (
            f"{len(files)} files, {len(found.requests)} requests in {told.freezes} freezes: {dict(told.states)}; "
            f"{told.asked_again} took longer than 72 hours and were asked again; as written: {dict(statuses)}"
        ),
        *(f"  not read: {one.place}: {one.sentence}" for one in found.unread),
        *(f"  doubtful: {one.place}: {one.doubt}" for one in found.requests if one.doubt),
    ]
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, ""]))
    assert (len(files), len(found.requests)) == (23, 173)
    assert told.wrong == []
    assert told.states == {"granted": 138, "denied": 34, "withdrawn": 1}
    assert statuses["denied"] + statuses["rejected"] == 34
    assert [one.place for one in found.unread] == [
        "releases/release-1.14/exception.yaml",
        "releases/release-1.20/exceptions.yaml",
        "releases/release-1.23/exceptions.yaml",
    ]
    assert len([one for one in found.requests if one.doubt]) == 1
