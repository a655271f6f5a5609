"""Addresses of the notify API."""

from rest_framework.routers import SimpleRouter

from apps.notify.api.viewsets import FeedViewSet, NoticeViewSet, SendingViewSet, WebhookViewSet

router = SimpleRouter()
router.register("inbox", NoticeViewSet, basename="inbox")
router.register("webhooks", WebhookViewSet, basename="webhooks")
router.register("webhook-sendings", SendingViewSet, basename="webhook-sendings")
router.register("feeds", FeedViewSet, basename="feeds")

urlpatterns = router.urls
