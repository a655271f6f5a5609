"""What the tests of the mesh share: a small set of definitions, in the dialect that Kubernetes speaks."""

import pytest
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.clusters import actions as map_actions
from apps.mesh import actions, queries
from tests.conftest import make_person

DEFINITIONS = b"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gates.halden.example}
spec:
  group: halden.example
  names: {kind: Gate, plural: gates}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [width]
              x-kubernetes-validations:
                - rule: "!has(self.low) || self.low <= self.width"
                  message: low may not exceed width
              properties:
                width: {type: integer, format: int32, minimum: 1}
                low: {type: integer}
                colour: {type: string, enum: [red, green], nullable: true}
                port: {x-kubernetes-int-or-string: true}
                url:
                  type: string
                  x-kubernetes-validations: [{rule: 'url(self).getScheme() in ["http", "https"]'}]
                wait:
                  type: string
                  x-kubernetes-validations: [{rule: "duration(self) >= duration('1ms')"}]
                posts:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items: {type: object, required: [name], properties: {name: {type: string}}}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""


def gate(spec: str, name: str = "north") -> str:
    return f"apiVersion: halden.example/v1\nkind: Gate\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"


@pytest.fixture
def defined(ben, noon):
    return actions.bring_definitions(file_name="gates.yaml", content=DEFINITIONS, keeper=ben, at=noon)


def values(namespace, **more):
    return {
        "namespace": namespace,
        "gateway": "",
        "gateway_port": 15443,
        "sampling_percent": 1,
        "tracing_provider": "",
    } | more


@pytest.fixture
def nora(db, logistics):
    person = make_person("nora", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", person, logistics)
    return person


@pytest.fixture
def edge(ledger, dispatch, nora, noon):
    return map_actions.declare_dependency(consumer_id=dispatch.pk, provider_id=ledger.pk, declarer=nora, at=noon)


@pytest.fixture
def described(omar, payments, noon):
    return actions.describe_profile(cluster=payments, editor=omar, version=0, values=values("pay"), at=noon)


@pytest.fixture
def estate(described, edge, payments):
    return queries.estate_of(payments)
