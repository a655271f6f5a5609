"""Addresses of the portal's pages."""

from django.urls import path

from apps.portal.web import journal, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("preferences/", views.preferences, name="preferences"),
    path("design", views.design, name="design"),
    path("journal/", journal.listing, name="journal"),
    path("journal/entries.<str:kind>", journal.entries, name="journal-export"),
    path("journal/<int:entry_id>/", journal.show, name="journal-entry"),
    path("deliveries/", journal.deliveries, name="deliveries"),
    path("deliveries/retry/", journal.retry, name="retry-deliveries"),
]
