"""The JSON door of the mesh: checking manifests, and the definitions they are checked by."""

from typing import Any, ClassVar

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door
from apps.accounts.rules import Scope
from apps.clusters.api.bodies import YamlParser, body_of
from apps.clusters.formats import yaml_documents
from apps.kernel.refusals import TooLarge
from apps.mesh import actions, checking
from apps.mesh.formats import crds
from apps.mesh.models import CrdBundle


class ProblemOut(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="Where, in the document.")
    sentence = serializers.CharField()
    layer = serializers.CharField(help_text="yaml, schema, rule, or the name of a message of Istio's analysis.")


class CheckedDocumentOut(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="Of the document in the file, from 1.")
    line = serializers.IntegerField(help_text="Its first line.")
    api_version = serializers.CharField()
    kind = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    verdict = serializers.CharField(help_text="valid, refused, or not_checked: no definition of its kind is at hand.")
    problems = ProblemOut(many=True)
    ignored = serializers.ListField(child=serializers.CharField(), help_text="Fields that its kind does not know.")


class ReportOut(serializers.Serializer[Any]):
    definitions_sha256 = serializers.CharField(source="bundle.sha256", allow_null=True, default=None)
    counts = serializers.DictField(child=serializers.IntegerField())
    documents = CheckedDocumentOut(many=True)


class CrdBundleOut(serializers.ModelSerializer[CrdBundle]):
    brought_by = serializers.CharField(source="brought_by.handle", read_only=True)
    kinds = serializers.SerializerMethodField(help_text="group/version kind, of each.")

    class Meta:
        model = CrdBundle
        fields = ("id", "file_name", "sha256", "size", "brought_by", "brought_at", "kinds")
        read_only_fields = fields

    def get_kinds(self, bundle: CrdBundle) -> list[str]:
        """What it defines."""
        return [str(one) for one in bundle.schemas.order_by("group", "kind", "api_version").defer("schema")]


class DefinitionsIn(Strict):
    """A file of CustomResourceDefinitions."""

    file = serializers.FileField(max_length=200)


class ManifestCheckView(Door):
    """Whether manifests are right."""

    parser_classes = (YamlParser,)
    takes_body = True
    scope_for_writes = Scope.READ

    @extend_schema(
        request={"application/yaml": {"type": "string", "maxLength": yaml_documents.MOST_BYTES}}, responses=ReportOut
    )
    def post(self, request: Request) -> Response:
        """Check every document of a body of YAML; nothing of it is kept.

        The answer is 200 whatever the verdicts are; a pipeline reads `counts`.
        """
        return Response(ReportOut(checking.check(body_of(request))).data)


class DefinitionsView(Door):
    """The definitions that manifests are checked by."""

    parser_classes = (MultiPartParser,)
    takes_body = True
    scope_for_writes: ClassVar[Scope | None] = Scope.CLUSTERS

    @extend_schema(responses=CrdBundleOut(many=True))
    def get(self, request: HttpRequest) -> Response:
        """The ones in force: one file, or none as long as nobody brought any."""
        del request
        bundle = checking.definitions_in_force()
        return Response(CrdBundleOut([bundle] if bundle else [], many=True).data)

    @extend_schema(request=DefinitionsIn, responses=CrdBundleOut)
    def post(self, request: Request) -> Response:
        """Bring others: chairs and administrators."""
        asked = DefinitionsIn(data=request.data)
        asked.is_valid(raise_exception=True)
        file = asked.validated_data["file"]
        if file.size > crds.MOST_BYTES:
            raise TooLarge(f"The file has more than {crds.MOST_BYTES >> 20} MB.", next_step="Send one project's alone.")
        bundle = actions.bring_definitions(file_name=file.name, content=file.read(), keeper=self.person, at=self.at)
        return Response(CrdBundleOut(bundle).data)
