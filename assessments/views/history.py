"""Who did what."""

from django.http import Http404, HttpRequest, HttpResponse


def history(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404


def answer_history(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    raise Http404


def audit_trail(request: HttpRequest) -> HttpResponse:
    raise Http404
