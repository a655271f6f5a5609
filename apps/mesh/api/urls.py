"""Addresses of the mesh API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.mesh.api.views import DefinitionsView, ManifestCheckView
from apps.mesh.api.viewsets import MeshAppliedView, MeshArchiveView, MeshManifestsView, MeshViewSet

router = SimpleRouter()
router.register("meshes", MeshViewSet, basename="meshes")

urlpatterns = [
    path("mesh/manifest-checks/", ManifestCheckView.as_view(), name="mesh-manifest-checks"),
    path("mesh/definitions/", DefinitionsView.as_view(), name="mesh-definitions"),
    path("meshes/<str:slug>/manifests/", MeshManifestsView.as_view(), name="meshes-manifests"),
    path("meshes/<str:slug>/archive/", MeshArchiveView.as_view(), name="meshes-archive"),
    path("meshes/<str:slug>/applied/", MeshAppliedView.as_view(), name="meshes-applied"),
    *router.urls,
]
