from django.http import Http404, HttpRequest, HttpResponse


def roadmap(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def roadmap_compute(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def roadmap_save(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
