"""Addresses of the trust pages."""

from django.urls import path

from apps.trust.web import views, ways

app_name = "trust"
urlpatterns = [
    path("", views.listing, name="domains"),
    path("ways/", ways.page, name="ways"),
    path("check/", views.check_token, name="check"),
    path("new/<slug:slug>/", views.declare, name="declare"),
    path("<int:pk>/", views.page, name="domain"),
    path("<int:pk>/edit/", views.describe, name="describe"),
    path("<int:pk>/bundle/", views.upload, name="upload"),
    path("<int:pk>/bundle.json", views.bundle, name="bundle"),
    path("<int:pk>/request-authentication.yaml", views.manifest, name="manifest"),
    path("<int:pk>/rotations/", views.plan_rotation, name="plan_rotation"),
    path("<int:pk>/links/", views.propose, name="propose"),
    path("links/<int:pk>/agreement/", views.agree, name="agree"),
    path("links/<int:pk>/end/", views.end, name="end"),
]
