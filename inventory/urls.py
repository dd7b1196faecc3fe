from django.urls import path

from inventory.views import applications, imports, overlaps

urlpatterns = [
    path("aplikasi/", applications.application_list, name="application_list"),
    path("aplikasi/baru/", applications.application_create, name="application_create"),
    path("aplikasi/unggah/", imports.application_import, name="application_import"),
    path("aplikasi/unggah/<int:pk>/", imports.application_import_review, name="application_import_review"),
    path("aplikasi/unduh/", imports.application_export, name="application_export"),
    path("aplikasi/tumpang-tindih/", overlaps.application_overlaps, name="application_overlaps"),
    path("aplikasi/<int:pk>/", applications.application, name="application"),
    path("aplikasi/<int:pk>/ubah/", applications.application_edit, name="application_edit"),
    path("aplikasi/<int:pk>/masih-benar/", applications.application_confirm, name="application_confirm"),
    path("aplikasi/<int:pk>/hapus/", applications.application_remove, name="application_remove"),
    path("aplikasi/<int:pk>/konsolidasi/", overlaps.application_mark, name="application_mark"),
]
