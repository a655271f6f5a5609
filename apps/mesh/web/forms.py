"""Forms of the mesh pages. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.clusters.formats import yaml_documents
from apps.clusters.web.forms import RefusableForm
from apps.mesh.formats import crds
from apps.mesh.rules.profiles import MOST_ATTEMPTS, MOST_MS, MOST_PORT, MOST_REQUESTS


class ManifestForm(RefusableForm):
    """Manifests to check: pasted, or as a file."""

    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        required=False,
        max_length=yaml_documents.MOST_BYTES,
        label="Manifests",
        help_text="YAML of Kubernetes objects, with “---” between them.",
    )
    file = forms.FileField(
        max_length=200, required=False, label="Or a file", help_text=f"At most {yaml_documents.MOST_BYTES >> 20} MB."
    )

    def clean(self) -> dict[str, Any]:
        """The content that was sent one way or the other; refuses both, neither, and what is too large."""
        data = super().clean() or {}
        file, text = data.get("file"), data.get("text") or ""
        if bool(file) == bool(text.strip()):
            raise forms.ValidationError("Paste the manifests or choose a file, one of the two.")
        if file and file.size > yaml_documents.MOST_BYTES:
            raise forms.ValidationError(f"The file has more than {yaml_documents.MOST_BYTES >> 20} MB.")
        data["content"] = file.read() if file else text.encode()
        return data


class AppliedForm(ManifestForm):
    """What is applied in a cluster."""

    field_order = ("file", "text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = "Or pasted"
        self.fields["file"].label = "What is applied"
        self.fields["text"].widget.attrs["rows"] = 4


class ProfileForm(RefusableForm):
    """What a cluster's mesh is called and how it is reached."""

    namespace = forms.CharField(max_length=63, help_text="Where its workloads run: small letters, digits, hyphens.")
    gateway = forms.CharField(
        max_length=253,
        required=False,
        label="East-west gateway",
        help_text="The host or address at which other meshes reach it. Empty: none does.",
    )
    gateway_port = forms.IntegerField(min_value=1, max_value=MOST_PORT, initial=15_443, label="Its port")
    sampling_percent = forms.DecimalField(
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        initial=1,
        label="Traces kept",
        help_text="Percent of requests.",
    )
    tracing_provider = forms.CharField(
        max_length=100,
        required=False,
        label="Traces go to",
        help_text="A provider of the mesh's configuration. Empty: its default.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class EdgePolicyForm(RefusableForm):
    """How one edge is called."""

    timeout_ms = forms.IntegerField(min_value=1, max_value=MOST_MS, label="A call may take", help_text="Milliseconds.")
    attempts = forms.IntegerField(
        min_value=0,
        max_value=MOST_ATTEMPTS,
        label="Repeated at most",
        help_text="Only what the callee never worked on is repeated.",
    )
    per_try_ms = forms.IntegerField(
        min_value=1, max_value=MOST_MS, label="Each try may take", help_text="Milliseconds."
    )
    most_requests = forms.IntegerField(min_value=1, max_value=MOST_REQUESTS, label="Requests under way at most")
    error_limit = forms.IntegerField(
        min_value=1, max_value=1_000, label="Errors in a row", help_text="After which an endpoint is left out."
    )
    ejection_s = forms.IntegerField(min_value=1, max_value=3_600, label="Left out for", help_text="Seconds, at first.")


class DefinitionsForm(RefusableForm):
    file = forms.FileField(
        max_length=200,
        label="Definitions",
        help_text=f"CustomResourceDefinitions as their project publishes them; at most {crds.MOST_BYTES >> 20} MB.",
    )

    def clean_file(self) -> Any:
        """Refuse what is over the bound before reading it."""
        file = self.cleaned_data["file"]
        if file.size > crds.MOST_BYTES:
            raise forms.ValidationError(f"The file has more than {crds.MOST_BYTES >> 20} MB.")
        return file
