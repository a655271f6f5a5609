"""Addresses of the mesh pages."""

from django.urls import path

from apps.mesh.web import clusters, views

app_name = "mesh"
urlpatterns = [
    path("", clusters.listing, name="meshes"),
    path("clusters/<slug:slug>/", clusters.page, name="cluster"),
    path("clusters/<slug:slug>/describe/", clusters.describe, name="describe"),
    path("clusters/<slug:slug>/applied/", clusters.push, name="push"),
    path("clusters/<slug:slug>/manifests.yaml", clusters.manifests_file, name="manifests"),
    path("clusters/<slug:slug>/manifests.tar.gz", clusters.archive, name="archive"),
    path("edges/<int:pk>/", clusters.edge, name="edge"),
    path("check/", views.check, name="check"),
    path("definitions/", views.definitions, name="definitions"),
]
