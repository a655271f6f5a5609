"""The states of a sending (webhook or mail)."""

from enum import StrEnum

from apps.kernel.machine import Machine


class SendingState(StrEnum):
    """Where a sending stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


SENDING = Machine(
    "sending",
    {
        SendingState.WAITING: frozenset({SendingState.SENT, SendingState.FAILED}),
        SendingState.FAILED: frozenset({SendingState.WAITING}),
        SendingState.SENT: frozenset({SendingState.WAITING}),  # sent again by hand
    },
)
MACHINES = {"sending": SENDING}
