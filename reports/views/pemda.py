from django.http import Http404, HttpRequest, HttpResponse


def pemda(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def heat(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def own_place(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
