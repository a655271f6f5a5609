"""Addresses of the clusters pages."""

from django.urls import path

from apps.clusters.web.views import boundaries, charters, clusters, components, findings, imports, parts
from apps.clusters.web.views import map as the_map
from apps.clusters.web.views import boundaries, charters, clusters, components, conventions, findings, imports, parts

app_name = "clusters"
urlpatterns = [
    path("", clusters.listing, name="list"),
    path("new/", clusters.found, name="found"),
    path("import/", imports.upload, name="import"),
    path("import/<int:pk>/", imports.preview, name="catalog_import"),
    path("import/<int:pk>/application/", imports.apply, name="apply_import"),
    path("import/<int:pk>/rejected.csv", imports.rejected, name="import_rejected"),
    path("components/<int:pk>/", components.page, name="component"),
    path("components/<int:pk>/edit/", components.edit, name="edit_component"),
    path("components/<int:pk>/graph.json", components.graph, name="component_graph"),
    path("components/<int:pk>/dependencies/", components.depend, name="depend"),
    path("components/<int:pk>/parts/", parts.appoint_to_component, name="appoint_to_component"),
    path("components/<int:pk>/parts/dismissal/", parts.dismiss_from_component, name="dismiss_from_component"),
    path("dependencies/<int:pk>/withdrawal/", components.withdraw, name="withdraw"),
    path("map/", the_map.page, name="map"),
    path("findings/", findings.listing, name="findings"),
    path("findings/<int:pk>/", findings.page, name="finding"),
    path("findings/<int:pk>/waiver/", findings.waive, name="waive_finding"),
    path("findings/<int:pk>/waiver/end/", findings.end_waiver, name="end_waiver"),
    path("transfers/", boundaries.transfers, name="transfers"),
    path("transfers/<int:pk>/repeal/", boundaries.repeal, name="repeal_transfer"),
    path("sites/", boundaries.sites, name="sites"),
    path("lens/", boundaries.lens, name="lens"),
    path("conventions/", conventions.listing, name="conventions"),
    path("conventions/new/", conventions.make, name="make_convention"),
    path("conventions/scan/", conventions.scan, name="scan"),
    path("conventions/names/", conventions.try_names, name="try_names"),
    path("conventions/<int:pk>/", conventions.page, name="convention"),
    path("conventions/<int:pk>/edit/", conventions.change, name="change_convention"),
    path("conventions/<int:pk>/retirement/", conventions.retire, name="retire_convention"),
    path("conventions/<int:pk>/exemptions/", conventions.exempt, name="exempt"),
    path("conventions/exemptions/<int:pk>/end/", conventions.end_exemption, name="end_exemption"),
    path("charters/<int:pk>/", charters.page, name="charter"),
    path("charters/<int:pk>/edit/", charters.rewrite, name="rewrite_charter"),
    path("charters/<int:pk>/proposal/", charters.propose, name="propose_charter"),
    path("charters/<int:pk>/approval/", charters.approve, name="approve_charter"),
    path("charters/<int:pk>/return/", charters.send_back, name="return_charter"),
    path("charters/<int:pk>/withdrawal/", charters.withdraw, name="withdraw_charter"),
    path("dependencies/<int:pk>/edit/", components.describe_dependency, name="describe_dependency"),
    path("<slug:slug>/charter/", charters.of_cluster, name="charters"),
    path("<slug:slug>/charter/new/", charters.draft, name="draft_charter"),
    path("<slug:slug>/", clusters.page, name="cluster"),
    path("<slug:slug>/edit/", clusters.edit, name="edit_cluster"),
    path("<slug:slug>/components/new/", components.add, name="add_component"),
    path("<slug:slug>/parts/", parts.appoint_to_cluster, name="appoint_to_cluster"),
    path("<slug:slug>/parts/dismissal/", parts.dismiss_from_cluster, name="dismiss_from_cluster"),
]
