from django.http import Http404, HttpRequest, HttpResponse


def application_overlaps(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def application_mark(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
