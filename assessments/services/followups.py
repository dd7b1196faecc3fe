"""Follow-ups: making them (typed, from reviews, from the plan), changing them, and what their owner does about them.

Their states are the workflow's (`assessments.workflow.followups`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Agency, User
from accounts.permissions import Rights, rights_of
from assessments import announcements, permissions, uploads
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import FollowUp, Period
from assessments.queries import followup_sources as sources
from assessments.services import library
from assessments.services._base import require
from assessments.services._details import kind_from
from assessments.services.answers import clean_level, clean_text
from audit.services import prepare, record, record_all
from indicators.models import Indicator
from spbe_portal.stale import CHANGED

TEXT_MAX = 4_000  # characters of a recommendation, of a report
NOTE_MAX = 2_000
LAST_YEAR = 2100
DETAILS = ("text", "agency_id", "due_on", "aim")
CARRIED = ("progress", "report", "proof_id")

PAST = "Tenggat tidak boleh sebelum hari ini."
NO_TEXT = "Tulis rekomendasinya."


@dataclass(frozen=True)
class Wanted:
    """What the coordinator says of one follow-up that is taken over from a review or a plan."""

    text: str
    due_on: date


@dataclass(frozen=True)
class Made:
    """How many were made, and how many were there already."""

    made: int
    known: int


@dataclass(frozen=True)
class Carried:
    """What the owner reports. `file` is new proof; without one the proof stays, unless it is taken away."""

    progress: int
    report: str
    file: File | None = None
    drops_proof: bool = False


# --- Making ------------------------------------------------------------------------------------------


def create_follow_up(
    *,
    user: User,
    period_id: int,
    agency_id: int,
    text: str,
    due_on: date,
    indicator_id: int | None = None,
    aim: Any = None,
) -> FollowUp:
    """A typed recommendation. Raises `PermissionDenied`, `WrongState`, `Invalid`."""
    require(permissions.can_manage_follow_ups(rights_of(user)))
    with transaction.atomic():
        period = _period(period_id)
        made = FollowUp(
            period=period,
            source=FollowUp.Source.TYPED,
            created_by=user,
            created_at=timezone.now(),
            indicator=_indicator(period, indicator_id),
            **_details(text=text, agency_id=agency_id, due_on=due_on, aim=aim, period=period),
        )
        if made.aim is not None and made.indicator is None:
            raise Invalid({"aim": "Pilih indikatornya, atau kosongkan level yang dituju."})
        made.save()
        record("followup.create", made, actor=user, after=_described(made))
        announcements.follow_ups_made([made], user)
        return made


def create_from_reviews(*, user: User, period_id: int, wanted: Mapping[int, Wanted]) -> Made:
    """Follow-ups of decisions, by review id, all or none. What was taken over before is passed over.

    Raises `PermissionDenied`, `WrongState`, `Invalid` (keys "text", "due_on").
    """
    require(permissions.can_manage_follow_ups(rights_of(user)))
    with transaction.atomic():
        period = _period(period_id)
        reviews = list(sources.notes_of(period).filter(pk__in=wanted).order_by("pk"))
        if len(reviews) < len(wanted):
            raise WrongState("Sebagian keputusan sudah berubah sejak halaman ini dibuka. Periksa, lalu kirim lagi.")
        known = set(FollowUp.objects.filter(review__in=reviews).values_list("review_id", flat=True))
        rows = [
            FollowUp(
                source=FollowUp.Source.REVIEW,
                review=review,
                agency=review.answer.assessment.agency,
                indicator=review.answer.indicator,
                aim=sources.aim_of_note(review),
                text=_text(wanted[review.pk].text),
                due_on=_due(wanted[review.pk].due_on),
            )
            for review in reviews
            if review.pk not in known
        ]
        return Made(_make(rows, period, user), len(known))


def create_from_plan(*, user: User, period_id: int, wanted: Mapping[tuple[int, int], Wanted]) -> Made:
    """Follow-ups of the rises of the plan in force, by (rise id, agency id), all or none; as `create_from_reviews`."""
    require(permissions.can_manage_follow_ups(rights_of(user)))
    with transaction.atomic():
        period = _period(period_id)
        rises = {
            (rise.pk, agency.pk): (rise, agency) for rise, agencies in sources.rises_of(period) for agency in agencies
        }
        if not wanted.keys() <= rises.keys():
            raise WrongState("Rencana atau penugasannya sudah berubah sejak halaman ini dibuka. Periksa, lalu ulangi.")
        known = sources.planned_already(period)
        chosen = {key: rises[key] for key in wanted}
        rows = [
            FollowUp(
                source=FollowUp.Source.PLAN,
                plan_id=rise.plan_id,
                agency=agency,
                indicator=rise.indicator,
                aim=rise.to_level,
                text=_text(wanted[key].text),
                due_on=_due(wanted[key].due_on),
            )
            for key, (rise, agency) in chosen.items()
            if (rise.indicator_id, agency.pk) not in known
        ]
        return Made(_make(rows, period, user), len(chosen) - len(rows))


def _make(rows: Sequence[FollowUp], period: Period, user: User) -> int:
    now = timezone.now()
    for row in rows:
        row.period, row.created_by, row.created_at = period, user, now
    made = FollowUp.objects.bulk_create(rows, batch_size=200)
    record_all([prepare("followup.create", row, actor=user, after=_described(row)) for row in made])
    announcements.follow_ups_made(made, user)
    return len(made)


def _period(period_id: int) -> Period:
    """Locked, so that two who take over the same notes do so one after the other."""
    period = Period.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=period_id)
    if period.status not in (Period.Status.OPEN, Period.Status.FINAL):
        raise WrongState(
            f"Periode {period.name} berstatus {period.get_status_display()}, jadi belum dapat diberi tindak lanjut."
        )
    return period


# --- Changing ----------------------------------------------------------------------------------------


def edit_follow_up(*, follow_up_id: int, user: User, details: Mapping[str, Any], version: int) -> FollowUp:
    """Change text, owner, due date or aim (names as in `DETAILS`) while it is open.

    Another owner begins anew: what the one before reported, and its document, is not theirs. Raises
    `PermissionDenied`, `WrongState`, `Invalid`, `Stale`.
    """
    try:
        with transaction.atomic():
            return _edited(follow_up_id, user, details, version)
    except IntegrityError:
        raise Invalid({"agency_id": "OPD ini sudah punya tindak lanjut yang sama dari peta jalan."}) from None


def _edited(follow_up_id: int, user: User, details: Mapping[str, Any], version: int) -> FollowUp:
    follow_up, rights = locked(follow_up_id, user)
    require(permissions.can_manage_follow_ups(rights))
    require_open(follow_up)
    before = _described(follow_up)
    held = {name: getattr(follow_up, name) for name in DETAILS}
    wanted = _details(**{**held, **details}, period=follow_up.period, earliest=follow_up.due_on)
    if wanted == held:
        return follow_up
    require_current(follow_up, version)
    if wanted["aim"] is not None and follow_up.indicator_id is None:
        raise Invalid({"aim": "Tindak lanjut ini tidak terkait indikator, jadi tidak ada level yang dituju."})
    for name, value in wanted.items():
        setattr(follow_up, name, value)
    if wanted["agency_id"] != held["agency_id"]:
        follow_up.progress, follow_up.report, follow_up.proof = 0, "", None
    if wanted["due_on"] != held["due_on"]:
        follow_up.reminded_on = None
    follow_up.version += 1
    follow_up.save(update_fields=[*DETAILS, *CARRIED, "reminded_on", "version"])
    record("followup.edit", follow_up, actor=user, before=before, after=_described(follow_up))
    return follow_up


# --- Carrying out ------------------------------------------------------------------------------------


def carry_out(*, follow_up_id: int, user: User, version: int, carried: Carried) -> FollowUp:
    """Save progress, report and proof of an open one. Raises `PermissionDenied`, `WrongState`, `Invalid`, `Stale`.

    Saving what is stored already changes nothing, whatever the version.
    """
    with proof_arriving(follow_up_id, user, carried) as proof, transaction.atomic():
        follow_up, rights = locked(follow_up_id, user)
        before = carried_of(follow_up)
        if write_carried(follow_up, rights, user, version, carried, proof):
            record("followup.progress", follow_up, actor=user, before=before, after=carried_of(follow_up))
        return follow_up


@contextmanager
def proof_arriving(follow_up_id: int, user: User, carried: Carried) -> Iterator[library.Incoming | None]:
    """The new proof in the storage of the owner's library while its row is written; the transaction goes inside.

    Raises `PermissionDenied`, `WrongState`, and `Invalid` (key "file") as evidence does.
    """
    if carried.file is None:
        yield None
        return
    follow_up = FollowUp.objects.get(pk=follow_up_id)
    require(permissions.can_carry_out(rights_of(user), follow_up))
    require_open(follow_up)
    checked = uploads.inspect(carried.file, carried.file.name or "", carried.file.size or 0)  # type: ignore[arg-type]
    with library.incoming(follow_up.agency_id, carried.file, checked) as incoming:
        yield incoming


def write_carried(
    follow_up: FollowUp,
    rights: Rights,
    user: User,
    version: int,
    carried: Carried,
    proof: library.Incoming | None,
) -> bool:
    """Write what the owner reports into the locked row; whether anything changed. Raises as `carry_out`."""
    require(permissions.can_carry_out(rights, follow_up))
    require_open(follow_up)
    if proof is not None and proof.agency_id != follow_up.agency_id:
        raise WrongState("Tindak lanjut ini baru saja dialihkan ke OPD lain.")
    if not 0 <= carried.progress <= 100:
        raise Invalid({"progress": "Isi kemajuan dari 0 sampai 100."})
    report = _cleaned(carried.report, "report")
    drops = carried.drops_proof and follow_up.proof_id is not None
    if proof is None and not drops and (carried.progress, report) == (follow_up.progress, follow_up.report):
        return False
    require_current(follow_up, version)
    if drops:
        follow_up.proof = None
    if proof is not None:
        details = {"title": uploads.title_of(proof.checked.name), "kind": kind_from(proof.checked.name)}
        follow_up.proof = proof.keep(user=user, now=timezone.now(), details=details).version
    follow_up.progress, follow_up.report = carried.progress, report
    follow_up.version += 1
    follow_up.save(update_fields=[*CARRIED, "version"])
    return True


def locked(follow_up_id: int, user: User) -> tuple[FollowUp, Rights]:
    """The row, locked for the rest of the transaction and re-read, and what the person may."""
    follow_up = (
        FollowUp.objects.select_for_update(of=("self",))
        .select_related("period__instrument", "agency", "indicator", "proof")
        .get(pk=follow_up_id)
    )
    return follow_up, rights_of(user)


def require_open(follow_up: FollowUp) -> None:
    if follow_up.status != FollowUp.Status.OPEN:
        raise WrongState(
            f"Tindak lanjut ini berstatus {follow_up.get_status_display()}, jadi isinya tidak dapat diubah sekarang."
        )


def require_current(follow_up: FollowUp, version: int) -> None:
    if version != follow_up.version:
        raise Stale(CHANGED, follow_up)


def carried_of(follow_up: FollowUp) -> dict[str, Any]:
    """What an event says of the owner's part."""
    return {
        "progress": follow_up.progress,
        "report": follow_up.report,
        "proof": follow_up.proof_id,
        "file": follow_up.proof.original_name if follow_up.proof else "",
    }


def _described(follow_up: FollowUp) -> dict[str, Any]:
    return {
        "period": follow_up.period_id,
        "agency": follow_up.agency.short_name,
        "indicator": follow_up.indicator.code if follow_up.indicator else "",
        "source": follow_up.source,
        "text": follow_up.text,
        "due_on": follow_up.due_on,
        "aim": None if follow_up.aim is None else str(follow_up.aim),
        **carried_of(follow_up),
    }


def _details(
    *, text: str, agency_id: int, due_on: date, aim: Any, period: Period, earliest: date | None = None
) -> dict[str, Any]:
    errors: dict[str, str] = {}
    cleaned: dict[str, Any] = {}
    steps = {
        "text": lambda: _text(text),
        "agency_id": lambda: _agency(agency_id, earliest is not None).pk,
        "due_on": lambda: _due(due_on, earliest),
        "aim": lambda: _aim(aim, period),
    }
    for name, step in steps.items():
        try:
            cleaned[name] = step()
        except Invalid as refusal:
            errors |= {name: next(iter(refusal.errors.values()))}
    if errors:
        raise Invalid(errors)
    return cleaned


def _cleaned(text: Any, name: str) -> str:
    try:
        return clean_text(text, TEXT_MAX).strip()
    except Invalid as refusal:
        raise Invalid({name: refusal.errors["text"]}) from None


def _text(text: Any) -> str:
    cleaned = _cleaned(text, "text")
    if not cleaned:
        raise Invalid({"text": NO_TEXT})
    return cleaned


def _due(day: date, earliest: date | None = None) -> date:
    """`earliest`: the date it has now, which may lie in the past and stay."""
    if day != earliest and day < timezone.localdate():
        raise Invalid({"due_on": PAST})
    if day.year > LAST_YEAR:
        raise Invalid({"due_on": f"Tahun paling akhir {LAST_YEAR}. Periksa kembali tanggalnya."})
    return day


def _agency(agency_id: int, may_have_ended: bool) -> Agency:
    known = Agency.objects.all() if may_have_ended else Agency.objects.valid_on(timezone.localdate())
    agency = known.filter(pk=agency_id).first()
    if agency is None:
        raise Invalid({"agency_id": "Pilih OPD yang masih berlaku."})
    return agency


def _aim(value: Any, period: Period) -> Any:
    try:
        return clean_level(value, period.instrument)
    except Invalid as refusal:
        raise Invalid({"aim": refusal.errors["level"]}) from None


def _indicator(period: Period, indicator_id: int | None) -> Indicator | None:
    if indicator_id is None:
        return None
    found = Indicator.objects.filter(pk=indicator_id, instrument_id=period.instrument_id).first()
    if found is None:
        raise Invalid({"indicator_id": "Indikator ini tidak ada dalam instrumen periode."})
    return found
