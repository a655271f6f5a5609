"""The JSON door of policies: every act a page has, and the two questions a pipeline asks."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import NotFound
from apps.policies import actions, facts, queries
from apps.policies.api import serializers as s
from apps.policies.models import Policy, PolicyVersion
from apps.policies.rules.asking import facts_from
from apps.policies.rules.tables import table_from
from apps.policies.states import VersionState


class PolicyViewSet(ReadViewSet[Policy]):
    """Approval policies you may see, with their versions."""

    serializer_class = s.PolicyOut
    lookup_field = "slug"
    ordering = ("slug",)
    scope_for_writes = Scope.POLICIES
    version_field = None

    def rows(self) -> QuerySet[Policy]:
        return queries.policies_shown_to(self.person)

    @write(takes=s.PolicyIn, gives=s.PolicyOut, status=201)
    def create(self, data: dict[str, Any]) -> Policy:
        """Found the enterprise floor, or a cluster's policy."""
        cluster = visible_cluster(data["cluster"], self.person) if data.get("cluster") else None
        return actions.found_policy(
            founder=self.person, slug=data["slug"], name=data["name"], cluster=cluster, at=self.at
        )

    @action(detail=True, methods=["post"], url_path="draft")
    @write(takes=s.DraftIn, gives=s.VersionOut, status=201)
    def draft(self, data: dict[str, Any]) -> PolicyVersion:
        """Save a table as the draft; refused with every finding while it is not sound."""
        return actions.save_draft(policy_id=self.get_object().pk, author=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="enablement")
    @write(takes=s.EnableIn, gives=s.VersionOut)
    def enable(self, data: dict[str, Any]) -> PolicyVersion:
        """Put a draft of somebody else in force."""
        version = self._version(number=data["version"])
        return actions.enable_version(version_id=version.pk, enabler=self.person, digest=data["digest"], at=self.at)

    @action(detail=True, methods=["post"], url_path="retirement")
    @write(takes=s.PolicyReasonIn, gives=s.VersionOut)
    def retire(self, data: dict[str, Any]) -> PolicyVersion:
        """Take the version in force out of it."""
        version = self._version(state=VersionState.ENABLED)
        return actions.retire_version(version_id=version.pk, person=self.person, reason=data["reason"], at=self.at)

    @action(detail=True, methods=["post"], url_path="discard")
    @write(gives=s.VersionOut)
    def discard(self, _: dict[str, Any]) -> PolicyVersion:
        """Give the draft up."""
        version = self._version(state=VersionState.DRAFT)
        return actions.discard_draft(version_id=version.pk, person=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="analysis")
    @write(takes=s.RowsIn, gives=s.AnalysisOut)
    def analysis(self, data: dict[str, Any]) -> queries.Check:
        """Whether a table has gaps, contradictions or idle rules, and holds the floor; nothing is kept."""
        return queries.check(table_from(facts.columns(), data["rows"]), self.get_object(), on=self.at.date())

    @action(detail=True, methods=["post"], url_path="evaluation")
    @write(takes=s.FactsIn, gives=s.RulingOut)
    def evaluation(self, data: dict[str, Any]) -> queries.Decided:
        """What the policies in force in this scope require of these facts; nothing is kept."""
        given = facts_from(facts.columns(), data["facts"])
        decided = queries.required(given, cluster_id=self.get_object().cluster_id)
        if decided is None:
            raise NotFound("No policy is in force in this scope.", next_step="Put a version in force first.")
        return decided

    @action(detail=True)
    @read(gives=s.VersionOut, many=True)
    def versions(self) -> list[PolicyVersion]:
        """Its versions, the newest first."""
        return list(self.get_object().versions.all())

    def _version(self, **which: Any) -> PolicyVersion:
        found = self.get_object().versions.filter(**which).first()
        if found is None:
            raise NotFound("This policy has no such version.", next_step="Look at its versions.")
        return found
