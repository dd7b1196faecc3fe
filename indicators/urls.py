from django.urls import path

from indicators import views
from indicators.editor import views as editor_views

PART = "instrumen/<slug:code>/ubah/<slug:kind>"

urlpatterns = [
    path("instrumen/", views.instrument_list, name="instrument_list"),
    # First: "impor" is no instrument's code (indicators.editor.drafts).
    path("instrumen/impor/", editor_views.instrument_import, name="instrument_import"),
    path("instrumen/<slug:code>/", views.instrument, name="instrument"),
    path("instrumen/<slug:code>/salin/", editor_views.instrument_copy, name="instrument_copy"),
    path("instrumen/<slug:code>/berkas/", editor_views.instrument_file, name="instrument_file"),
    path("instrumen/<slug:code>/perbedaan/", editor_views.instrument_differences, name="instrument_differences"),
    path("instrumen/<slug:code>/terbitkan/", editor_views.instrument_publish, name="instrument_publish"),
    path("instrumen/<slug:code>/buang/", editor_views.instrument_discard, name="instrument_discard"),
    path("instrumen/<slug:code>/ubah/", editor_views.instrument_edit, name="instrument_edit"),
    path("instrumen/<slug:code>/ubah/rangka/", editor_views.instrument_frame, name="instrument_frame"),
    path(f"{PART}/", editor_views.instrument_part_add, name="instrument_part_add"),
    path(f"{PART}/<slug:part>/", editor_views.instrument_part, name="instrument_part"),
    path(f"{PART}/<slug:part>/hapus/", editor_views.instrument_part_remove, name="instrument_part_remove"),
]
