"""The drawing of the grid: names are shortened to whole words, and cover neither each other nor a mark."""

from datetime import timedelta

import pytest

from apps.stakeholders import actions
from apps.stakeholders.queries.maps import map_of
from apps.stakeholders.web import grid


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Ada", "Ada"),
        ("Finance committee", "Finance committee"),
        ("Harbour Bank, merchant desk", "Harbour Bank"),
        ("Donaudampfschifffahrtsgesellschaft", "Donaudampfschifffa"),
    ],
)
def test_a_long_name_is_shortened_to_its_beginning(name, seen):
    assert grid.shown(name) == seen
    assert name.startswith(seen)


def test_names_cover_neither_each_other_nor_a_mark(initiative, known, ben, noon):
    for number in range(5):  # all on nearly the same spot
        who = known(f"Committee {number}", "Bank")
        actions.involve(initiative_id=initiative.pk, stakeholder=who, keeper=ben, at=noon)
        actions.assess(
            initiative_id=initiative.pk,
            stakeholder=who,
            assessor=ben,
            marks={"interest": 60 + number, "power": 50},
            evidence="x",
            at=noon + timedelta(minutes=number),
        )
    drawing = grid.drawn(map_of(initiative, ben, day=noon.date()), power_cut=50, interest_cut=50)
    boxes = []
    for mark in drawing.marks:
        width = len(mark.name) * 6.6
        left = mark.label_x if mark.anchor == "start" else mark.label_x - width
        boxes.append((left, mark.label_y - 11, left + width, mark.label_y + 3))
    dots = [(mark.x - 6, mark.y - 6, mark.x + 6, mark.y + 6) for mark in drawing.marks]

    def apart(one, other):
        return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]

    assert all(apart(a, b) for place, a in enumerate(boxes) for b in boxes[place + 1 :])
    assert all(apart(name, dot) for name in boxes for dot in dots)
