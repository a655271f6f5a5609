"""The periodic jobs: what is scheduled exists, what exists is scheduled, and a second beat does nothing twice."""

import pytest

from config.celery import app
from config.schedule import SCHEDULE


@pytest.fixture(scope="module")
def tasks() -> dict:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if name.startswith("apps.")}


@pytest.mark.parametrize("job", SCHEDULE)
def test_every_scheduled_job_names_an_existing_task(tasks, job):
    assert SCHEDULE[job]["task"] in tasks
    assert SCHEDULE[job]["schedule"] > 0


def test_every_task_is_on_the_page_once(tasks):
    assert sorted(job["task"] for job in SCHEDULE.values()) == sorted(tasks)


@pytest.mark.parametrize("job", SCHEDULE)
def test_a_job_is_named_for_its_area_and_its_task(job):
    area, name = job.split(".")
    assert SCHEDULE[job]["task"] == f"apps.{area}.tasks.{name}"


def test_the_worker_beats_to_this_page():
    assert app.conf.beat_schedule == SCHEDULE


@pytest.mark.django_db
@pytest.mark.parametrize("job", SCHEDULE)
def test_every_job_runs_twice_on_an_empty_house(tasks, job):
    task = tasks[SCHEDULE[job]["task"]]
    assert [task.apply().get() for _ in range(2)] == [0, 0]
