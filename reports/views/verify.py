from django.http import Http404, HttpRequest, HttpResponse


def verify(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def verify_code(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
