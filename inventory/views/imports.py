from django.http import Http404, HttpRequest, HttpResponse


def application_import(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def application_export(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
