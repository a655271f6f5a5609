"""Addresses of a person's own settings and of the administration of people."""

from django.urls import path

from apps.accounts.web import administration, views

app_name = "accounts"
urlpatterns = [
    path("", views.settings_page, name="settings"),
    path("keys/", views.keys, name="keys"),
    path("keys/<int:key_id>/revocation/", views.revoke_key, name="revoke-key"),
    path("people/", administration.people, name="people"),
    path("people/new/", administration.new_person, name="new-person"),
    path("people/new-service/", administration.new_service, name="new-service"),
    path("people/<str:handle>/", administration.person, name="person"),
    path("people/<str:handle>/activity/", administration.activity, name="activity"),
    path("people/<str:handle>/keys/", administration.service_key, name="service-key"),
    path("people/<str:handle>/roles/", administration.grant, name="grant"),
    path("people/<str:handle>/roles/<str:role>/revocation/", administration.revoke, name="revoke"),
]
