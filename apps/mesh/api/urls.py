"""Addresses of the mesh API."""

from django.urls import path

from apps.mesh.api.views import DefinitionsView, ManifestCheckView

urlpatterns = [
    path("mesh/manifest-checks/", ManifestCheckView.as_view(), name="mesh-manifest-checks"),
    path("mesh/definitions/", DefinitionsView.as_view(), name="mesh-definitions"),
]
