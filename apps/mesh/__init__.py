"""The service mesh: whether manifests are right, by the official schemas, their own rules, and across resources.

Words: a *manifest* is one YAML document of a Kubernetes object, a *bundle* of definitions (CRDs) says what kinds there
are and what each must hold, a *verdict* says of one document: valid, refused, or not checked.
"""
