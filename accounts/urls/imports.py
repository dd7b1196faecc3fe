"""Agencies and people brought in from a file."""

from django.urls import path

from accounts.views import imports

urlpatterns = [
    path("opd/impor/", imports.agency_import, name="agency_import"),
    path("opd/impor/templat/", imports.agency_import_template, name="agency_import_template"),
    path("opd/impor/<int:pk>/", imports.agency_import_review, name="agency_import_review"),
    path("pengguna/impor/", imports.person_import, name="person_import"),
    path("pengguna/impor/templat/", imports.person_import_template, name="person_import_template"),
    path("pengguna/impor/<int:pk>/", imports.person_import_review, name="person_import_review"),
]
