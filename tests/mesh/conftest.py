"""What the tests of the mesh share: a small set of definitions, in the dialect that Kubernetes speaks."""

import pytest

from apps.mesh import actions

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
