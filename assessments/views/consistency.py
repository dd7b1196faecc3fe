"""Decisions on one indicator side by side."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from assessments import consistency as measure
from assessments import permissions
from assessments.models import Period
from assessments.queries import consistency as queries
from assessments.views._base import allow, rights

VERDICTS = {
    measure.MORE: ("Lebih sering", "trending-up", "warn"),
    measure.LESS: ("Lebih jarang", "trending-down", "warn"),
    measure.ALIKE: ("Tidak jauh berbeda", "", "neutral"),
    measure.TOO_FEW: ("Terlalu sedikit keputusan", "", "neutral"),
}


@require_safe
def consistency(request: HttpRequest, pk: int) -> HttpResponse:
    """All agencies' decisions on one indicator, and the reviewers beside each other."""
    mine = rights(request)
    allow(permissions.can_compare_reviews(mine))
    period = get_object_or_404(Period.objects.select_related("instrument"), pk=pk)
    indicators = queries.indicators_of(period)
    codes = {each.code: each for each in indicators}
    code = request.GET.get("indikator") or next(iter(codes), "")
    if codes and code not in codes:
        raise Http404
    every = queries.side_by_side(mine, period, code) if code else []
    only_adjusted = request.GET.get("lihat") == "disesuaikan"
    some = queries.adjusted(every)
    context = {
        "period": period,
        "indicators": indicators,
        "indicator": codes.get(code),
        "turn": queries.turn(indicators, code) if code else None,
        "rows": some if only_adjusted else every,
        "chips": (("", "Semua OPD", len(every)), ("disesuaikan", "Hanya yang disesuaikan", len(some))),
        "chosen": "disesuaikan" if only_adjusted else "",
        "decided": sum(row.review is not None for row in every),
        "total": len(every),
        "reviewers": [(each, *VERDICTS[each.compared.verdict]) for each in queries.reviewers(mine, period)],
        "fewest": measure.FEWEST,
        "limit": measure.LIMIT,
        "matters": measure.MATTERS * 100,
    }
    return render(request, "assessments/consistency.html", context)
