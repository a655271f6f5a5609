"""Every address of the house: pages, API, health."""

from django.urls import include, path

from apps.accounts.api.views import SchemaView
from apps.accounts.web.views import api_reference
from apps.portal.web import health

handler400 = "apps.portal.web.errors.bad_request"
handler403 = "apps.portal.web.errors.forbidden"
handler404 = "apps.portal.web.errors.not_found"
handler500 = "apps.portal.web.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.prometheus, name="prometheus"),
    path("accounts/", include("allauth.urls")),
    path("account/", include("apps.accounts.web.urls")),
    path("", include("apps.portal.web.urls")),
    path("", include("apps.notify.web.urls")),
    path("clusters/", include("apps.clusters.web.urls")),
    path("mesh/", include("apps.mesh.web.urls")),
    path("trust/", include("apps.trust.web.urls")),
    path("stakeholders/", include("apps.stakeholders.web.urls")),
    path("integrations/", include("apps.integrations.web.urls")),
    path("", include("apps.windows.web.urls")),
    path("policies/", include("apps.policies.web.urls")),
    path("", include("apps.cab.web.urls")),
    path("meetings/", include("apps.meetings.web.urls")),
    path("api/v1/schema/", SchemaView.as_view(), name="schema"),
    path("api/v1/docs/", api_reference, name="api-docs"),
    path("api/v1/", include("apps.accounts.api.urls")),
    path("api/v1/", include("apps.notify.api.urls")),
    path("api/v1/", include("apps.clusters.api.urls")),
    path("api/v1/", include("apps.trust.api.urls")),
    path("api/v1/", include("apps.integrations.api.urls")),
    path("api/v1/", include("apps.mesh.api.urls")),
    path("api/v1/", include("apps.stakeholders.api.urls")),
    path("api/v1/", include("apps.windows.api.urls")),
    path("api/v1/", include("apps.policies.api.urls")),
    path("api/v1/", include("apps.cab.api.urls")),
    path("api/v1/", include("apps.meetings.api.urls")),
    path("api/v1/", include("apps.portal.api.urls")),
]
