"""A person's own security."""

from django.http import Http404, HttpRequest, HttpResponse


def account_security(request: HttpRequest) -> HttpResponse:
    raise Http404
