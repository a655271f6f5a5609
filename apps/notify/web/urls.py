"""Addresses of notify's pages."""

from django.urls import path

from apps.notify.web import views

app_name = "notify"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.mark_read, name="mark-read"),
    path("inbox/unread/", views.mark_unread, name="mark-unread"),
    path("inbox/preferences/", views.preferences, name="preferences"),
    path("inbox/digest/", views.set_digest, name="set-digest"),
    path("inbox/<int:notice_id>/", views.open_notice, name="open"),
    path("inbox/feeds/", views.open_feed, name="open-feed"),
    path("inbox/feeds/<int:feed_id>/revocation/", views.revoke_feed, name="revoke-feed"),
    path("feeds/<str:token>.ics", views.feed, name="feed"),
    path("webhooks/", views.endpoints, name="webhooks"),
    path("webhooks/new/", views.add_endpoint, name="add-webhook"),
    path("webhooks/<int:endpoint_id>/", views.endpoint, name="webhook"),
    path("webhooks/<int:endpoint_id>/switch/", views.switch, name="switch-webhook"),
    path("webhooks/<int:endpoint_id>/secret/", views.rotate, name="rotate-webhook"),
    path("webhooks/<int:endpoint_id>/secret/old/", views.end_rotation, name="end-rotation"),
    path("webhooks/<int:endpoint_id>/test/", views.ping, name="test-webhook"),
    path("webhooks/sendings/<int:sending_id>/again/", views.resend, name="resend"),
]
