"""Contracts as YAML: names in order, every text in quotes that some reader could take for something else."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

# Words that no version of YAML reads as anything but text: they begin with a letter, and hold no sign of YAML's.
_SAFE = re.compile(r"[A-Za-z$][A-Za-z0-9_/.$-]*(?: [A-Za-z0-9_/.-]+)*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


class _Quoting(yaml.SafeDumper):
    """YAML 1.1 and 1.2 disagree on what needs quotes (1e3, 0o17, on, 12:30), so whatever is in doubt has them."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always: values are written out wherever they stand."""
        del data
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_safe = _SAFE.fullmatch(text) is not None and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_safe else '"')


_Quoting.add_representer(str, _quoted)


def contract_text(document: Mapping[str, Any], *, comment: str) -> str:
    """The document as YAML; the same for the same. `comment` is one line, and stands above it."""
    text = yaml.dump(document, Dumper=_Quoting, sort_keys=True, allow_unicode=True, width=110)
    return f"# {' '.join(comment.split())}\n{text}"
