"""Pages and acts in the command palette: every address answers, and each is offered to whom it is for."""

import pytest
from django.urls import reverse

from apps.portal.web.places import PLACES, places
from tests.conftest import signed_in


def offered(person, words: str = "") -> set[str]:
    return {row.name for group in places(words, person) for row in group.rows}


def test_what_is_offered_opens(ada, ben, admin, omar, auditor, board):
    for person in (ada, ben, admin, omar, auditor):
        client = signed_in(person)
        for place in PLACES:
            if place.is_for(person):
                assert client.get(reverse(place.address)).status_code == 200, (person, place.label)


@pytest.mark.parametrize(
    ("who", "act", "is_offered"),
    [
        ("ada", "Propose a change", True),
        ("auditor", "Propose a change", False),
        ("ada", "Report drift", True),
        ("auditor", "Report drift", False),
        ("ada", "Draft a freeze", False),
        ("omar", "Draft a freeze", True),
        ("ben", "Draft a freeze", True),
        ("ada", "Plan a meeting", False),
        ("ben", "Plan a meeting", True),
        ("cleo", "Plan a meeting", False),
        ("cleo", "Write a change model", False),
        ("ben", "Write a change model", True),
        ("ada", "Set a target", False),
        ("omar", "Set a target", True),
        ("ben", "People", False),
        ("admin", "People", True),
        ("ada", "Webhooks", False),
        ("auditor", "Webhooks", True),
    ],
)
def test_an_act_is_offered_to_whom_it_is_for(request, board, who, act, is_offered):
    assert (act in offered(request.getfixturevalue(who))) is is_offered


def test_words_find_a_place_by_its_other_names(ada):
    assert offered(ada, "lockdown") == {"Freezes"}
    assert offered(ada, "DORA") == {"Metrics of the programme"}
    assert "Report drift" in offered(ada, "drift")
    assert offered(ada, "no such place") == set()


def test_every_page_of_the_rail_is_a_place(ada):
    from apps.portal.web.context import GROUPS

    assert {item[1] for _, items in GROUPS for item in items} <= {one.address for one in PLACES}


def test_the_palette_gets_all_of_them_without_words_and_the_page_of_search_too(ada):
    client = signed_in(ada)
    for headers in ({"HX-Request": "true"}, {}):
        page = client.get("/search/", headers=headers).content.decode()
        assert "Report drift" in page
        assert reverse("cab:dashboards") in page
    assert "Observed drift" in client.get("/search/?q=unauthorized").content.decode()
