"""Every address of the portal. Default deny: see `LOGIN_REQUIRED` views and the guard test."""

from django.urls import include, path

from spbe_portal import health, views

urlpatterns = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("api/v1/", include("spbe_portal.api.urls")),
    path("api/<path:rest>", views.api_not_found, name="api_unknown"),
    path("api/", views.api_not_found, name="api_unknown_version"),
    path("", include("accounts.urls")),
    path("", include("indicators.urls")),
    path("", include("assessments.urls")),
    path("", include("inventory.urls")),
    path("", include("reports.urls")),
]

handler400 = "spbe_portal.views.bad_request"
handler403 = "spbe_portal.views.permission_denied"
handler404 = "spbe_portal.views.page_not_found"
handler500 = "spbe_portal.views.server_error"
