"""The agency's library of documents."""

from django.urls import path

from assessments.views import library

urlpatterns = [
    path("pustaka/", library.document_list, name="document_list"),
    path("pustaka/<int:pk>/", library.document, name="document"),
    path("pustaka/versi/<int:pk>/unduh/", library.document_download, name="document_download"),
]
