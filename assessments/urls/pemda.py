"""The government as a whole: assignments, determination, roadmap, follow-ups."""

from django.urls import path

from assessments.views import assignments, determination, followups, projection, roadmap

urlpatterns = [
    path("periode/<int:pk>/penugasan/", assignments.assignments, name="assignments"),
    path("periode/<int:pk>/penugasan/simpan/", assignments.assignments_save, name="assignments_save"),
    path("periode/<int:pk>/penugasan/pola/", assignments.assignments_preset, name="assignments_preset"),
    path("periode/<int:pk>/penugasan/unduh/", assignments.assignments_export, name="assignments_export"),
    path("periode/<int:pk>/penugasan/unggah/", assignments.assignments_import, name="assignments_import"),
    path("pemda/penetapan/", determination.determination, name="determination"),
    path("pemda/<int:pk>/penetapan/usulan/", determination.determine_suggested, name="determine_suggested"),
    path("pemda/<int:pk>/penetapan/finalkan/", determination.determination_finalise, name="determination_finalise"),
    path("pemda/<int:pk>/penetapan/buka-kembali/", determination.determination_reopen, name="determination_reopen"),
    path("pemda/<int:pk>/penetapan/<slug:code>/", determination.determine, name="determine"),
    path("pemda/<int:pk>/penetapan/<slug:code>/hapus/", determination.determination_clear, name="determination_clear"),
    path("pemda/<int:pk>/eksternal/<slug:code>/", determination.external_level, name="external_level"),
    path("pemda/peta-jalan/", roadmap.roadmap, name="roadmap"),
    path("pemda/peta-jalan/menuju/", projection.roadmap_projection, name="roadmap_projection"),
    path("pemda/<int:pk>/peta-jalan/hitung/", roadmap.roadmap_compute, name="roadmap_compute"),
    path("pemda/<int:pk>/peta-jalan/simpan/", roadmap.roadmap_save, name="roadmap_save"),
    path("tindak-lanjut/", followups.followup_list, name="followup_list"),
    path("tindak-lanjut/baru/", followups.followup_create, name="followup_create"),
    path("tindak-lanjut/dari-verifikasi/", followups.followup_from_reviews, name="followup_from_reviews"),
    path("tindak-lanjut/dari-peta-jalan/", followups.followup_from_plan, name="followup_from_plan"),
    path("tindak-lanjut/<int:pk>/", followups.followup, name="followup"),
    path("tindak-lanjut/<int:pk>/ubah/", followups.followup_edit, name="followup_edit"),
    path("tindak-lanjut/<int:pk>/lapor/", followups.followup_report, name="followup_report"),
    path("tindak-lanjut/<int:pk>/tutup/", followups.followup_close, name="followup_close"),
    path("tindak-lanjut/<int:pk>/bukti/", followups.followup_proof, name="followup_proof"),
]
