"""Results and evidence as files."""

from django.urls import URLPattern, path

from assessments.views import exports

urlpatterns: list[URLPattern] = [
    path("penilaian/<int:pk>/bukti-dukung/unduh/", exports.evidence_export, name="evidence_export"),
    path("periode/<int:pk>/hasil/unduh/", exports.results_export, name="results_export"),
    path("periode/<int:pk>/bukti-dukung/unduh/", exports.period_evidence_export, name="period_evidence_export"),
]
