"""How notices, webhooks and feeds read and are written over the API."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.notify.actions.feeds import NewFeed
from apps.notify.actions.webhooks import NewSecret
from apps.notify.models import Endpoint, Feed, Notice, Sending
from apps.notify.rules import LONGEST_URL

LARGEST_ID = 2**63 - 1


class NoticeOut(serializers.ModelSerializer[Notice]):
    """One line of the caller's inbox."""

    class Meta:
        model = Notice
        fields = ("id", "kind", "title", "body", "url", "created_at", "read_at")
        read_only_fields = fields


class ReadingsIn(Strict):
    """Which notices were read; without `notices`, all of them."""

    notices = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), max_length=1_000, required=False
    )


class ReadingsOut(serializers.Serializer[Any]):
    """How many of them had not been read."""

    read = serializers.IntegerField()


class DigestIn(Strict):
    """When a digest comes by mail."""

    frequency = serializers.ChoiceField(choices=[(one, one) for one in ("off", "daily", "weekly")])
    hour = serializers.IntegerField(min_value=0, max_value=23, default=7, help_text="On the clock of your zone.")
    weekday = serializers.IntegerField(min_value=0, max_value=6, default=0, help_text="0 is Monday; of weekly ones.")


class DigestOut(DigestIn):
    """The same, with when the next one comes."""

    next_at = serializers.DateTimeField(allow_null=True)


class WebhookOut(serializers.ModelSerializer[Endpoint]):
    """A webhook without its secret."""

    owner = serializers.SlugRelatedField[Any](slug_field="handle", read_only=True)
    events = serializers.ListField(child=serializers.CharField(), help_text="Names of events; none: every event.")
    has_old_secret = serializers.SerializerMethodField(help_text="Whether the secret before still signs as well.")

    class Meta:
        model = Endpoint
        fields = (
            "id",
            "url",
            "description",
            "events",
            "is_active",
            "failures",
            "has_old_secret",
            "owner",
            "created_at",
            "version",
        )
        read_only_fields = fields

    def get_has_old_secret(self, endpoint: Endpoint) -> bool:
        return bool(endpoint.old_secret)


class WebhookEditIn(Strict):
    """What may change; what is left out stays."""

    url = serializers.CharField(max_length=LONGEST_URL, required=False, help_text="https:// and a public host.")
    description = serializers.CharField(max_length=200, allow_blank=True, required=False)
    events = serializers.ListField(child=serializers.CharField(max_length=80), max_length=200, required=False)
    is_active = serializers.BooleanField(required=False)


class WebhookIn(Strict):
    """A new webhook."""

    url = serializers.CharField(max_length=LONGEST_URL, help_text="https:// and a public host.")
    description = serializers.CharField(max_length=200, allow_blank=True, default="")
    events = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=200, default=list, help_text="None: every event."
    )


class NewSecretOut(serializers.Serializer[NewSecret]):
    """A webhook with a new secret; the only answer that ever holds it. A replay carries null there."""

    webhook = WebhookOut(source="endpoint")
    secret = serializers.CharField(allow_null=True, help_text="Verifies the signatures; shown once.")


class SendingOut(serializers.ModelSerializer[Sending]):
    """One event on its way to one webhook."""

    webhook = serializers.IntegerField(source="endpoint_id")
    entry = serializers.IntegerField(source="entry_id", allow_null=True, help_text="Journal entry; null: a test.")

    class Meta:
        model = Sending
        fields = (
            "id",
            "webhook",
            "entry",
            "state",
            "attempts",
            "next_attempt_at",
            "status",
            "excerpt",
            "sent_at",
            "created_at",
        )
        read_only_fields = fields
        extra_kwargs = {
            "status": {"help_text": "HTTP status of the last answer; null: none came."},
            "excerpt": {"help_text": "Beginning of the last answer, or the error."},
        }


class FeedOut(serializers.ModelSerializer[Feed]):
    """A calendar feed of the caller's, without its address."""

    class Meta:
        model = Feed
        fields = ("id", "kind", "created_at", "read_at", "revoked_at")
        read_only_fields = fields


class FeedIn(Strict):
    """Which feed to open."""

    kind = serializers.CharField(max_length=40)


class NewFeedOut(serializers.Serializer[NewFeed]):
    """A new feed; the only answer that ever holds its address. A replay carries null there."""

    feed = FeedOut()
    address = serializers.CharField(allow_null=True, help_text="For a calendar program; whoever has it reads it.")
