"""The ministry's result: beside the government's own, and brought in."""

from django.urls import path

from assessments.views import external

urlpatterns = [
    path("pemda/<int:pk>/perbandingan/", external.external_comparison, name="external_comparison"),
    path("pemda/<int:pk>/perbandingan/unduh/", external.external_export, name="external_export"),
    path("pemda/<int:pk>/hasil-kementerian/", external.external_import, name="external_import"),
    path(
        "pemda/<int:pk>/hasil-kementerian/templat/", external.external_import_template, name="external_import_template"
    ),
    path(
        "pemda/<int:pk>/hasil-kementerian/<int:draft_pk>/",
        external.external_import_review,
        name="external_import_review",
    ),
]
