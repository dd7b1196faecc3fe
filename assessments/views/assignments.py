from django.http import Http404, HttpRequest, HttpResponse


def assignments(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def assignments_save(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def assignments_preset(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def assignments_export(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def assignments_import(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
