"""How journal entries and failed deliveries read over the API."""

from typing import Any

from rest_framework import serializers

from apps.journal.actions import digest_of
from apps.journal.events import words_for
from apps.journal.models import Delivery, Entry


class SubjectOut(serializers.Serializer[Entry]):
    """What an entry is about, as it was called then."""

    type = serializers.CharField(source="subject_type")
    id = serializers.IntegerField(source="subject_id")
    label = serializers.CharField(source="subject_label")  # type: ignore[assignment]  # a field here; the base has an attribute of that name


class EntryOut(serializers.ModelSerializer[Entry]):
    """One thing that happened, with its proof."""

    words = serializers.SerializerMethodField(help_text="What was done, as a timeline says it.")
    actor = serializers.SlugRelatedField[Any](
        slug_field="handle", read_only=True, allow_null=True, help_text="Null: the house itself, by a deadline."
    )
    subject = SubjectOut(source="*")
    data = serializers.DictField(child=serializers.JSONField(), help_text="What the event tells; ids and plain values.")  # type: ignore[assignment]  # likewise
    is_intact = serializers.SerializerMethodField(help_text="Whether the content still matches the digest.")

    class Meta:
        model = Entry
        fields = ("id", "event", "words", "at", "recorded_at", "actor", "subject", "data", "digest", "is_intact")
        read_only_fields = fields

    def get_words(self, entry: Entry) -> str:
        return words_for(entry.event)

    def get_is_intact(self, entry: Entry) -> bool:
        return digest_of(entry) == entry.digest


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    """One entry on its way to one subscriber."""

    entry = serializers.IntegerField(source="entry_id")
    event = serializers.CharField(source="entry.event")

    class Meta:
        model = Delivery
        fields = (
            "id",
            "entry",
            "event",
            "subscriber",
            "state",
            "attempts",
            "next_attempt_at",
            "last_error",
            "done_at",
        )
        read_only_fields = fields


class RetriesOut(serializers.Serializer[Any]):
    """How many deliveries were put back in line."""

    retried = serializers.IntegerField()
