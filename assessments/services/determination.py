"""Fixing the government's levels, and entering the ministry's beside them.

Each act locks the period's row, so that all changes of one period's levels are in one order.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments import permissions
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Determination, ExternalLevel, PemdaResult, Period
from assessments.queries.pics import Level, pic_answers, suggestion
from assessments.services._base import require
from assessments.services.answers import REASON_MAX, clean_level, clean_text
from audit.services import prepare, record, record_all
from indicators.models import Indicator

_CHANGED = "Nilai Pemda indikator ini sudah ditetapkan atau diubah di tempat lain. Periksa, lalu simpan lagi."


def determine(
    *,
    period_id: int,
    code: str,
    user: User,
    level: Any,
    reason: str = "",
    version: int | None = None,
    now: datetime | None = None,
) -> Determination:
    """Fix the government's level of one indicator; the reason may be empty only where it is as suggested.

    `version` is that of the determination on screen, 0 where there was none (None: not checked). The same values
    sent again change nothing. `now` is given only where a past year is brought in.

    Raises `Indicator.DoesNotExist`, `PermissionDenied`, `WrongState`, `Invalid`, and `Stale` with the current
    determination (None: it was taken back).
    """
    with transaction.atomic():
        period = _to_determine(period_id, user)
        indicator = _indicator(period, code)
        current = _current(period, indicator)
        suggested = _suggested(period, [indicator])[indicator.pk][0]
        values = {"level": _level(level, period), "reason": _reason(reason), "suggested": suggested}
        if values["level"] is None:
            raise Invalid({"level": "Pilih level yang ditetapkan."})
        if values["level"] != suggested and not values["reason"]:
            raise Invalid({"reason": _why_a_reason(suggested, indicator)})
        before = {name: getattr(current, name) for name in values} if current else {}
        if current and values == before:
            return current
        if version is not None and version != (current.version if current else 0):
            raise Stale(_CHANGED, current)
        made = current or Determination(period=period, indicator=indicator, version=0)
        for name, value in values.items():
            setattr(made, name, value)
        made.determined_by, made.determined_at = user, now or timezone.now()
        made.version += 1
        made.save()
        _record("determination.set", made, user, indicator, now, before=before, after=values, reason=values["reason"])
        return made


@dataclass(frozen=True)
class Determined:
    """What determining all suggested did: the codes, and those skipped with (code, why)."""

    codes: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]


def determine_suggested(*, period_id: int, user: User, now: datetime | None = None) -> Determined:
    """Fix every level that is not determined yet as suggested; what is determined stays as it is.

    `now` is given only where a past year is brought in. Raises `PermissionDenied`, `WrongState`.
    """
    with transaction.atomic():
        period = _to_determine(period_id, user)
        done = set(Determination.objects.filter(period=period).values_list("indicator", flat=True))
        open_ones = [row for row in Indicator.objects.filter(instrument=period.instrument_id) if row.pk not in done]
        suggestions = _suggested(period, open_ones)
        rows, skipped = [], []
        for indicator in open_ones:
            level, obstacle = suggestions[indicator.pk]
            if level is None:
                skipped.append((indicator.code, obstacle))
                continue
            rows.append(
                Determination(
                    period=period,
                    indicator=indicator,
                    level=level,
                    suggested=level,
                    determined_by=user,
                    determined_at=now or timezone.now(),
                )
            )
        Determination.objects.bulk_create(rows)
        record_all(
            [
                prepare(
                    "determination.set",
                    row,
                    actor=user,
                    stream=f"period:{period.pk}",
                    after={"indicator": row.indicator.code, "level": row.level, "suggested": row.suggested},
                    at=now,
                )
                for row in rows
            ]
        )
        return Determined(tuple(row.indicator.code for row in rows), tuple(skipped))


def undetermine(*, period_id: int, code: str, user: User, version: int | None = None) -> None:
    """Take a determination back. Not once the government had a result: then a level is changed, never emptied.

    Raises `Indicator.DoesNotExist`, `PermissionDenied`, `WrongState`, `Stale`.
    """
    with transaction.atomic():
        period = _to_determine(period_id, user)
        indicator = _indicator(period, code)
        if PemdaResult.objects.filter(period=period).exists():
            raise WrongState("Nilai Pemda periode ini pernah final. Ubah levelnya; penetapannya tidak dapat dihapus.")
        current = _current(period, indicator)
        if current is None:
            return
        if version is not None and version != current.version:
            raise Stale(_CHANGED, current)
        before = {"level": current.level, "reason": current.reason, "suggested": current.suggested}
        _record("determination.clear", current, user, indicator, None, before=before)
        current.delete()


def set_external_level(*, period_id: int, code: str, user: User, level: Any) -> ExternalLevel | None:
    """Enter the ministry's level of one indicator, or take it out (None or ""). It changes no index of ours.

    Possible while the period runs and after it is final: the ministry's result comes later.
    Raises `Indicator.DoesNotExist`, `PermissionDenied`, `WrongState`, `Invalid`.
    """
    with transaction.atomic():
        period = locked_period(period_id, user)
        indicator = _indicator(period, code)
        try:
            value = _level(level, period)
        except Invalid as refusal:
            raise Invalid({"external": refusal.errors["level"]}) from None
        current = ExternalLevel.objects.filter(period=period, indicator=indicator).first()
        before = current.level if current else None
        if value == before:
            return current
        changes = {"before": {"level": before}, "after": {"level": value}}
        if value is None:
            assert current is not None
            _record("external_level.clear", current, user, indicator, None, **changes)
            current.delete()
            return None
        entered = current or ExternalLevel(period=period, indicator=indicator)
        entered.level, entered.entered_by, entered.entered_at = value, user, timezone.now()
        entered.save()
        _record("external_level.set", entered, user, indicator, None, **changes)
        return entered


def locked_period(period_id: int, user: User) -> Period:
    """The period, locked, for whoever fixes its levels; it must have been opened.

    Raises `PermissionDenied`, `WrongState`.
    """
    period = Period.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=period_id)
    require(permissions.can_determine(rights_of(user)))
    if period.status not in (Period.Status.OPEN, Period.Status.FINAL):
        raise WrongState(f"Periode ini berstatus {period.get_status_display()}, jadi nilai Pemda tidak dapat diisi.")
    return period


def _to_determine(period_id: int, user: User) -> Period:
    period = locked_period(period_id, user)
    if period.status == Period.Status.FINAL:
        result = PemdaResult.objects.filter(period=period, superseded_at=None).defer("snapshot").first()
        if result:
            raise WrongState(
                f"Nilai Pemda periode ini sudah final (revisi {result.revision}), jadi tidak dapat diubah. Bila perlu "
                "diperbaiki, buka kembali dahulu penilaian OPD yang bersangkutan."
            )
    return period


def _indicator(period: Period, code: str) -> Indicator:
    return Indicator.objects.get(instrument=period.instrument_id, code=code)


def _current(period: Period, indicator: Indicator) -> Determination | None:
    return Determination.objects.select_related("determined_by").filter(period=period, indicator=indicator).first()


def _suggested(period: Period, indicators: list[Indicator]) -> dict[int, tuple[Level | None, str]]:
    sources = {indicator.pk: indicator.external_source for indicator in indicators}
    return {pk: suggestion(pics, sources[pk]) for pk, pics in pic_answers(period, indicators).items()}


def _level(level: Any, period: Period) -> Level | None:
    return clean_level(level, period.instrument)


def _reason(text: str) -> str:
    try:
        return clean_text(text, REASON_MAX).strip()
    except Invalid as refusal:
        raise Invalid({"reason": refusal.errors["text"]}) from None


def _why_a_reason(suggested: Level | None, indicator: Indicator) -> str:
    if suggested is None and indicator.is_external:
        return f"Tulis sumber dan tanggal nilainya ({indicator.external_source})."
    if suggested is None:
        return "Tulis alasannya: indikator ini tidak punya usulan."
    return f"Tulis alasannya: levelnya berbeda dari usulan (level {str(suggested).replace('.', ',')})."


def _record(action: str, subject: Any, user: User, indicator: Indicator, now: datetime | None, **details: Any) -> None:
    """One event in the period's stream; a new row says of which indicator it is."""
    after = details.pop("after", {})
    record(
        action,
        subject,
        actor=user,
        stream=f"period:{subject.period_id}",
        after={"indicator": indicator.code, **after},
        at=now,
        **details,
    )
