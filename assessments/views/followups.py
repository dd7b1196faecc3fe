from django.http import Http404, HttpRequest, HttpResponse


def followup_list(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def followup_create(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def followup_from_reviews(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def followup_from_plan(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def followup(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def followup_edit(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def followup_report(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def followup_close(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404


def followup_proof(request: HttpRequest, **kwargs) -> HttpResponse:
    raise Http404
