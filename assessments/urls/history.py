"""Who did what: of an assessment, of an indicator, of everything; and decisions side by side."""

from django.urls import path

from assessments.views import consistency, history

urlpatterns = [
    path("penilaian/<int:pk>/riwayat/", history.history, name="history"),
    path("penilaian/<int:pk>/riwayat/unduh/", history.history_export, name="history_export"),
    path("penilaian/<int:pk>/indikator/<slug:code>/riwayat/", history.answer_history, name="answer_history"),
    path("jejak-audit/", history.audit_trail, name="audit_trail"),
    path("jejak-audit/unduh/", history.audit_trail_export, name="audit_trail_export"),
    path("periode/<int:pk>/konsistensi/", consistency.consistency, name="consistency"),
]
