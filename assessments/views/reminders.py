"""Who has not handed in."""

from django.http import Http404, HttpRequest, HttpResponse


def not_handed_in(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404


def remind(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404
