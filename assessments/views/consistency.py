"""Decisions on one indicator side by side."""

from django.http import Http404, HttpRequest, HttpResponse


def consistency(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404
