"""An expression that really runs away: its bound ends it, a sentence says so, and nothing is decided more weakly."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from apps.cab.actions import flow, proposing, replays
from apps.cab.models import Change, Replay
from apps.journal.models import Entry
from apps.kernel.bounded import Exhausted, run_bounded
from apps.kernel.refusals import Invalid
from apps.policies import actions, judging
from apps.policies.models import PolicyVersion
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in
from tests.policies.conftest import enable, floor, rule  # noqa: F401  # fixture

# Within every bound on what may be written. Where its divisor is zero, each || carries all errors before it along,
# in twice the memory each time: by itself it takes more than 20 GB.
DOUBLES = "1 / (downtime - 7) > 9 || " * 72 + "downtime == 8"
WRITTEN = {"text": DOUBLES, "passes": {"downtime": 8}, "fails": {"downtime": 6}}
RUNAWAY = {"downtime": 7}
LATER = NOON + timedelta(hours=1)


def rows(expression):
    """All is authorized, except what the expression sends to the enterprise board."""
    return [rule("approve", "All", "Ordinary."), rule("enterprise", "Doubtful") | {"expression": expression}]


def children() -> list[str]:
    """The bounded children of this process that are still there, finished ones that nobody took leave of included."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it has just ended
            continue
        if int(told[1]) == os.getpid() and (told[0] == "Z" or "apps.kernel.bounded" in command):
            found.append(command or "zombie")
    return found


@pytest.fixture
def _alone():
    before = children()
    yield
    assert children() == before


@pytest.mark.usefixtures("_alone")
class TestTheBounds:
    """What the grammar lets nobody write is asked here too: the child must hold whatever comes to it."""

    @pytest.mark.parametrize(
        "text",
        [
            DOUBLES,
            "[" + "1," * 400 + "1].all(a, [" + "1," * 400 + "1].all(b, a == b || downtime > 0))",
            '"' + "a" * 1500 + '!".matches("^(a|a|aa)+(a|aa)+$")',
            '["' + "a" * 1000 + '"]' + ".map(x, x + x + x + x)" * 20 + ".size() > 0",
        ],
        ids=["errors", "comprehension", "pattern", "growth"],
    )
    def test_it_ends_with_no_yes_and_in_time(self, text):
        assert len(text.encode()) <= 2048
        question, began = (text, tuple(sorted(RUNAWAY.items()))), time.monotonic()
        said = judging.answers_to([question])[question]
        assert time.monotonic() - began < 3 * (judging.BASE_S + judging.EACH_S)
        assert said is not True

    @pytest.mark.slow
    def test_many_at_once_meet_the_bound_of_their_child_and_all_it_was_asked_counts_strictly(self):
        many = [(f"{DOUBLES} || downtime == {n}", tuple(sorted(RUNAWAY.items()))) for n in range(40)]
        tame = ("downtime > 0", (("downtime", 1),))
        assert set(judging.answers_to([tame, *many]).values()) == {judging.CUT_OFF}
        assert judging.answers_to([tame]) == {tame: True}

    def test_without_a_clock_of_its_own_the_kernel_ends_it(self):
        """As if the alarm within the child were lost: the bound on memory or on processor time is the last."""
        with pytest.raises(Exhausted, match=r"An expression .*(takes too long|needs more memory)") as refused:
            run_bounded(f"{__name__}:unwatched", DOUBLES, seconds=8, megabytes=512, what="An expression")
        assert refused.value.next_step == "Write it more simply."


def unwatched(text: str) -> bool:
    """Runs in the child."""
    import celpy

    environment = celpy.Environment()
    facts = {name: celpy.celtypes.IntType(value) for name, value in RUNAWAY.items()}
    return bool(environment.program(environment.compile(text)).evaluate(facts))


@pytest.mark.usefixtures("_alone")
class TestWhatComesOfIt:
    @pytest.fixture
    def policy(self, floor, ben, admin):  # noqa: F811  # the fixture
        return enable(floor, rows(WRITTEN), ben, admin)

    def test_its_author_is_refused_in_a_sentence_and_nothing_is_kept(self, floor, ben):  # noqa: F811  # the fixture
        entries = Entry.objects.count()
        with pytest.raises(Invalid, match="Rule 2: The expression does not answer its example") as refused:
            actions.save_draft(policy_id=floor.pk, author=ben, rows=rows(WRITTEN | {"passes": RUNAWAY}), at=NOON)
        assert "it takes too long" in refused.value.sentence
        assert refused.value.next_step == "Correct the expression or the example."
        assert (PolicyVersion.objects.count(), Entry.objects.count()) == (0, entries)

    @pytest.mark.parametrize(("downtime", "way"), [(30, "approve"), (7, "board")])
    def test_a_change_goes_the_stricter_way_whole_and_its_page_says_why(
        self, policy, ada, ben, payments, ledger, board, downtime, way
    ):
        change = handed(ada, ben, payments, ledger, downtime_minutes=downtime)
        handover = change.handovers.get()
        assert handover.way == way
        assert change.state == ("scheduled" if way == "approve" else "awaiting_authorization")
        assert change.rounds.count() == (way == "board")
        events = list(Entry.objects.about(change).order_by("pk").values_list("event", flat=True))
        assert ("cab.ChangeAuthorizedByPolicy" in events) == (way == "approve")
        assert ("cab.RoundOpened" in events) == (way == "board")
        if way == "board":
            assert "it takes too long" in signed_in(ben).get(change.get_absolute_url()).text

    def test_a_replay_counts_it_strictly_and_goes_on(self, policy, ada, ben, payments, ledger, board):
        made = [handed(ada, ben, payments, ledger, downtime_minutes=downtime) for downtime in (7, 30)]
        begun = replays.begin_replay(version_id=policy.pk, starter=ben, months=1, minutes={}, at=LATER)
        done = replays.work_off(replay_id=begun.pk)
        assert (done.state, done.done) == ("done", 2)
        told = Replay.objects.get(pk=begun.pk).changes.order_by("change")
        found = [(one.change_id, one.drafted, one.is_certain) for one in told]
        assert found == [(made[0].pk, "enterprise", False), (made[1].pk, "approve", True)]


def handed(ada, ben, payments, ledger, **fields) -> Change:
    change = proposing.propose_change(requester=ada, content=content(payments, ledger, **fields), at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
    return Change.objects.get(pk=change.pk)
