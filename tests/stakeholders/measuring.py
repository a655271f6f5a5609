"""What the tests of metrics share: defining one that is better when it falls from 10 to 0, and sending its values."""

from datetime import date
from decimal import Decimal

from apps.stakeholders.actions import metrics as actions
from tests.conftest import NOON

FEBRUARY = date(2026, 2, 1)  # the last period that is over at NOON


def define(code, definer, cluster=None, *, parts=None, at=NOON, **values):
    said = {"name": code.title(), "meaning": "", "unit": "h", "course": "down", "owner": definer}
    said |= {"baseline": Decimal(10), "target": Decimal(0), "measure": ""} | values
    return actions.define_metric(code=code, cluster=cluster, definer=definer, values=said, parts=parts, at=at)


def align(kpi, keeper, weights, at=NOON):
    told = {code: Decimal(weight) for code, weight in weights.items()}
    return actions.align_metrics(kpi_id=kpi.pk, keeper=keeper, weights=told, version=kpi.version, at=at)


def push(metric, sender, first_on, value, at=NOON, **more):
    return actions.push_value(
        metric_id=metric.pk, sender=sender, first_on=first_on, value=Decimal(value), at=at, **more
    )
