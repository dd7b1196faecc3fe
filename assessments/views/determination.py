from django.http import Http404, HttpRequest, HttpResponse


def determination(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def determine_suggested(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def determination_finalise(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def determine(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def external_level(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
