"""Addresses of the policies pages."""

from django.urls import path

from apps.policies.web import views

app_name = "policies"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<slug:slug>/", views.show, name="policy"),
    path("<slug:slug>/edit/", views.edit, name="edit"),
    path("<slug:slug>/analysis/", views.analysis, name="analysis"),
    path("<slug:slug>/answer/", views.ask, name="ask"),
    path("<slug:slug>/retirement/", views.retire, name="retire"),
    path("<slug:slug>/versions/<int:number>/", views.version, name="version"),
    path("<slug:slug>/versions/<int:number>/enablement/", views.enable, name="enable"),
    path("<slug:slug>/versions/<int:number>/discard/", views.discard, name="discard"),
]
