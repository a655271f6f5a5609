"""What catalogues say of APIs."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.clusters.formats.apis import LONGEST_ADDRESS, LONGEST_REMOTE, LONGEST_TYPE
from apps.clusters.models.catalogue import Component


class ApiDescription(models.Model):
    """What a catalogue says of a component that is an API: its type, and its document or where that lies."""

    component = models.OneToOneField(Component, on_delete=models.CASCADE, related_name="api")  # dies with it
    type = models.CharField(max_length=LONGEST_TYPE)
    definition = models.TextField(blank=True)
    definition_at = models.CharField(max_length=LONGEST_ADDRESS, blank=True)  # never called
    remotes = ArrayField(models.CharField(max_length=LONGEST_REMOTE), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(definition="") | models.Q(definition_at=""), name="api_document_in_one_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.component}"
