"""How an assessment of silos is worked off: parcels, and when it is given up. Pure functions."""

from apps.kernel.refusals import Conflict

PARCEL = 40  # pairs of one transaction: a second of work on a map of 10,000 components, so that progress is seen
MOST_ATTEMPTS = 5  # beside one a parcel


def require_none_under_way(number: int | None, done: int, total: int | None) -> None:
    """Refuse a run while another, `number`, is not over; None: there is none."""
    if number is None:
        return
    far = "the map is being read" if total is None else f"{done:,} of {total:,} pairs are judged"
    raise Conflict(
        f"Assessment {number} is under way already: {far}.",
        next_step="Wait for its end, which its page tells, and assess again if it is still needed.",
        code="under_way",
    )


def is_given_up(attempts: int, done: int) -> bool:
    """Whether a run was taken up more often than it got on."""
    return attempts > MOST_ATTEMPTS + done // PARCEL
