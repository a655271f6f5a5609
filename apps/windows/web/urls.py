"""Addresses of the windows pages."""

from django.urls import path

from apps.windows.web import views

app_name = "windows"
urlpatterns = [
    path("windows/", views.listing, name="windows"),
    path("windows/new/", views.plan, name="plan"),
    path("windows/<int:pk>/", views.page, name="window"),
    path("windows/<int:pk>/edit/", views.change, name="change"),
    path("windows/<int:pk>/retirement/", views.retire, name="retire"),
]
