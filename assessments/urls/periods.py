from django.urls import path

from assessments.views import copies, past, periods, results

urlpatterns = [
    path("periode/", periods.period_list, name="period_list"),
    path("periode/baru/", periods.period_create, name="period_create"),
    path("periode/riwayat/", past.past_import, name="past_import"),
    path("periode/riwayat/unduh/", past.past_export, name="past_export"),
    path("periode/riwayat/<int:pk>/", past.past_review, name="past_review"),
    path("periode/<int:pk>/", periods.period, name="period"),
    path("periode/<int:pk>/hapus-riwayat/", past.past_remove, name="past_remove"),
    path("periode/<int:pk>/ubah/", periods.period_edit, name="period_edit"),
    path("periode/<int:pk>/buka/", periods.period_open, name="period_open"),
    path("periode/<int:pk>/finalkan/", periods.period_finalise, name="period_finalise"),
    path("periode/<int:pk>/batalkan/", periods.period_cancel, name="period_cancel"),
    path("periode/<int:pk>/salin-jawaban/", copies.period_copy, name="period_copy"),
    path("penilaian/<int:pk>/perpanjang/", periods.extend, name="extend"),
    path("penilaian/<int:pk>/buka-kembali/", periods.reopen, name="reopen"),
    path("penilaian/<int:pk>/batalkan/", periods.cancel, name="cancel"),
    path("hasil/", results.results, name="results"),
]
