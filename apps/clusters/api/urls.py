"""Addresses of the clusters API."""

from rest_framework.routers import SimpleRouter

from apps.clusters.api.findings import FindingViewSet
from apps.clusters.api.viewsets import CatalogImportViewSet, ClusterViewSet, ComponentViewSet, DependencyViewSet

router = SimpleRouter()
router.register("clusters", ClusterViewSet, basename="clusters")
router.register("components", ComponentViewSet, basename="components")
router.register("dependencies", DependencyViewSet, basename="dependencies")
router.register("findings", FindingViewSet, basename="findings")
router.register("catalog-imports", CatalogImportViewSet, basename="catalog-imports")

urlpatterns = router.urls
