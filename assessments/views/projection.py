"""What this period's levels become under another instrument."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessments import permissions
from assessments.export_files import xlsx_file
from assessments.queries import projection as queries
from assessments.queries.pemda import chosen_period, periods
from assessments.views._base import allow, rights
from indicators.mapping_data import OURS
from spbe_portal import sheets


@require_safe
def roadmap_projection(request: HttpRequest) -> HttpResponse:
    """`?periode=`, `?ke=` (an instrument's code), `?nilai=` (which levels); `?bentuk=xlsx` gives the table."""
    allow(permissions.can_see_pemda(rights(request)))
    wanted = request.GET.get("periode", "")
    period = chosen_period(wanted)
    if period is None and wanted:
        raise Http404
    found = None
    if period is not None:
        found = queries.projection(period, request.GET.get("ke", ""), request.GET.get("nilai", ""))
    shape = request.GET.get("bentuk", "")
    if shape and (shape != "xlsx" or found is None):
        raise Http404
    if found is not None and shape:
        content = sheets.write_xlsx(queries.HEAD, queries.sheet_rows(found), title="Perkiraan portal")
        name = f"menuju-{found.target.code}-{found.period.year}.xlsx"
        return xlsx_file(content, name)
    return render(
        request,
        "assessments/projection.html",
        {"period": period, "found": found, "periods": periods(), "ours": OURS},
    )
