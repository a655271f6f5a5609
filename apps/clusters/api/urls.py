"""Addresses of the clusters API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.clusters.api.boundaries import CharterViewSet, LensView, SiteViewSet, TransferRuleViewSet
from apps.clusters.api.conventions import ConventionCheckView, ConventionScanView, ConventionViewSet
from apps.clusters.api.findings import FindingViewSet
from apps.clusters.api.map import MapView, PathView
from apps.clusters.api.running import CatalogExportView, LooseEndViewSet, PlacementViewSet
from apps.clusters.api.search import CatalogSearchView
from apps.clusters.api.viewsets import CatalogImportViewSet, ClusterViewSet, ComponentViewSet, DependencyViewSet

router = SimpleRouter()
router.register("clusters", ClusterViewSet, basename="clusters")
router.register("components", ComponentViewSet, basename="components")
router.register("dependencies", DependencyViewSet, basename="dependencies")
router.register("findings", FindingViewSet, basename="findings")
router.register("catalog-imports", CatalogImportViewSet, basename="catalog-imports")
router.register("placements", PlacementViewSet, basename="placements")
router.register("loose-ends", LooseEndViewSet, basename="loose-ends")

router.register("charters", CharterViewSet, basename="charters")
router.register("transfer-rules", TransferRuleViewSet, basename="transfer-rules")
router.register("sites", SiteViewSet, basename="sites")
router.register("conventions", ConventionViewSet, basename="conventions")

urlpatterns = [
    path("boundary-lens/", LensView.as_view(), name="boundary-lens"),
    path("catalog/export/", CatalogExportView.as_view(), name="catalog-export"),
    path("catalog/search/", CatalogSearchView.as_view(), name="catalog-search"),
    path("map/", MapView.as_view(), name="map"),
    path("map/path/", PathView.as_view(), name="map-path"),
    path("conventions/check/", ConventionCheckView.as_view(), name="convention-check"),
    path("conventions/scan/", ConventionScanView.as_view(), name="convention-scan"),
    *router.urls,
]
