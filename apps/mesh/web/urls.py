"""Addresses of the mesh pages."""

from django.urls import path

from apps.mesh.web import views

app_name = "mesh"
urlpatterns = [
    path("check/", views.check, name="check"),
    path("definitions/", views.definitions, name="definitions"),
]
