"""The bell."""

from django.http import Http404, HttpRequest, HttpResponse


def notification_list(request: HttpRequest) -> HttpResponse:
    raise Http404


def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404


def notification_settings(request: HttpRequest) -> HttpResponse:
    raise Http404
