"""Bodies that are no JSON: YAML as it is sent, for the readers of `formats.yaml_documents`."""

from typing import Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from apps.clusters.formats import yaml_documents
from apps.kernel.refusals import TooLarge


class YamlParser(BaseParser):
    """The body as it is: YAML is read within bounds by `yaml_documents`, not by a parser of the framework."""

    media_type = "application/yaml"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The bytes; refuses more than the bound before keeping them."""
        del media_type, parser_context
        content: bytes = stream.read(yaml_documents.MOST_BYTES + 1)
        if len(content) > yaml_documents.MOST_BYTES:
            raise TooLarge(
                f"The body has more than {yaml_documents.MOST_BYTES >> 20} MB.", next_step="Send them in parts."
            )
        return content


def body_of(request: Request) -> bytes:
    """The bytes that `YamlParser` read; none where nothing was sent: then no parser is asked."""
    sent: object = request.data
    return sent if isinstance(sent, bytes) else b""
