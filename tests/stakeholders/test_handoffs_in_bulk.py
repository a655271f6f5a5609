"""Hand-offs in bulk: both formats, a dry run with what would become of each line, contradictions naming both."""

import json

import pytest

from apps.clusters.models import Cluster, Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, TooLarge
from apps.stakeholders.actions import hand_offs as actions
from apps.stakeholders.formats import hand_offs as formats
from apps.stakeholders.models import HandOff
from apps.stakeholders.rules.handoff_plans import Claim, Status, planned
from tests.conftest import signed_in
from tests.stakeholders.siloed import hand_off

BULK = "/api/v1/hand-offs/bulk/"
HEAD = "source,target,what,way,count,period,evidence,delay_hours"
LINE = "payments,logistics,Refund list,sheet,12,week,Counted in May.,4"
ONE = {
    "source": "payments",
    "target": "logistics",
    "what": "Refund list",
    "way": "sheet",
    "count": 12,
    "period": "week",
    "evidence": "Counted in May.",
    "delay_hours": 4,
}


def table(*lines, head=HEAD):
    return "\n".join((head, *lines)).encode()


def objects(*told):
    return "\n".join(json.dumps(one) for one in told).encode()


def send(person, body, *, dry=False, kind=formats.CSV, **headers):
    return signed_in(person).post(f"{BULK}?dry_run={str(dry).lower()}", body, content_type=kind, headers=headers)


class TestFormats:
    def test_both_say_the_same(self):
        [one] = formats.parse(table(LINE), media_type=formats.CSV)
        [other] = formats.parse(objects(ONE), media_type=formats.NDJSON)
        assert (one.line, other.line) == (2, 1)
        assert one.often == other.often == "12 a week, waiting 4 h"
        [bare] = formats.parse(objects({k: v for k, v in ONE.items() if k != "delay_hours"}), media_type=formats.NDJSON)
        assert bare.often == "12 a week"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            HEAD.encode(),
            b"\xff\xfe",
            table(LINE.replace("May", "M\0ay")),
            table(LINE, head="source,target"),
            table(LINE, head=HEAD + ",whim"),
            table(LINE, head=HEAD.replace("what", "source")),
            table('"payments'),
            table("payments,logistics"),
            table(LINE.replace("sheet", "pigeon")),
            table(LINE.replace("week", "year")),
            table(LINE.replace("12", "-12")),
            table(LINE.replace("12", "1.5")),
            table(LINE.replace("12", "many")),
            table(LINE.replace("12", "9" * 30)),
            table(LINE.replace(",4", ",nan")),
            table(LINE.replace(",4", ",9000")),
            table(LINE.replace("Refund list", "x" * 301)),
            table(LINE.replace("Refund list", "")),
        ],
    )
    def test_what_does_not_fit_is_refused(self, body):
        with pytest.raises(Invalid):
            formats.parse(body, media_type=formats.CSV)

    @pytest.mark.parametrize(
        "body",
        [
            b"[]",
            b"not json",
            b"[" * 100_000,
            objects(ONE | {"whim": 1}),
            objects(ONE | {"count": True}),
            objects(ONE | {"count": 10**400}),
            objects(ONE | {"what": 7}),
            objects(ONE | {"what": "\ud800"}),
            objects(ONE | {"what": "a\nb"}),
            objects(ONE | {"delay_hours": float("inf")}),
        ],
    )
    def test_odd_objects_too(self, body):
        with pytest.raises(Invalid, match="Line 1"):
            formats.parse(body, media_type=formats.NDJSON)

    def test_every_fault_has_its_line(self):
        with pytest.raises(Invalid) as refused:
            formats.parse(table(LINE, LINE.replace("12", "0"), LINE.replace("week", "x")), media_type=formats.CSV)
        assert list(refused.value.fields) == ["line 3", "line 4"]
        assert "And 1 more." in refused.value.sentence

    def test_bounds(self):
        with pytest.raises(TooLarge, match="1 MB"):
            formats.parse(b"x" * (formats.MOST_BYTES + 1), media_type=formats.CSV)
        with pytest.raises(TooLarge, match="2,000 lines"):
            formats.parse(table(*["a,b,c,mail,1,day,e,"] * (formats.MOST_ROWS + 1)), media_type=formats.CSV)


class TestPlans:
    def test_what_becomes_of_each(self):
        said = [
            Claim(2, "a", "b", "List", "1 a day"),
            Claim(3, "a", "b", "LIST", "1 a day"),
            Claim(4, "a", "b", "list", "2 a day"),
            Claim(5, "b", "a", "List", "2 a day"),
            Claim(6, "a", "a", "List", "2 a day"),
            Claim(7, "b", "a", "Sheet", "3 a day"),
            Claim(8, "b", "a", "Mail", "3 a day"),
        ]
        recorded = [Claim(0, "b", "a", "sheet", "3 a day"), Claim(0, "b", "a", "mail", "4 a day")]
        steps = planned(said, recorded)
        assert [one.status for one in steps] == [
            *(Status.NEW, Status.REPEATED, Status.CONFLICT, Status.NEW, Status.INSIDE, Status.SAME, Status.CONFLICT),
        ]
        assert steps[2].sentence == "“list” of a to b: line 2 says 1 a day, this line 2 a day."
        assert steps[6].sentence == "“Mail” of b to a: it is on record as 4 a day, this line 3 a day."


class TestDoor:
    def test_a_dry_run_tells_and_writes_nothing_then_all_is_written(self, payments, logistics, omar):
        body = table(LINE, LINE, LINE.replace("logistics", "payments"), LINE.replace("Refund list", "Damages"))
        tried = send(omar, body, dry=True).json()
        assert tried["dry_run"] is True
        assert tried["counts"] == {"new": 2, "same": 0, "repeated": 1, "inside": 1, "conflict": 0}
        assert [one["becomes"] for one in tried["lines"]] == ["new", "repeated", "inside", "new"]
        assert not HandOff.objects.exists()
        assert send(omar, body).json()["counts"]["new"] == 2
        assert HandOff.objects.get(what="Refund list").delay_hours == 4.0
        assert send(omar, body).json()["counts"] == {"new": 0, "same": 3, "repeated": 0, "inside": 1, "conflict": 0}
        assert HandOff.objects.count() == 2
        entry = Entry.objects.get(event="stakeholders.HandOffsRecorded")
        assert (entry.data["number"], len(entry.data["handoff_ids"])) == (2, 2)

    def test_contradictions_name_both_and_nothing_is_written(self, payments, logistics, omar, noon):
        hand_off(omar, payments, logistics, noon, count=3)
        body = objects(ONE | {"what": "New"}, ONE)
        tried = send(omar, body, dry=True, kind=formats.NDJSON).json()
        assert (tried["counts"]["new"], tried["counts"]["conflict"]) == (1, 1)
        refused = send(omar, body, kind=formats.NDJSON)
        assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
        assert "it is on record as 3 a week, this line 12 a week, waiting 4 h" in refused.json()["detail"]
        assert list(refused.json()["errors"]) == ["line 2"]
        assert HandOff.objects.count() == 1

    def test_only_for_clusters_one_knows_of_and_records_for(self, payments, logistics, omar, ada, noon):
        refused = send(ada, table(LINE))
        assert refused.status_code == 422
        assert "Only owners and operators" in refused.json()["detail"]
        nowhere = send(omar, table(LINE.replace("logistics", "nowhere")))
        assert "There is no cluster “nowhere”" in nowhere.json()["detail"]
        Cluster.objects.filter(pk=logistics.pk).update(visibility=Visibility.RESTRICTED)
        hidden = send(omar, table(LINE))
        assert "There is no cluster “logistics”" in hidden.json()["detail"], "as one that is not there"
        assert not HandOff.objects.exists()

    def test_other_bodies_and_flags(self, omar):
        assert send(omar, b"{}", kind="application/json").status_code == 415
        assert send(omar, b"").status_code == 422
        answer = signed_in(omar).post(f"{BULK}?dry_run=maybe", table(LINE), content_type=formats.CSV)
        assert answer.status_code == 422
        assert send(omar, b"x" * (formats.MOST_BYTES + 1)).status_code == 413
        assert signed_in(omar).get(BULK).status_code == 405

    def test_once_a_key(self, payments, logistics, omar):
        first = send(omar, table(LINE), **{"Idempotency-Key": "k"})
        again = send(omar, table(LINE), **{"Idempotency-Key": "k"})
        assert first.json() == again.json()
        assert first.json()["counts"]["new"] == 1

    def test_it_is_as_good_as_one_by_one(self, payments, logistics, omar, noon):
        [row] = formats.parse(objects(ONE), media_type=formats.NDJSON)
        actions.record_handoffs(rows=[row], recorder=omar, is_dry=False, at=noon)
        with pytest.raises(Conflict, match="on record already"):
            hand_off(omar, payments, logistics, noon)
