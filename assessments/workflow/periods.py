"""The moves of a period: open, finalise, cancel."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from accounts.models import Agency, User
from accounts.permissions import rights_of
from assessments import announcements, permissions, snapshot, totals
from assessments.errors import Invalid, NotReady, Problem, Stale, WrongState
from assessments.models import Answer, Assessment, Assignment, PemdaResult, Period, Result, Status
from assessments.queries.periods import unfinished_token
from assessments.services._base import require
from assessments.services.answers import REASON_MAX, clean_text
from assessments.specs import spec_of
from assessments.workflow.pemda import freeze_pemda
from assessments.workflow.results import frozen
from audit.services import prepare, record, record_all
from indicators.checks import problems as instrument_problems
from indicators.parts import stored_parts
from indicators.services import mark_in_use


def open_period(*, period_id: int, user: User, now: datetime | None = None) -> Period:
    """Start the period: freeze the instrument, make an assessment for every agency with assignments.

    `now` is given only where a past year is brought in.

    Raises `PermissionDenied`, `WrongState`, `NotReady` (no agency, instrument not whole, deadline past).
    """
    with transaction.atomic():
        period = Period.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=period_id)
        require(permissions.can_manage_periods(rights_of(user)))
        if period.status != Period.Status.DRAFT:
            raise WrongState(f"Periode ini berstatus {period.get_status_display()}, jadi tidak dapat dibuka.")
        is_past, now = now is not None, now or timezone.now()
        if problems := opening_problems(period, now):
            raise NotReady("Periode belum dapat dibuka.", problems)
        period.instrument = mark_in_use(period.instrument, actor=user)
        period.status, period.opened_at = Period.Status.OPEN, now
        period.save(update_fields=["status", "opened_at"])
        made = create_assessments(period, Agency.objects.filter(assignments__period=period).distinct())
        record(
            "period.open",
            period,
            actor=user,
            before={"status": "draft"},
            after={"status": "open", "assessments": len(made)},
            at=now,
        )
        if not is_past:
            announcements.period_opened(period, made, user)
        return period


def opening_problems(period: Period, now: datetime) -> list[Problem]:
    """Everything that stands in the way of opening `period`."""
    problems = [Problem("instrument", "", text) for text in instrument_problems(stored_parts(period.instrument))]
    if not Assignment.objects.filter(period=period).exists():
        problems.append(Problem("agencies", "", "Belum ada OPD yang ditugaskan. Pilih paling sedikit satu OPD."))
    if period.deadline <= now:
        problems.append(Problem("deadline", "", "Batas waktu pengisian sudah lewat. Ubah dahulu batas waktunya."))
    return problems


def create_assessments(period: Period, agencies: Iterable[Agency]) -> list[Assessment]:
    """Assessments and empty answers for the assignments of `agencies`. A fixed number of statements."""
    assigned: dict[int, list[Assignment]] = {}
    for assignment in (
        Assignment.objects.filter(period=period, agency__in=agencies)
        .select_related("indicator")
        .order_by("agency_id", "indicator__order")
    ):
        assigned.setdefault(assignment.agency_id, []).append(assignment)
    spec = spec_of(period.instrument)
    indexes: dict[frozenset[str], tuple[str, str, str]] = {}
    assessments = []
    for agency_id, rows in assigned.items():
        codes = frozenset(row.indicator.code for row in rows)
        if codes not in indexes:
            blank = [Answer(indicator=row.indicator) for row in rows]
            empty = totals.self_score(spec, blank)
            text = totals.fraction_text(empty.index)
            indexes[codes] = (text, empty.predicate or "", totals.packed_self(blank))
        exact, predicate, levels = indexes[codes]
        assessments.append(
            Assessment(
                period=period,
                agency_id=agency_id,
                assigned_count=len(rows),
                self_exact=exact,
                self_predicate=predicate,
                self_levels=levels,
            )
        )
    made = Assessment.objects.bulk_create(assessments)
    Answer.objects.bulk_create(
        [
            Answer(assessment=assessment, indicator=row.indicator)
            for assessment in made
            for row in assigned[assessment.agency_id]
        ],
        batch_size=2000,
    )
    return made


#: Assessments read and frozen at a time, so that memory does not grow with their number.
AT_ONCE = 50


def batched(rows: list[Assessment], size: int) -> Iterator[list[Assessment]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


UNFINISHED_CHANGED = (
    "Daftar OPD yang belum disetujui berubah setelah halaman ini dibuka, jadi periode belum difinalkan. "
    "Periksa daftar yang sekarang, lalu finalkan."
)


@dataclass(frozen=True)
class Finalised:
    """What a finalising wrote. `revisions` are the numbers of the new results, `unchanged` counts those of before.

    `pemda` is the government's result in force now, None while not every indicator is determined.
    """

    period: Period
    complete: int
    incomplete: int
    revisions: tuple[int, ...]
    unchanged: int
    pemda: PemdaResult | None = None


def finalise_period(
    *,
    period_id: int,
    user: User,
    reason: str = "",
    expected_unfinished: str | None = None,
    now: datetime | None = None,
) -> Finalised:
    """Close the period: immutable results for everything that is not final yet.

    Approved assessments get a complete result. What is not approved freezes as *tidak selesai*,
    with coverage and without a verified index, and needs `reason`: `NotReady` lists it otherwise.
    Cancelled assessments stay as they are. The government's index freezes with it where every indicator is
    determined, else it stays open (`workflow.pemda`). `expected_unfinished` is the `unfinished_token` of what the
    person was shown: `Stale` where it is no longer so. `now` is given only where a past year is brought in.
    Raises `PermissionDenied`, `WrongState`, `Invalid`.
    """
    with transaction.atomic():
        # Assessments first, then the period: the order in which every writer locks.
        assessments = list(
            Assessment.objects.select_for_update(of=("self",))
            .select_related("period__instrument", "agency")
            .filter(period_id=period_id)
            .exclude(status__in=[Status.FINAL, Status.CANCELLED])
            .order_by("pk")
        )
        period = Period.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=period_id)
        require(permissions.can_manage_periods(rights_of(user)))
        if period.status != Period.Status.OPEN:
            raise WrongState(f"Periode ini berstatus {period.get_status_display()}, jadi tidak dapat difinalkan.")
        text = clean_text(reason, REASON_MAX).strip()
        unfinished = [assessment for assessment in assessments if assessment.status != Status.APPROVED]
        if expected_unfinished is not None and expected_unfinished != unfinished_token(unfinished):
            raise Stale(UNFINISHED_CHANGED, unfinished)
        if unfinished and not text:
            raise NotReady(
                f"{len(unfinished)} OPD belum disetujui. Tulis alasan agar penilaiannya dibekukan "
                "sebagai tidak selesai.",
                [
                    Problem(
                        "unfinished",
                        "",
                        f"{a.agency} – {a.get_status_display()}, {a.answered_count} dari {a.assigned_count} terisi",
                    )
                    for a in unfinished
                ],
            )
        if not assessments and not Result.objects.filter(assessment__period=period).exists():
            raise Invalid({"reason": "Tidak ada penilaian yang dapat difinalkan pada periode ini."})
        is_past, now = now is not None, now or timezone.now()
        revisions = dict(
            Result.objects.filter(assessment__period=period)
            .order_by()
            .values_list("assessment")
            .annotate(latest=Max("revision"))
        )
        unchanged = Result.objects.filter(assessment__period=period, superseded_at=None).count()
        done = 0
        for chunk in batched(assessments, AT_ONCE):
            answers = snapshot.answers_for_snapshot(chunk)
            results, events = [], []
            for assessment in chunk:
                complete = assessment.status == Status.APPROVED
                before = assessment.status
                if not complete:
                    assessment.verified_exact = assessment.verified_predicate = assessment.verified_levels = ""
                assessment.status, assessment.finalised_at = Status.FINAL, now
                assessment.revision += 1
                results.append(
                    frozen(
                        assessment,
                        answers[assessment.pk],
                        revision=revisions.get(assessment.pk, 0) + 1,
                        reason="" if complete else text,
                        user=user,
                        now=now,
                    )
                )
                events.append(
                    prepare(
                        "assessment.finalise",
                        assessment,
                        actor=user,
                        before={"status": before},
                        after={"status": Status.FINAL, "is_complete": complete, "digest": results[-1].digest},
                        reason="" if complete else text,
                        at=now,
                    )
                )
                done += complete
            Result.objects.bulk_create(results)
            record_all(events)
        left = Assessment.objects.filter(period=period).exclude(status__in=[Status.FINAL, Status.CANCELLED])
        left.exclude(status=Status.APPROVED).update(verified_exact="", verified_predicate="", verified_levels="")
        left.update(status=Status.FINAL, finalised_at=now, revision=F("revision") + 1)
        period.status, period.finalised_at, period.finalised_by = Period.Status.FINAL, now, user
        period.finalise_reason = text or period.finalise_reason  # what froze before keeps its reason
        period.save(update_fields=["status", "finalised_at", "finalised_by", "finalise_reason"])
        record(
            "period.finalise",
            period,
            actor=user,
            before={"status": "open"},
            after={"status": "final", "complete": done, "incomplete": len(assessments) - done},
            reason=text,
            at=now,
        )
        written = sorted({revisions.get(assessment.pk, 0) + 1 for assessment in assessments})
        pemda = freeze_pemda(period, user, now)
        if not is_past:
            announcements.finalised(period, assessments, user)
        return Finalised(period, done, len(assessments) - done, tuple(written), unchanged, pemda)


def cancel_period(*, period_id: int, user: User, reason: str) -> Period:
    """Stop a period that has no result: its open assessments are cancelled with it."""
    with transaction.atomic():
        assessments = list(
            Assessment.objects.select_for_update(of=("self",))
            .select_related("agency", "period")
            .filter(period_id=period_id)
            .order_by("pk")
        )
        period = Period.objects.select_for_update().get(pk=period_id)
        require(permissions.can_manage_periods(rights_of(user)))
        if period.status not in (Period.Status.DRAFT, Period.Status.OPEN):
            raise WrongState(f"Periode ini berstatus {period.get_status_display()}, jadi tidak dapat dibatalkan.")
        if Result.objects.filter(assessment__period=period).exists():
            raise WrongState("Periode ini pernah final dan punya hasil, jadi tidak dapat dibatalkan.")
        text = clean_text(reason, REASON_MAX).strip()
        if not text:
            raise Invalid({"reason": "Tulis alasannya terlebih dahulu."})
        running = [assessment for assessment in assessments if assessment.status != Status.CANCELLED]
        for assessment in running:
            before = assessment.status
            assessment.status = Status.CANCELLED
            assessment.revision += 1
            assessment.save(update_fields=["status", "revision"])
            record(
                "assessment.cancel",
                assessment,
                actor=user,
                before={"status": before},
                after={"status": Status.CANCELLED},
                reason=text,
            )
        before = period.status
        period.status = Period.Status.CANCELLED
        period.save(update_fields=["status"])
        record(
            "period.cancel", period, actor=user, before={"status": before}, after={"status": "cancelled"}, reason=text
        )
        announcements.period_cancelled(period, running, user, text)
        return period
