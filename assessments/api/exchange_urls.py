"""What comes from elsewhere, and what is made of it."""

from django.urls import path

from assessments.api import external

_PERIOD = "periods/<int:pk>/"

urlpatterns = [
    path(f"{_PERIOD}external/", external.ExternalImport.as_view(), name="api_external_import"),
    path(f"{_PERIOD}comparison/", external.ExternalComparison.as_view(), name="api_comparison"),
]
