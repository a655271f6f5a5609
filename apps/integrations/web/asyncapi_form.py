"""The form of AsyncAPI documents: pasted, or as a file."""

from typing import Any

from django import forms

from apps.clusters.web.forms import RefusableForm
from apps.integrations.checking import MOST_BYTES


class AsyncapiForm(RefusableForm):
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        required=False,
        max_length=MOST_BYTES,
        label="Document",
        help_text="YAML or JSON of version 2 or 3; several with “---” between them.",
    )
    file = forms.FileField(
        max_length=200, required=False, label="Or a file", help_text=f"At most {MOST_BYTES >> 20} MB."
    )

    def clean(self) -> dict[str, Any]:
        """The content that was sent one way or the other; refuses both, neither, and what is too large."""
        data = super().clean() or {}
        file, text = data.get("file"), data.get("text") or ""
        if bool(file) == bool(text.strip()):
            raise forms.ValidationError("Paste the document or choose a file, one of the two.")
        if file and file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file has more than {MOST_BYTES >> 20} MB.")
        data["content"] = file.read() if file else text.encode()
        return data
