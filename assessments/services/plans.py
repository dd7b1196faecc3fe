"""Saving a roadmap as the period's plan."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments import permissions
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Period, Plan, PlanRise
from assessments.queries.roadmap import ground, mark_of, plan_in_force
from assessments.services._base import require
from assessments.services.answers import clean_text
from assessments.totals import fraction_text
from audit.services import record
from indicators.roadmap import Limits, routes
from spbe_portal.formatting import decimal_id

NAME_MAX = 120
CHANGED = (
    "Level awal atau hitungannya sudah berubah sejak halaman ini dibuka, jadi rencana belum disimpan. "
    "Periksa hasil terbaru di bawah ini, lalu simpan lagi."
)


def save_plan(
    *,
    user: User,
    period_id: int,
    start: str,
    target: Decimal,
    limits: Limits,
    choice: int,
    mark: str,
    name: str,
) -> Plan:
    """The route number `choice` from `start` to `target` as the plan of an open period; the former plan is replaced.

    It is reckoned again here: `mark` says which route was seen (`queries.roadmap.mark_of`). Raises
    `PermissionDenied`, `WrongState`, `Invalid` and `Stale` (where it is no longer the route that was seen).
    """
    require(permissions.can_save_plan(rights_of(user)))
    with transaction.atomic():
        period = Period.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=period_id)
        if period.status != Period.Status.OPEN:
            raise WrongState(
                f"Periode ini berstatus {period.get_status_display()}. Rencana disimpan pada periode yang berjalan."
            )
        name = _name(name)
        base = ground(period)
        origin = base.start(start)
        found = routes(base.spec, origin.levels, Fraction(target), limits)
        route = found[choice] if 0 <= choice < len(found) else None
        if route is None or origin.key != start or mark_of(route) != mark:
            raise Stale(CHANGED, found)
        if not route.reachable:
            raise Invalid({"target": "Target ini tidak dapat dicapai dengan batas yang dipilih. Turunkan target."})
        if not route.rises:
            raise Invalid({"target": "Target ini sudah tercapai, jadi tidak ada kenaikan untuk direncanakan."})
        now = timezone.now()
        former = plan_in_force(period)
        if former is not None:
            former.replaced_at = now
            former.save(update_fields=["replaced_at"])
        plan = Plan.objects.create(
            period=period,
            name=name,
            target=target,
            start=f"{origin.label}: {decimal_id(origin.index)}",
            start_exact=fraction_text(route.start),
            index_exact=fraction_text(route.index),
            predicate=route.predicate or "",
            effort=route.effort,
            rules=rules_of(limits),
            created_by=user,
            created_at=now,
        )
        pks = {indicator.code: indicator.pk for indicator in base.indicators}
        PlanRise.objects.bulk_create(
            PlanRise(
                plan=plan,
                indicator_id=pks[rise.indicator],
                from_level=Decimal(rise.start.numerator) / rise.start.denominator,
                to_level=rise.end,
                effort=rise.effort,
            )
            for rise in route.rises
        )
        record("plan.save", plan, actor=user, before=_told(former), after=_told(plan))
        return plan


def _name(typed: str) -> str:
    name = " ".join(typed.split())
    if not name:
        raise Invalid({"nama": "Isi nama rencana."})
    if len(name) > NAME_MAX:
        raise Invalid({"nama": f"Nama terlalu panjang: paling banyak {NAME_MAX} karakter."})
    try:
        return clean_text(name, NAME_MAX)
    except Invalid as refusal:
        raise Invalid({"nama": refusal.errors["text"]}) from None


def rules_of(limits: Limits) -> dict[str, Any]:
    """`limits` as a plan keeps them (see `Plan.rules`)."""
    return {
        "fixed": list(limits.fixed),
        "max_step": limits.max_step,
        "efforts": _keyed(limits.efforts),
        "indicator_efforts": {code: _keyed(efforts) for code, efforts in limits.indicator_efforts.items()},
    }


def _keyed(efforts: Mapping[int, int]) -> dict[str, int]:
    return {str(level): effort for level, effort in efforts.items()}


def _told(plan: Plan | None) -> dict[str, Any]:
    """What an event says of a plan."""
    if plan is None:
        return {}
    rises = plan.rises.select_related("indicator").order_by("indicator__order")
    return {
        "period": plan.period.name,
        "name": plan.name,
        "target": plan.target,
        "start": plan.start,
        "index": plan.index_exact,
        "effort": plan.effort,
        "rules": plan.rules,
        "rises": [f"{rise.indicator.code}: {rise.from_level} -> {rise.to_level}" for rise in rises],
    }
