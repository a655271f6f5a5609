"""The JSON door of checking AsyncAPI documents."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.viewsets import Door
from apps.accounts.rules import Scope
from apps.clusters.api.bodies import YamlParser, body_of
from apps.integrations import checking


class AsyncapiFaultOut(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="Where, as JSONPath; empty: the document cannot be read.")
    sentence = serializers.CharField()
    layer = serializers.CharField(help_text="yaml, schema, bindings, or the name of a rule.")


class AsyncapiDocumentOut(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="Of the document in the file, from 1.")
    line = serializers.IntegerField(help_text="Its first line.")
    version = serializers.CharField(help_text="Of the specification, as the document says.")
    title = serializers.CharField()
    verdict = serializers.CharField(help_text="valid or refused.")
    faults = AsyncapiFaultOut(many=True)
    notes = AsyncapiFaultOut(many=True, help_text="What is odd, and no fault.")


class AsyncapiReportOut(serializers.Serializer[Any]):
    counts = serializers.DictField(child=serializers.IntegerField())
    versions = serializers.ListField(child=serializers.CharField(), help_text="Versions that can be checked.")
    documents = AsyncapiDocumentOut(many=True)


class AsyncapiCheckView(Door):
    """Whether AsyncAPI documents are right."""

    parser_classes = (YamlParser,)
    takes_body = True
    scope_for_writes = Scope.READ

    @extend_schema(
        request={"application/yaml": {"type": "string", "maxLength": checking.MOST_BYTES}},
        responses=AsyncapiReportOut,
    )
    def post(self, request: Request) -> Response:
        """Check every document of a body of YAML or JSON; nothing of it is kept.

        The answer is 200 whatever the verdicts are; a pipeline reads `counts`.
        """
        return Response(AsyncapiReportOut(checking.check(body_of(request))).data)
