"""Two clusters that work apart, for the tests of silos."""

from datetime import timedelta
from itertools import pairwise

import pytest

from apps.clusters.models import Component, Dependency
from apps.stakeholders.actions import silo_runs as runs
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.rules.silo_survey import QUESTIONS

FULL = dict.fromkeys(QUESTIONS, 4)


@pytest.fixture
def weave(payments, logistics):
    """Eleven components a cluster in a row, one dependency across; by name: p0 … and l0 …."""
    parts = {}
    for letter, cluster in (("p", payments), ("l", logistics)):
        row = [Component.objects.create(cluster=cluster, slug=f"{letter}{n}", name=f"{letter}{n}") for n in range(11)]
        Dependency.objects.bulk_create(Dependency(consumer=one, provider=other) for one, other in pairwise(row))
        parts |= {one.slug: one for one in row}
    Dependency.objects.create(consumer=parts["p0"], provider=parts["l0"])
    return parts


@pytest.fixture
def asked(ben, noon):
    """An open round of the questionnaire."""
    return survey.open_silo_round(closes_on=noon.date() + timedelta(days=20), opener=ben, at=noon)


def assess(person, at):
    """An assessment from its asking to its end."""
    return runs.work_off(run_id=runs.begin_silo_run(assessor=person, at=at).pk, at=at)


def answer(person, one, other, at, *, side="", **marks):
    given = {**FULL, **marks}
    reasons = {name: "Nobody knows." for name, mark in given.items() if mark < 2}
    return survey.answer_silo_questions(
        clusters=(one, other), person=person, marks=given, reasons=reasons, side=side, at=at
    )


def hand_off(person, source, target, at, **more):
    values = {"what": "Refund list", "way": "sheet", "count": 12, "period": "week", "evidence": "Counted in May."}
    return survey.record_handoff(source=source, target=target, recorder=person, at=at, **{**values, **more})


def plan(person, one, other, at, *, owner, **more):
    values = {"what": "Offer postings by an API", "due_on": at.date() + timedelta(days=30), "owner": owner}
    return survey.plan_silo_action(clusters=(one, other), planner=person, at=at, **{**values, **more})
