from django.urls import path

from indicators import edit_views, views

PART = "instrumen/<slug:code>/ubah/<slug:kind>"

urlpatterns = [
    path("instrumen/", views.instrument_list, name="instrument_list"),
    # First: "impor" is no instrument's code (indicators.drafts).
    path("instrumen/impor/", edit_views.instrument_import, name="instrument_import"),
    path("instrumen/<slug:code>/", views.instrument, name="instrument"),
    path("instrumen/<slug:code>/salin/", edit_views.instrument_copy, name="instrument_copy"),
    path("instrumen/<slug:code>/berkas/", edit_views.instrument_file, name="instrument_file"),
    path("instrumen/<slug:code>/perbedaan/", edit_views.instrument_differences, name="instrument_differences"),
    path("instrumen/<slug:code>/terbitkan/", edit_views.instrument_publish, name="instrument_publish"),
    path("instrumen/<slug:code>/buang/", edit_views.instrument_discard, name="instrument_discard"),
    path("instrumen/<slug:code>/ubah/", edit_views.instrument_edit, name="instrument_edit"),
    path("instrumen/<slug:code>/ubah/rangka/", edit_views.instrument_frame, name="instrument_frame"),
    path(f"{PART}/", edit_views.instrument_part_add, name="instrument_part_add"),
    path(f"{PART}/<slug:part>/", edit_views.instrument_part, name="instrument_part"),
    path(f"{PART}/<slug:part>/hapus/", edit_views.instrument_part_remove, name="instrument_part_remove"),
]
