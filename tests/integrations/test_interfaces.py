import pytest
from django.db import IntegrityError, transaction

from apps.integrations import actions
from apps.integrations.models import Interface
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision
from tests.integrations.conftest import API


class TestOffering:
    def test_an_owner_offers_an_interface_and_the_journal_keeps_it(self, api, ledger, omar):
        assert (api.component, api.kind, api.port, api.version) == (ledger, "grpc", 8443, 1)
        entry = Entry.objects.get(event="integrations.InterfaceOffered")
        assert (entry.actor, entry.data) == (omar, {"interface_id": api.pk, "component_id": ledger.pk})

    def test_others_may_not_and_nobody_twice(self, api, ledger, ada, omar, noon):
        with pytest.raises(NotAllowed):
            actions.offer_interface(component_id=ledger.pk, offerer=ada, values=API | {"name": "Other"}, at=noon)
        with pytest.raises(Conflict, match="of that name already"):
            actions.offer_interface(
                component_id=ledger.pk, offerer=omar, values=API | {"name": "POSTINGS api"}, at=noon
            )

    @pytest.mark.parametrize(
        ("more", "field", "words"),
        [
            ({"name": "  "}, "name", "between 1 and 120"),
            ({"kind": "soap"}, "kind", "none of http, grpc"),
            ({"port": None, "protocol": ""}, "port", "at which port"),
            ({"port": None}, "port", "named with its protocol"),
            ({"protocol": ""}, "protocol", "named with its protocol"),
            ({"protocol": "http2"}, "protocol", "HTTP/2 is not spoken"),
            ({"protocol": "smtp"}, "protocol", "none of http"),
            ({"port": 0}, "port", "between 1 and 65,535"),
            ({"port": 65_536}, "port", "between 1 and 65,535"),
            ({"kind": "file"}, "port", "fetched from no port"),
            ({"contract_url": "http://contract.example"}, "contract_url", "an https address"),
            ({"contract_url": "https://user@contract.example"}, "contract_url", "an https address"),
            ({"latency_ms": 0}, "latency_ms", "between 1 and 3,600,000 ms"),
            ({"availability_percent": 100.0}, "availability_percent", "between 0 and 99.9999 percent"),
            ({"availability_percent": float("nan")}, "availability_percent", "between 0 and"),
        ],
    )
    def test_what_is_no_interface_is_refused_in_a_sentence(self, ledger, omar, noon, more, field, words):
        with pytest.raises(Invalid) as refused:
            actions.offer_interface(component_id=ledger.pk, offerer=omar, values=API | more, at=noon)
        assert words in str(refused.value)
        assert field in refused.value.fields
        assert not Interface.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"kind": "soap"},
            {"port": None},
            {"protocol": "http2"},
            {"kind": "file"},
            {"port": 70_000},
            {"latency_ms": 0},
            {"availability_percent": 101},
            {"name": "POSTINGS API", "pk": None},
        ],
    )
    def test_the_database_holds_what_the_rules_say(self, api, wrong):
        row = Interface.objects.get(pk=api.pk)
        for name, value in wrong.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=row.pk is None)


class TestDescribing:
    def test_a_change_counts_the_version_and_the_same_again_does_not(self, api, omar, noon):
        said = {"interface_id": api.pk, "editor": omar, "at": noon}
        changed = actions.describe_interface(version=1, changes={"latency_ms": 55}, **said)
        assert (changed.latency_ms, changed.version) == (55, 2)
        assert actions.describe_interface(version=2, changes={"latency_ms": 55}, **said).version == 2
        with pytest.raises(StaleRevision):
            actions.describe_interface(version=1, changes={"latency_ms": 60}, **said)
        assert Entry.objects.filter(event="integrations.InterfaceDescribed").count() == 1

    def test_its_kind_stays_while_somebody_uses_it(self, integration, api, omar, noon):
        with pytest.raises(Conflict, match="stays of its kind"):
            actions.describe_interface(
                interface_id=api.pk,
                editor=omar,
                version=1,
                changes={"kind": "topic", "port": None, "protocol": ""},
                at=noon,
            )

    def test_it_takes_no_name_that_is_there(self, api, topic, omar, noon):
        with pytest.raises(Conflict, match="of that name already"):
            actions.describe_interface(
                interface_id=topic.pk, editor=omar, version=1, changes={"name": "postings API"}, at=noon
            )


class TestWithdrawing:
    def test_one_that_nobody_uses_goes(self, topic, omar, ledger, noon):
        actions.withdraw_interface(interface_id=topic.pk, withdrawer=omar, at=noon)
        assert not Interface.objects.exists()
        assert Entry.objects.get(event="integrations.InterfaceWithdrawn").subject_id == ledger.pk

    def test_one_in_use_stays(self, integration, api, omar, noon):
        with pytest.raises(Conflict, match="1 component is integrated"):
            actions.withdraw_interface(interface_id=api.pk, withdrawer=omar, at=noon)

    def test_others_may_not_and_the_hidden_is_not_there(self, api, hidden, ada, noon):
        with pytest.raises(NotAllowed):
            actions.withdraw_interface(interface_id=api.pk, withdrawer=ada, at=noon)
        with pytest.raises(NotFound):
            actions.withdraw_interface(interface_id=hidden.pk, withdrawer=ada, at=noon)
