"""Results of a period and lists of evidence as files (`bentuk`: xlsx, csv)."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.views._base import SignedIn
from assessments import export_files, permissions
from assessments.models import Period
from assessments.queries.exports import period_results
from assessments.queries.results import periods_with_results
from assessments.views._base import allow, find_assessment, rights


@require_safe
def results_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What the list of results shows, and every level behind it (`isi=level`: of a CSV, the levels instead)."""
    mine = rights(request)
    allow(permissions.can_see_results(mine))
    period = next((each for each in periods_with_results(mine) if each.pk == pk), None)
    if period is None:
        raise Http404
    levels = request.GET.get("isi") == "level"
    return export_files.results_file(period_results(period, mine), _shape(request), levels=levels)


@require_safe
def period_evidence_export(request: SignedIn, pk: int) -> HttpResponseBase:
    """All evidence of a period, of all agencies. Recorded."""
    allow(permissions.can_manage_periods(rights(request)))
    period = get_object_or_404(Period, pk=pk)
    return export_files.evidence_file_of_period(user=request.user, period=period, shape=_shape(request))


@require_safe
def evidence_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The evidence of one assessment."""
    assessment = find_assessment(request, pk)
    allow(permissions.can_see_evidence(rights(request), assessment))
    return export_files.evidence_file(assessment, _shape(request))


def _shape(request: HttpRequest) -> str:
    shape = request.GET.get("bentuk", "xlsx")
    if shape not in ("csv", "xlsx"):
        raise Http404
    return shape
