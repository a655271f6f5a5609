"""The states of a delivery and which may follow which."""

from enum import StrEnum

from apps.kernel.machine import Machine


class DeliveryState(StrEnum):
    """Where an entry stands on its way to a subscriber."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # gave up after the last attempt; a person may retry it


DELIVERY = Machine(
    "delivery",
    {
        DeliveryState.WAITING: frozenset({DeliveryState.DONE, DeliveryState.FAILED}),
        DeliveryState.FAILED: frozenset({DeliveryState.WAITING}),
        DeliveryState.DONE: frozenset(),
    },
)
