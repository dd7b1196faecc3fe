"""The agency's library of documents."""

from django.http import Http404, HttpRequest, HttpResponse


def document_list(request: HttpRequest) -> HttpResponse:
    raise Http404


def document(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404


def document_download(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404
