"""Choosing which column of a CSV is what."""

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.clusters.formats.catalog_csv import FIELDS, FILES, LISTS, Top
from apps.clusters.web.forms import RefusableForm

# Words by which others call our fields, for a first guess.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "slug": ("id", "key", "component", "service", "app", "application", "name"),
    "name": ("title", "display_name", "label", "service", "component"),
    "cluster": ("system", "domain", "group", "platform", "unit", "namespace", "product"),
    "kind": ("type", "category"),
    "tier": ("criticality", "priority"),
    "lifecycle": ("state", "status", "stage"),
    "description": ("summary", "purpose", "notes"),
    "owner_name": ("owner", "team", "squad"),
    "sites": ("site", "region", "regions", "location", "locations", "datacenter"),
    "tags": ("labels", "tag"),
    "consumer": ("from", "source", "from_service", "caller", "client"),
    "provider": ("to", "target", "to_service", "callee", "server", "depends_on"),
    "site": ("region", "location", "datacenter"),
    "host": ("node", "server", "machine", "hostname"),
    "runs": ("services", "components", "service"),
    "purpose": ("description",),
}


class ColumnsForm(RefusableForm):
    """One choice for each field of the kind of rows; what the file does not tell may be the same everywhere."""

    def __init__(self, *args: Any, rows: str, top: Top, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows, self.top = rows, top
        choices = [("", "not in the file"), *((name, name) for name in top.header if name)]
        for name in FILES[rows]:
            is_needed = name in FIELDS[rows][1]
            self.fields[name] = forms.ChoiceField(
                choices=choices, required=is_needed and name != "cluster", initial=self._guess(name), label=_label(name)
            )
        if "cluster" in self.fields:
            self.fields["fixed_cluster"] = forms.CharField(
                required=False, max_length=80, label="Or all of them in", help_text="Short name of one cluster."
            )
            names = list(self.fields)
            names.insert(names.index("cluster") + 1, names.pop())
            self.order_fields(names)
        if LISTS & set(self.fields):
            self.fields["split"] = forms.CharField(
                max_length=1, initial=";", label="Lists are parted by", required=False
            )

    def clean(self) -> dict[str, Any]:
        """Refuse rows that need a cluster and name none."""
        data = super().clean() or {}
        if "cluster" in FIELDS[self.rows][1] and not (data.get("cluster") or data.get("fixed_cluster")):
            self.add_error("cluster", "Choose a column, or name one cluster for all.")
        return data

    def column_map(self) -> dict[str, Any]:
        """What was chosen, as an import takes it."""
        data = self.cleaned_data
        columns: dict[str, Any] = {}
        for name in FILES[self.rows]:
            if data.get(name):
                split = {"split": data.get("split") or ";"} if name in LISTS else {}
                columns[name] = {"column": data[name], **split}
        if data.get("fixed_cluster"):
            columns["cluster"] = {"fixed": data["fixed_cluster"].strip()}
        return {"rows": self.rows, "columns": columns, "delimiter": self.top.delimiter}

    def _guess(self, name: str) -> str:
        """The column that is called as the field, or as others call it."""
        by_word = {column.strip().lower().replace(" ", "_").replace("-", "_"): column for column in self.top.header}
        return next((by_word[word] for word in (name, *ALIASES.get(name, ())) if word in by_word), "")


def _label(name: str) -> str:
    words = {"slug": "Short name", "owner_name": "Team", "kind": "Kind"}
    return words.get(name, name.replace("_", " ").capitalize())
