"""Writing a past year as it was shown, and taking one away again. All or nothing, one event a period and assessment.

Nothing is made up: no texts, no evidence, no reviewer and no hand-in. What an agency had verified is kept as levels
(`Assessment.verified_levels`), without decisions that nobody here made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import Agency, User
from accounts.permissions import rights_of
from assessments import permissions, totals
from assessments.errors import Invalid, Stale, WrongState
from assessments.levels import number, pack
from assessments.models import (
    Answer,
    Assessment,
    Assignment,
    Determination,
    PemdaResult,
    Period,
    Result,
    Status,
)
from assessments.past.plan import Group, Plan, Year, period_name
from assessments.services._base import require
from assessments.services.answers import REASON_MAX, clean_text
from assessments.workflow.pemda import freeze_pemda
from assessments.workflow.results import frozen
from audit.services import prepare, record, record_all
from indicators.models import Indicator
from indicators.services import mark_in_use

AT_ONCE = 50
WITHOUT_VERIFIED = "Riwayat impor: berkasnya hanya memuat nilai mandiri."


@dataclass(frozen=True)
class Written:
    periods: list[Period]
    assessments: int  # of agencies
    governments: int


def apply(
    found: Plan,
    *,
    user: User,
    file_name: str,
    token: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write the years that are ready. `token` is that of the plan the person was shown.

    Raises `PermissionDenied`, `Stale` where the plan is another by now, `Invalid` where there is nothing to write.
    """
    require(permissions.can_manage_periods(rights_of(user)))
    if token and token != found.token:
        raise Stale("Data portal berubah sejak berkas ini diperiksa. Periksa kembali sebelum menyimpan.", None)
    if not found.ready:
        raise Invalid({"": "Tidak ada tahun yang dapat diimpor dari berkas ini."})
    total, done = found.assessments, 0
    now = timezone.now()
    periods, agencies, governments = [], 0, 0
    with transaction.atomic():
        for year in found.ready:
            period = _period(year, user, file_name, now)
            indicators = {one.code: one for one in _indicators(year)}
            if year.government:
                _determine(period, year.government, indicators, user, file_name, now)
                governments += 1
            for count in _assessments(period, year.agencies, indicators, user, now):
                done += count
                agencies += count
                if progress:
                    progress(done, total)
            if freeze_pemda(period, user, now):
                done += 1
            if progress:
                progress(done, total)
            periods.append(period)
    return Written(periods, agencies, governments)


def _period(year: Year, user: User, file_name: str, now: datetime) -> Period:
    assert year.instrument is not None
    instrument = mark_in_use(year.instrument, actor=user)
    if Period.objects.filter(year=year.year).exclude(status=Period.Status.CANCELLED).exists():
        raise Stale(f"Tahun {year.year} sudah ada sejak berkas ini diperiksa. Belum ada yang disimpan.", None)
    period = Period.objects.create(
        name=_free_name(year.year),
        year=year.year,
        instrument=instrument,
        status=Period.Status.FINAL,
        starts_on=date(year.year, 1, 1),
        deadline=timezone.make_aware(datetime.combine(date(year.year, 12, 31), time(23, 59))),
        created_by=user,
        opened_at=now,
        finalised_at=now,
        finalised_by=user,
        is_imported=True,
    )
    record(
        "period.import",
        period,
        actor=user,
        after={
            "year": year.year,
            "instrument": instrument.code,
            "file": file_name,
            "assessments": len(year.agencies),
            "levels": year.government.result if year.government else {},
        },
        at=now,
    )
    return period


def _free_name(year: int) -> str:
    """The name of a cancelled period of the same year is taken for ever."""
    name, count = period_name(year), 1
    while Period.objects.filter(name=name).exists():
        count += 1
        name = f"{period_name(year)} ({count})"
    return name


def _indicators(year: Year) -> list[Indicator]:
    return list(
        Indicator.objects.filter(instrument=year.instrument).select_related("aspect__domain").order_by("order")
    )


def _determine(
    period: Period, group: Group, indicators: dict[str, Indicator], user: User, file_name: str, now: datetime
) -> None:
    """The government's levels. What the list lacks stays open, and counts by the instrument's rule."""
    Determination.objects.bulk_create(
        Determination(
            period=period,
            indicator=indicators[code],
            level=Decimal(group.result[code]),
            reason=f"Riwayat impor dari berkas {file_name}"[:300],
            determined_by=user,
            determined_at=now,
        )
        for code in group.assigned
        if code in group.result
    )


def _assessments(
    period: Period, groups: list[Group], indicators: dict[str, Indicator], user: User, now: datetime
) -> Iterator[int]:
    """Write the agencies' assessments some at a time; gives how many each time."""
    for start in range(0, len(groups), AT_ONCE):
        chunk = groups[start : start + AT_ONCE]
        made = Assessment.objects.bulk_create(_assessment(period, group, now) for group in chunk)
        Assignment.objects.bulk_create(
            Assignment(period=period, agency_id=assessment.agency_id, indicator=indicators[code])
            for assessment, group in zip(made, chunk, strict=True)
            for code in group.assigned
        )
        rows = {
            assessment.pk: [
                Answer(
                    assessment=assessment,
                    indicator=indicators[code],
                    self_level=number(group.own.get(code, "")),
                )
                for code in group.assigned
            ]
            for assessment, group in zip(made, chunk, strict=True)
        }
        Answer.objects.bulk_create([answer for answers in rows.values() for answer in answers], batch_size=2000)
        results = [_result(assessment, rows[assessment.pk], user, now) for assessment in _named(made)]
        Result.objects.bulk_create(results)
        record_all(
            [
                prepare(
                    "assessment.import",
                    result.assessment,
                    actor=user,
                    after={
                        "status": Status.FINAL,
                        "is_complete": result.is_complete,
                        "levels": result.answered_count,
                        "digest": result.digest,
                    },
                    at=now,
                )
                for result in results
            ]
        )
        yield len(chunk)


def _assessment(period: Period, group: Group, now: datetime) -> Assessment:
    own, score = group.own_score, group.score
    assert group.agency_id is not None
    return Assessment(
        period=period,
        agency_id=group.agency_id,
        status=Status.FINAL,
        finalised_at=now,
        assigned_count=len(group.assigned),
        answered_count=group.answered,
        self_exact=totals.fraction_text(own.index) if own else "",
        self_predicate=(own.predicate or "") if own else "",
        self_levels=pack((code, number(group.own.get(code, ""))) for code in group.assigned),
        verified_exact=totals.fraction_text(score.index) if score else "",
        verified_predicate=(score.predicate or "") if score else "",
        verified_levels=pack((code, number(group.result.get(code, ""))) for code in group.assigned) if score else "",
    )


def _named(made: list[Assessment]) -> list[Assessment]:
    """With their agencies, for the snapshot. One query."""
    agencies = Agency.objects.in_bulk({assessment.agency_id for assessment in made})
    for assessment in made:
        assessment.agency = agencies[assessment.agency_id]
    return made


def _result(assessment: Assessment, answers: list[Answer], user: User, now: datetime) -> Result:
    for answer in answers:
        answer.all_reviews = answer.all_evidence = []  # type: ignore[attr-defined]
    reason = "" if assessment.verified_exact else WITHOUT_VERIFIED
    return frozen(assessment, answers, revision=1, reason=reason, user=user, now=now)


BUILT_ON = (
    "Riwayat ini sudah dipakai (laporan, isian yang dibawa, tindak lanjut, rencana, atau hasil tahun sesudahnya), "
)


def remove(*, period_id: int, user: User, reason: str) -> Period:
    """Take away a past year that was brought in: by who did so, and only while nothing builds on it.

    The events stay, and one more says that it went. Raises `PermissionDenied`, `WrongState`, `Invalid` (key "reason").
    """
    with transaction.atomic():
        list(Assessment.objects.select_for_update().filter(period_id=period_id).order_by("pk").values_list("pk"))
        period = Period.objects.select_for_update().get(pk=period_id)
        require(permissions.can_remove_imported(rights_of(user), period))
        text = clean_text(reason, REASON_MAX).strip()
        if not text:
            raise Invalid({"reason": "Tulis alasannya terlebih dahulu."})
        if _is_built_on(period):
            raise WrongState(BUILT_ON + "jadi tidak dapat dihapus.")
        record("period.remove_import", period, actor=user, before={"year": period.year}, reason=text)
        try:
            with transaction.atomic():
                Result.objects.filter(assessment__period=period).delete()
                PemdaResult.objects.filter(period=period).delete()
                Assessment.objects.filter(period=period).delete()
                Period.objects.filter(pk=period.pk).delete()
        except ProtectedError:
            raise WrongState(BUILT_ON + "jadi tidak dapat dihapus.") from None
        return period


def _is_built_on(period: Period) -> bool:
    """Something that a deletion would take along unasked, or a later result that compares itself with it."""
    own = (
        period.external_levels.exists()
        or period.plans.exists()
        or PemdaResult.objects.filter(period=period, revision__gt=1).exists()
        or Result.objects.filter(assessment__period=period, revision__gt=1).exists()
    )
    later = PemdaResult.objects.filter(
        period__year__gt=period.year, finalised_at__gt=period.finalised_at, period__is_imported=False
    )
    return own or later.exists()
