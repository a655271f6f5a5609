"""The JSON door of notify: the caller's inbox and feeds, and webhooks."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, CharFilter, ChoiceFilter, FilterSet, NumberFilter
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.rules import Capability, Scope
from apps.notify import queries
from apps.notify.actions import digests, feeds, telling, webhooks
from apps.notify.actions.feeds import NewFeed
from apps.notify.actions.webhooks import NewSecret
from apps.notify.api.serializers import (
    LARGEST_ID,
    DigestIn,
    DigestOut,
    FeedIn,
    FeedOut,
    NewFeedOut,
    NewSecretOut,
    NoticeOut,
    ReadingsIn,
    ReadingsOut,
    SendingOut,
    WebhookEditIn,
    WebhookIn,
    WebhookOut,
)
from apps.notify.models import Endpoint, Feed, Notice, Sending
from apps.notify.states import SendingState

ID = "[0-9]{1,18}"


class NoticeFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    unread = BooleanFilter(field_name="read_at", lookup_expr="isnull", label="Only unread, or only read.")
    kind = CharFilter(max_length=40)


class NoticeViewSet(ReadViewSet[Notice]):
    """Your inbox, newest first."""

    serializer_class = NoticeOut
    lookup_value_regex = ID
    filterset_class = NoticeFilter
    version_field = None

    def rows(self) -> QuerySet[Notice]:
        return queries.inbox(self.person)

    @action(detail=False, methods=["post"])
    @write(takes=ReadingsIn, gives=ReadingsOut)
    def readings(self, data: dict[str, Any]) -> dict[str, int]:
        """Mark notices as read, or all of them."""
        return {"read": telling.mark_read(person=self.person, notice_ids=data.get("notices"), at=self.at)}

    @action(detail=False, methods=["put"], url_path="digest", filterset_class=None)
    @write(takes=DigestIn, gives=DigestOut)
    def digest(self, data: dict[str, Any]) -> dict[str, Any]:
        """Say when your digest comes by mail: off, daily or weekly, at an hour of your zone."""
        plan = digests.set_digest(person=self.person, at=self.at, **data)
        return data | {"next_at": plan.next_at if plan else None}

    @action(detail=True, methods=["delete"])
    @write()
    def reading(self, data: dict[str, Any]) -> None:
        """Put a notice back among the unread."""
        del data
        telling.mark_unread(person=self.person, notice_id=self.get_object().pk)


class WebhookFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    is_active = BooleanFilter()


class WebhookViewSet(ReadViewSet[Endpoint]):
    """Addresses of other systems that hear our events, signed by the Standard Webhooks specification."""

    serializer_class = WebhookOut
    lookup_value_regex = ID
    ordering = ("pk",)
    filterset_class = WebhookFilter
    scope_for_writes = Scope.WEBHOOKS
    hidden_in_replays = frozenset({"secret"})

    def rows(self) -> QuerySet[Endpoint]:
        self.person.require(Capability.READ_WEBHOOKS, to="see webhooks")
        return Endpoint.objects.select_related("owner")

    @write(takes=WebhookIn, gives=NewSecretOut, status=201)
    def create(self, data: dict[str, Any]) -> NewSecret:
        """Add a webhook. Its secret is in this answer and nowhere else, ever."""
        events = data.pop("events")
        return webhooks.add_endpoint(owner=self.person, events_heard=events, at=self.at, **data)

    @write(takes=WebhookEditIn, gives=WebhookOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Endpoint:
        """Change a webhook, or switch it on or off; switched on, its failures are forgiven."""
        found = self.get_object()
        return webhooks.change_endpoint(
            endpoint_id=found.pk, person=self.person, version=found.version, at=self.at, **data
        )

    @action(detail=True, methods=["post"])
    @write(gives=NewSecretOut)
    def secret(self, data: dict[str, Any]) -> NewSecret:
        """Give it a new secret; the old one signs beside it until the rotation is ended."""
        del data
        return webhooks.rotate_secret(endpoint_id=self.get_object().pk, person=self.person, at=self.at)

    @action(detail=True, methods=["delete"], url_path="secret/old", url_name="old-secret")
    @write()
    def old_secret(self, data: dict[str, Any]) -> None:
        """End the rotation: the old secret signs no longer."""
        del data
        webhooks.end_rotation(endpoint_id=self.get_object().pk, person=self.person, at=self.at)

    @action(detail=True, methods=["post"])
    @write(gives=SendingOut, status=201)
    def tests(self, data: dict[str, Any]) -> Sending:
        """Send it a test event."""
        del data
        return webhooks.send_test(endpoint_id=self.get_object().pk, person=self.person, at=self.at)


class SendingFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    webhook = NumberFilter(field_name="endpoint_id", min_value=1, max_value=LARGEST_ID, label="Number of a webhook.")
    state = ChoiceFilter(choices=[(state.value, state.value) for state in SendingState])


class SendingViewSet(ReadViewSet[Sending]):
    """Events on their way to webhooks, newest first."""

    serializer_class = SendingOut
    lookup_value_regex = ID
    filterset_class = SendingFilter
    scope_for_writes = Scope.WEBHOOKS
    version_field = None

    def rows(self) -> QuerySet[Sending]:
        self.person.require(Capability.READ_WEBHOOKS, to="see webhooks")
        return Sending.objects.all()

    @action(detail=True, methods=["post"])
    @write(gives=SendingOut)
    def repetition(self, data: dict[str, Any]) -> Sending:
        """Send it again, with a fresh set of attempts."""
        del data
        return webhooks.send_again(sending_id=self.get_object().pk, person=self.person, at=self.at)


class FeedViewSet(ReadViewSet[Feed]):
    """Your calendar feeds. No key can open or revoke them: that is done signed in, in a browser."""

    serializer_class = FeedOut
    lookup_value_regex = ID
    version_field = None
    hidden_in_replays = frozenset({"address"})

    def rows(self) -> QuerySet[Feed]:
        return Feed.objects.filter(person=self.person)

    @write(takes=FeedIn, gives=NewFeedOut, status=201)
    def create(self, data: dict[str, Any]) -> NewFeed:
        """Open a feed. Its address is in this answer and nowhere else, ever."""
        return feeds.open_feed(person=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=FeedOut)
    def revocation(self, data: dict[str, Any]) -> Feed:
        """Close a feed for good: its address answers 410 from now on."""
        del data
        return feeds.revoke_feed(feed_id=self.get_object().pk, person=self.person, at=self.at)
