from django.urls import URLPattern, path

from assessments.views import evidence, fill, home, submit

_ANSWER = "penilaian/<int:pk>/indikator/<slug:code>/"

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("sesi/", home.session_state, name="session_state"),
    path("penilaian/<int:pk>/", fill.sheet, name="sheet"),
    path("penilaian/<int:pk>/indeks/", fill.index_breakdown, name="index_breakdown"),
    path("penilaian/<int:pk>/ajukan/", submit.submit, name="submit"),
    path("penilaian/<int:pk>/tarik/", submit.withdraw, name="withdraw"),
    path(_ANSWER, fill.answer, name="answer"),
    path(f"{_ANSWER}simpan/", fill.answer_save, name="answer_save"),
    path(f"{_ANSWER}tanggapan/", fill.reply, name="reply"),
    path(f"{_ANSWER}bukti/", evidence.evidence_add, name="evidence_add"),
    path(f"{_ANSWER}bukti/pakai-lagi/", evidence.evidence_reuse, name="evidence_reuse"),
    path(f"{_ANSWER}bukti/<int:evidence_pk>/", evidence.evidence_edit, name="evidence_edit"),
    path(f"{_ANSWER}bukti/<int:evidence_pk>/hapus/", evidence.evidence_remove, name="evidence_remove"),
    path("bukti/<int:pk>/unduh/", evidence.evidence_download, name="evidence_download"),
    path("bukti/<int:pk>/halaman/<int:page>/", evidence.evidence_page, name="evidence_page"),
]
