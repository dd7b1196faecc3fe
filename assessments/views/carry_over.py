"""Last year's answers and evidence: still valid?"""

from django.http import Http404, HttpRequest, HttpResponse


def carry_over(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404
