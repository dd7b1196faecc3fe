from django.http import Http404, HttpRequest, HttpResponse


def application_list(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def application_create(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def application(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def application_edit(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def application_remove(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
