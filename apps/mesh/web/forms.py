"""Forms of the mesh pages. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.clusters.web.forms import RefusableForm
from apps.mesh.formats import crds, manifests


class ManifestForm(RefusableForm):
    """Manifests to check: pasted, or as a file."""

    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        required=False,
        max_length=manifests.MOST_BYTES,
        label="Manifests",
        help_text="YAML of Kubernetes objects, with “---” between them.",
    )
    file = forms.FileField(
        max_length=200, required=False, label="Or a file", help_text=f"At most {manifests.MOST_BYTES >> 20} MB."
    )

    def clean(self) -> dict[str, Any]:
        """The content that was sent one way or the other; refuses both, neither, and what is too large."""
        data = super().clean() or {}
        file, text = data.get("file"), data.get("text") or ""
        if bool(file) == bool(text.strip()):
            raise forms.ValidationError("Paste the manifests or choose a file, one of the two.")
        if file and file.size > manifests.MOST_BYTES:
            raise forms.ValidationError(f"The file has more than {manifests.MOST_BYTES >> 20} MB.")
        data["content"] = file.read() if file else text.encode()
        return data


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
