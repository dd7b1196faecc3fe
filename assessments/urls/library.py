"""The agency's library of documents."""

from django.urls import path

from assessments.views import library, picker

urlpatterns = [
    path("pustaka/", library.document_list, name="document_list"),
    path("pustaka/unggah/", library.document_add, name="document_add"),
    path("pustaka/<int:pk>/", library.document, name="document"),
    path("pustaka/<int:pk>/ubah/", library.document_edit, name="document_edit"),
    path("pustaka/<int:pk>/versi-baru/", library.document_version, name="document_version"),
    path("pustaka/<int:pk>/pakai-versi-baru/", library.document_use, name="document_use"),
    path("pustaka/<int:pk>/hapus/", library.document_remove, name="document_remove"),
    path("pustaka/versi/<int:pk>/unduh/", library.document_download, name="document_download"),
    path("pustaka/versi/<int:pk>/halaman/<int:page>/", library.document_preview, name="document_preview"),
    path("penilaian/<int:pk>/indikator/<slug:code>/pustaka/", picker.evidence_pick, name="evidence_pick"),
]
