"""/api/v1/: every address's name begins with `api_`. Each app lists its own (`<app>/api/urls.py`)."""

from django.urls import include, path

from spbe_portal.api.views import Root, Schema, docs

urlpatterns = [
    path("", Root.as_view(), name="api_root"),
    path("docs/", docs, name="api_docs"),
    path("schema/", Schema.as_view(), name="api_schema"),
    path("", include("accounts.api.urls")),
    path("", include("indicators.api.urls")),
    path("", include("assessments.api.urls")),
    path("", include("inventory.api.urls")),
    path("", include("reports.api.urls")),
]
