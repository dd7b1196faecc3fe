"""Making and changing periods. Opening and closing them is the workflow's."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Agency, User
from accounts.permissions import rights_of
from assessments import announcements, permissions
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Assessment, Assignment, Period
from assessments.services._base import require
from assessments.workflow.periods import create_assessments
from audit.services import record
from indicators.models import Instrument
from spbe_portal.formatting import level_id
from spbe_portal.stale import CHANGED

DETAILS = ("name", "year", "instrument", "starts_on", "deadline", "mend_days", "target", "evidence_from")
DETAILS_WHILE_OPEN = ("name", "deadline", "mend_days", "target", "evidence_from")
NAME_MAX = 120
NAME_TAKEN = "Nama ini sudah dipakai periode lain. Pilih nama lain."
YEARS = (2018, 2100)
MEND_DAYS_MAX = 60


def create_period(
    *,
    user: User,
    name: str,
    year: int,
    instrument: Instrument,
    starts_on: date,
    deadline: datetime,
    agencies: Sequence[Agency],
    mend_days: int = 5,
    target: Decimal | None = None,
    evidence_from: date | None = None,
) -> Period:
    """A period in preparation, all indicators assigned to all `agencies` but those whose value comes from elsewhere.

    Raises `PermissionDenied`, `Invalid` (see `detail_errors`).
    """
    require(permissions.can_manage_periods(rights_of(user)))
    with transaction.atomic():
        period = Period(
            name=name,
            year=year,
            instrument=instrument,
            starts_on=starts_on,
            deadline=deadline,
            mend_days=mend_days,
            target=target,
            evidence_from=evidence_from,
            created_by=user,
        )
        _save(period)
        _assign_all(period, agencies)
        record(
            "period.create",
            period,
            actor=user,
            after={
                **{field: getattr(period, field) for field in DETAILS},
                "agencies": sorted(agency.slug for agency in agencies),
            },
        )
        return period


def edit_period(
    *,
    period_id: int,
    user: User,
    details: Mapping[str, Any],
    agencies: Sequence[Agency] | None = None,
    reason: str = "",
    version: int | None = None,
) -> Period:
    """Change a period. While it runs only its name, deadline, mend days and target may change,
    the deadline with a reason; agencies may then be added, not taken out (cancel the assessment instead).
    What was assigned to the agencies that stay is kept; new ones get every indicator as supporters.

    Raises `PermissionDenied`, `WrongState`, `Invalid`, and `Stale` where `version` is given and another is stored
    (not for the same change sent twice).
    """
    require(permissions.can_manage_periods(rights_of(user)))
    with transaction.atomic():
        period = Period.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=period_id)
        if period.status not in (Period.Status.DRAFT, Period.Status.OPEN):
            raise WrongState(f"Periode ini berstatus {period.get_status_display()}, jadi tidak dapat diubah.")
        running = period.status == Period.Status.OPEN
        allowed = DETAILS_WHILE_OPEN if running else DETAILS
        before = {field: getattr(period, field) for field in DETAILS}
        changed = [field for field in DETAILS if field in details and details[field] != before[field]]
        slugs_before = _slugs(period)
        regrouped = agencies is not None and {agency.slug for agency in agencies} != set(slugs_before)
        if (changed or regrouped) and version is not None and version != period.version:
            raise Stale(CHANGED, period)
        if refused := [field for field in changed if field not in allowed]:
            raise Invalid(dict.fromkeys(refused, "Tidak dapat diubah karena periode sudah berjalan."))
        if running and "deadline" in changed:
            if not reason.strip():
                raise Invalid({"reason": "Tulis alasan perubahan batas waktu."})
            if details["deadline"] <= timezone.now():
                raise Invalid({"deadline": "Batas waktu baru harus di masa depan."})
        for field in changed:
            setattr(period, field, details[field])
        if changed or regrouped:
            period.version += 1
            _save(period, [*changed, "version"])
        if running:
            if agencies is not None:
                _add_while_open(period, agencies, user)
        elif "instrument" in changed or regrouped:
            _reassign(period, before["instrument"], agencies)
        slugs_after = _slugs(period)
        if changed or slugs_before != slugs_after:
            record(
                "period.edit",
                period,
                actor=user,
                before={**before, "agencies": slugs_before},
                after={**{field: getattr(period, field) for field in DETAILS}, "agencies": slugs_after},
                reason=reason.strip(),
            )
        if running and "deadline" in changed:
            announcements.deadline_moved(period, user, reason.strip())
        return period


def detail_errors(details: Mapping[str, Any], *, period_id: int | None = None) -> dict[str, str]:
    """What is wrong with these details of a period (names as in `DETAILS`), by field; absent ones are not judged.

    `period_id` is the period that may keep its own name.
    """
    errors: dict[str, str] = {}
    if "name" in details:
        name = str(details["name"]).strip()
        if not name:
            errors["name"] = "Isi nama periode."
        elif len(name) > NAME_MAX:
            errors["name"] = f"Nama terlalu panjang: paling banyak {NAME_MAX} karakter."
        elif Period.objects.filter(name__iexact=name).exclude(pk=period_id or 0).exists():
            errors["name"] = NAME_TAKEN
    if "year" in details and not YEARS[0] <= details["year"] <= YEARS[1]:
        errors["year"] = f"Isi tahun antara {YEARS[0]} dan {YEARS[1]}."
    if "mend_days" in details and not 1 <= details["mend_days"] <= MEND_DAYS_MAX:
        errors["mend_days"] = f"Isi 1 sampai {MEND_DAYS_MAX} hari kerja."
    starts_on, deadline = details.get("starts_on"), details.get("deadline")
    if starts_on and deadline and timezone.localtime(deadline).date() < starts_on:
        errors["deadline"] = "Batas waktu harus sesudah tanggal mulai."
    evidence_from = details.get("evidence_from")
    if evidence_from and deadline and timezone.localtime(deadline).date() < evidence_from:
        errors["evidence_from"] = "Tanggal ini harus sebelum batas waktu pengisian."
    instrument = details.get("instrument")
    target = details.get("target")
    if instrument is not None and instrument.is_draft:
        errors["instrument"] = "Instrumen ini masih konsep. Terbitkan dahulu, atau pilih yang lain."
    if instrument is not None and target is not None:
        if not instrument.scale_min <= target <= instrument.scale_max:
            low, high = level_id(instrument.scale_min), level_id(instrument.scale_max)
            errors["target"] = f"Target indeks harus antara {low} dan {high}."
        elif target != target.quantize(Decimal("0.01")):
            errors["target"] = "Target indeks paling banyak dua angka di belakang koma."
    return errors


def _save(period: Period, fields: Sequence[str] | None = None) -> None:
    period.name = period.name.strip()
    if errors := detail_errors({field: getattr(period, field) for field in DETAILS}, period_id=period.pk):
        raise Invalid(errors)
    try:
        with transaction.atomic():
            period.save(update_fields=fields)
    except IntegrityError as error:  # the same name at the same moment
        if not Period.objects.filter(name=period.name).exclude(pk=period.pk).exists():
            raise
        raise Invalid({"name": NAME_TAKEN}) from error


def _slugs(period: Period) -> list[str]:
    return sorted(Agency.objects.filter(assignments__period=period).distinct().values_list("slug", flat=True))


def _add_while_open(period: Period, agencies: Sequence[Agency], user: User) -> None:
    present = set(Assessment.objects.filter(period=period).values_list("agency_id", flat=True))
    if missing := present - {agency.pk for agency in agencies}:
        raise Invalid(
            {"agencies": f"{len(missing)} OPD sudah mempunyai penilaian. Batalkan penilaiannya, bukan menghapusnya."}
        )
    new = [agency for agency in agencies if agency.pk not in present]
    if new:
        _assign_all(period, new)
        announcements.period_opened(period, create_assessments(period, new), user)


def _reassign(period: Period, old: Instrument, agencies: Sequence[Agency] | None) -> None:
    """Assignments of a period in preparation after its agencies or its instrument changed.

    Agencies that stay keep theirs, under another instrument those of indicators with the same code and name; what
    the old instrument does not know is assigned to all of them. New agencies support every indicator.
    """
    kept = list(period.assignments.select_related("agency", "indicator").order_by())
    before = {assignment.agency_id: assignment.agency for assignment in kept}
    wanted = {agency.pk: agency for agency in agencies} if agencies is not None else before
    if old.pk == period.instrument_id:
        period.assignments.exclude(agency__in=wanted).delete()
    else:
        period.assignments.all().delete()
        known = set(old.indicators.values_list("code", "name"))
        new = {(each.code, each.name): each for each in period.instrument.indicators.all()}
        carried = [
            Assignment(period=period, agency_id=each.agency_id, indicator=new[name], kind=each.kind)
            for each in kept
            if each.agency_id in wanted and (name := (each.indicator.code, each.indicator.name)) in new
        ]
        carried += [
            Assignment(period=period, agency_id=agency, indicator=indicator)
            for agency in wanted
            if agency in before
            for name, indicator in new.items()
            if name not in known and not indicator.is_external
        ]
        Assignment.objects.bulk_create(carried, batch_size=2000)
    _assign_all(period, [agency for agency in wanted.values() if agency.pk not in before])


def _assign_all(period: Period, agencies: Sequence[Agency]) -> None:
    indicators = list(period.instrument.indicators.filter(external_source=""))
    Assignment.objects.bulk_create(
        [
            Assignment(period=period, agency=agency, indicator=indicator)
            for agency in agencies
            for indicator in indicators
        ],
        batch_size=2000,
    )
