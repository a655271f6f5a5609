"""Addresses of the stakeholder API."""

from rest_framework.routers import SimpleRouter

from apps.stakeholders.api.initiatives import InitiativeViewSet
from apps.stakeholders.api.people import AuthorityViewSet, InfluenceViewSet, StakeholderViewSet

router = SimpleRouter()
router.register("initiatives", InitiativeViewSet, basename="initiatives")
router.register("stakeholders", StakeholderViewSet, basename="stakeholders")
router.register("authorities", AuthorityViewSet, basename="authorities")
router.register("influences", InfluenceViewSet, basename="influences")

urlpatterns = router.urls
