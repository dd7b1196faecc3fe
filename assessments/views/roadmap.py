"""The way to a target index: reckoned while it is asked for, saved as the period's plan."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from assessments import permissions
from assessments.errors import Refused
from assessments.forms.roadmap import RoadmapForm, asked
from assessments.models import Period
from assessments.queries import roadmap as queries
from assessments.queries.pemda import chosen_period, periods
from assessments.services.plans import NAME_MAX, save_plan
from assessments.views._base import allow, rights
from indicators.roadmap import Route, routes
from spbe_portal.formatting import decimal_id


@dataclass(frozen=True)
class Option:
    """One of the routes to choose from. `new` counts its indicators that the first one does not raise."""

    number: int
    route: Route
    new: int
    is_chosen: bool


@require_safe
def roadmap(request: HttpRequest) -> HttpResponse:
    allow(permissions.can_see_pemda(rights(request)))
    wanted = request.GET.get("periode", "")
    period = chosen_period(wanted)
    if period is None:
        if wanted:
            raise Http404
        return render(request, "assessments/roadmap.html", {"period": None})
    return render(request, "assessments/roadmap.html", _page(request, period, request.GET))


@require_safe
def roadmap_compute(request: HttpRequest, pk: int) -> HttpResponse:
    """The result alone, for the page while its controls are moved. Writes nothing."""
    allow(permissions.can_see_pemda(rights(request)))
    period = _period(pk)
    ground = queries.ground(period)
    context = {**_answer(ground, RoadmapForm(ground, request.GET)), **_rights(request, period)}
    return render(request, "assessments/_roadmap_result.html", context)


@require_POST
def roadmap_save(request: HttpRequest, pk: int) -> HttpResponse:
    mine = rights(request)
    allow(permissions.can_see_pemda(mine))
    period = _period(pk)
    allow(permissions.can_save_plan(mine))
    data = QueryDict(request.POST.get("hitungan", ""))
    form = RoadmapForm(queries.ground(period), data)
    name = request.POST.get("nama", "")
    refused = ""
    if form.is_valid():
        try:
            save_plan(
                user=request.user,
                period_id=period.pk,
                start=form.start.key,
                target=form.goal,
                limits=form.limits,
                choice=form.choice,
                mark=request.POST.get("tanda", ""),
                name=name,
            )
        except Refused as refusal:
            refused = refusal.message
        else:
            messages.success(request, "Rencana periode ini tersimpan.")
            return redirect(f"{reverse('roadmap')}?{form.query()}")
    page = {**_page(request, period, data), "refused": refused, "plan_name": name}
    return render(request, "assessments/roadmap.html", page)


def _period(pk: int) -> Period:
    period = chosen_period(str(pk))
    if period is None:
        raise Http404
    return period


def _page(request: HttpRequest, period: Period, given: QueryDict) -> dict[str, Any]:
    ground = queries.ground(period)
    plan = queries.plan_in_force(period)
    form = RoadmapForm(ground, asked(ground, given, plan))
    spec = ground.spec
    return {
        **_answer(ground, form),
        **_rights(request, period),
        "periods": periods(),
        "progress": queries.progress(ground, plan) if plan else None,
        "bands": [band for band in sorted(spec.bands, key=lambda band: band.minimum) if band.minimum > spec.scale_min],
        "steps": range(1, len(form.levels)),
    }


def _rights(request: HttpRequest, period: Period) -> dict[str, Any]:
    mine = rights(request)
    return {
        "can_save": permissions.can_save_plan(mine),
        "is_open": period.status == Period.Status.OPEN,
        "can_follow_up": permissions.can_manage_follow_ups(mine),
    }


def _answer(ground: queries.Ground, form: RoadmapForm) -> dict[str, Any]:
    """What both the page and its moving part show; without routes where the question cannot be read."""
    context: dict[str, Any] = {"form": form, "ground": ground, "period": ground.period, "start": form.start}
    context |= {"name_max": NAME_MAX, "plan_name": f"Peta jalan {ground.period.year}"}
    if not form.is_valid():
        return context
    found = routes(ground.spec, form.start.levels, Fraction(form.goal), form.limits)
    chosen = min(form.choice, len(found) - 1)
    first = {rise.indicator for rise in found[0].rises}
    route = found[chosen]
    # The highest target that can be reached, as it can be typed.
    highest = Fraction(floor((route.index or ground.spec.scale_min) * 100), 100)
    return {
        **context,
        "route": route,
        "options": [
            Option(number, each, len({rise.indicator for rise in each.rises} - first), number == chosen)
            for number, each in enumerate(found)
        ],
        "rises": queries.rise_rows(ground, route),
        "mark": queries.mark_of(route),
        "query": form.query(pilihan=str(chosen)),
        "highest": highest,
        "lower_query": form.query(target=decimal_id(highest)),
    }
