"""What notify does when any area speaks: every entry goes to the webhooks that hear it."""

from apps.accounts.queries import administrators
from apps.accounts.rules import Capability
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.notify.actions import webhooks
from apps.notify.actions.telling import tell
from apps.notify.events import EndpointDisabled
from apps.notify.models import Endpoint


@subscribe("notify.webhooks")
def queue_webhooks(entry: Entry) -> None:
    """Put the entry in line for every webhook that hears its event."""
    webhooks.queue_for_endpoints(entry)


@subscribe("notify.endpoint_disabled", EndpointDisabled)
def tell_owner(entry: Entry) -> None:
    """Tell a webhook's owner that it was switched off; where they may not see to it any more, the administrators."""
    endpoint = Endpoint.objects.select_related("owner").get(pk=entry.data["endpoint_id"])
    keepers = [endpoint.owner]
    if not endpoint.owner.may(Capability.MANAGE_WEBHOOKS):
        keepers = [grant.person for grant in administrators().select_related("person")]
    title = f"The webhook “{endpoint}” was switched off"
    tell(
        keepers,
        entry=entry,
        kind="webhook",
        title=title,
        body=entry.data["why"],
        url=endpoint.get_absolute_url(),
        at=entry.at,
    )
