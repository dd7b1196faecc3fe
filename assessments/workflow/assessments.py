"""The moves of one assessment. Each locks the row, re-reads it, checks person, state and
readiness, writes named fields and one event."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from assessments import announcements, permissions, totals
from assessments.calendar import end_of_working_day
from assessments.errors import Invalid, NotReady, Problem, Stale, WrongState
from assessments.models import Assessment, DecisionKind, Period, Result, Review, Status
from assessments.moves import BY_NAME
from assessments.queries.answers import load_answers
from assessments.queries.readiness import problems_of
from assessments.services._base import (
    Acting,
    locked,
    note_contribution,
    refresh_totals,
    require,
    require_in_time,
    require_open_period,
    wrote_in,
)
from assessments.services.answers import REASON_MAX, clean_text
from assessments.specs import spec_of
from assessments.workflow.pemda import refuse_imported
from spbe_portal.formatting import datetime_id


def _from_source(acting: Acting, name: str) -> None:
    move = BY_NAME[name]
    if acting.assessment.status not in move.sources:
        raise WrongState(
            f"Penilaian ini berstatus {acting.assessment.get_status_display()}, jadi langkah "
            f"“{move.label}” tidak dapat dilakukan. Di bawah ini keadaan terbaru."
        )


def _move(acting: Acting, name: str, *, fields: tuple[str, ...] = (), reason: str = "", **after: object) -> None:
    assessment = acting.assessment
    target = BY_NAME[name].target
    before = {"status": assessment.status}
    if target is not None:
        assessment.status = target
    assessment.revision += 1
    assessment.save(update_fields=["status", "revision", *fields])
    acting.record(
        f"assessment.{name}",
        assessment,
        before=before,
        after={"status": assessment.status, **after},
        reason=reason,
        on_behalf_of=acting.on_behalf_of if name in ("submit", "withdraw") else None,
    )


def _reason(text: str) -> str:
    cleaned = clean_text(text, REASON_MAX).strip()
    if not cleaned:
        raise Invalid({"reason": "Tulis alasannya terlebih dahulu."})
    return cleaned


def submit(*, assessment_id: int, user: User) -> Assessment:
    """Hand in: locks answers and evidence and fixes the self index.

    After a return, decisions on indicators that were not returned stay; the returned ones become
    history and wait for a new decision. Raises `PermissionDenied`, `WrongState`, `TooLate`,
    `NotReady` with all problems.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        assessment = acting.assessment
        require(permissions.may_write(acting.rights, assessment))
        _from_source(acting, "submit")
        require_open_period(acting)
        require_in_time(acting)
        problems = problems_of(assessment)
        if problems:
            raise NotReady(f"Penilaian belum dapat diajukan: {len(problems)} hal perlu dilengkapi.", problems)
        Review.objects.filter(
            answer__assessment=assessment, is_current=True, is_published=True, decision=DecisionKind.RETURN
        ).update(is_current=False)
        refresh_totals(acting)
        assessment.round += 1
        assessment.submitted_at, assessment.submitted_by = acting.now, acting.user
        assessment.mend_by = None
        note_contribution(acting)
        _move(
            acting,
            "submit",
            fields=("round", "submitted_at", "submitted_by", "mend_by"),
            round=assessment.round,
            self_exact=assessment.self_exact,
        )
        announcements.submitted(assessment, user)
        return assessment


def withdraw(*, assessment_id: int, user: User) -> Assessment:
    """Take the hand-in back: before the first decision and before the deadline."""
    with transaction.atomic():
        acting = locked(assessment_id, user)
        assessment = acting.assessment
        require(permissions.may_write(acting.rights, assessment))
        _from_source(acting, "withdraw")
        require_open_period(acting)
        if not assessment.was_handed_in:
            raise WrongState("Penilaian ini dibuka kembali oleh koordinator, jadi tidak ada pengajuan untuk ditarik.")
        if assessment.decided_count:
            raise WrongState("Verifikasi sudah dimulai, jadi pengajuan tidak dapat ditarik kembali.")
        require_in_time(acting)
        _move(acting, "withdraw")
        announcements.withdrawn(assessment, user)
        return assessment


def return_assessment(
    *, assessment_id: int, user: User, mend_by: datetime | None = None, revision: int | None = None
) -> Assessment:
    """Send the returned indicators back, and only these, with a mend-by time of their own.

    `mend_by` defaults to the period's number of working days from now. `revision` is the assessment's as it
    was on screen (None: not checked). Raises `PermissionDenied`, `WrongState`, `NotReady`, `Invalid`, `Stale`.
    """
    with transaction.atomic():
        acting = _reviewing(assessment_id, user, "return", revision)
        assessment = acting.assessment
        if not assessment.returned_count:
            raise NotReady("Belum ada indikator yang dikembalikan. Tandai dahulu indikator yang harus diperbaiki.", [])
        zone = timezone.get_default_timezone()
        due = mend_by or end_of_working_day(acting.now, assessment.period.mend_days, zone)
        if due < acting.now + timedelta(hours=1):
            raise Invalid({"mend_by": "Batas perbaikan harus di masa depan, paling cepat satu jam lagi."})
        assessment.mend_by, assessment.returned_at = due, acting.now
        _publish(assessment)
        _move(
            acting, "return", fields=("mend_by", "returned_at"), mend_by=due, returned_count=assessment.returned_count
        )
        announcements.returned(assessment, user)
        return assessment


def approve(*, assessment_id: int, user: User, revision: int | None = None) -> Assessment:
    """Approve the whole: every answer decided, none returned. The verified index exists from now on.

    `revision` is the assessment's as it was on screen (None: not checked). Raises `PermissionDenied`,
    `WrongState`, `NotReady` with all problems, `Stale`.
    """
    with transaction.atomic():
        acting = _reviewing(assessment_id, user, "approve", revision)
        assessment = acting.assessment
        answers, reviews = load_answers(assessment)
        problems = [
            Problem("undecided", answer.indicator.code, f"Indikator {answer.indicator} belum diputuskan.")
            for answer in answers
            if answer.pk not in reviews
        ] + [
            Problem("returned", answer.indicator.code, f"Indikator {answer.indicator} ditandai dikembalikan.")
            for answer in answers
            if answer.pk in reviews and reviews[answer.pk].decision == DecisionKind.RETURN
        ]
        if problems:
            raise NotReady(f"Penilaian belum dapat disetujui: {len(problems)} indikator belum selesai.", problems)
        score = totals.verified_score(spec_of(assessment.period.instrument), answers, reviews)
        assessment.verified_exact = totals.fraction_text(score.index)
        assessment.verified_predicate = score.predicate or ""
        assessment.verified_levels = totals.packed_verified(answers, reviews)
        assessment.approved_at, assessment.approved_by = acting.now, acting.user
        _publish(assessment)
        _move(
            acting,
            "approve",
            fields=("approved_at", "approved_by", "verified_exact", "verified_predicate", "verified_levels"),
            verified_exact=assessment.verified_exact,
        )
        announcements.approved(assessment, user)
        return assessment


def reopen(*, assessment_id: int, user: User, reason: str) -> Assessment:
    """Back to review, decisions kept and editable. A final period runs again until it is finalised anew."""
    with transaction.atomic():
        acting = locked(assessment_id, user)
        assessment = acting.assessment
        require(acting.rights.is_coordinator)
        _from_source(acting, "reopen")
        text = _reason(reason)
        period = Period.objects.select_for_update().get(pk=assessment.period_id)
        if period.status not in (Period.Status.OPEN, Period.Status.FINAL):
            raise WrongState("Periode penilaian ini dibatalkan, jadi penilaiannya tidak dapat dibuka kembali.")
        refuse_imported(period)
        fields: tuple[str, ...] = ("verified_exact", "verified_predicate", "verified_levels")
        assessment.verified_exact = assessment.verified_predicate = assessment.verified_levels = ""
        # Froze as "tidak selesai" before it was ever handed in: this is since when it waits for review.
        # `round` stays 0, which tells it from a hand-in (see `Assessment.was_handed_in`).
        if assessment.submitted_at is None:
            assessment.submitted_at = acting.now
            fields += ("submitted_at",)
        # The result stays, as history: nothing may show it as in force while it is under review again.
        Result.objects.filter(assessment=assessment, superseded_at=None).update(superseded_at=acting.now)
        _move(acting, "reopen", fields=fields, reason=text)
        if period.status == Period.Status.FINAL:
            period.status = Period.Status.OPEN
            period.save(update_fields=["status"])
            acting.record("period.reopen", period, before={"status": "final"}, after={"status": "open"}, reason=text)
        announcements.reopened(assessment, user, text)
        return assessment


def cancel(*, assessment_id: int, user: User, reason: str) -> Assessment:
    """Take the agency out of the period. What was written stays readable for it and the coordinator."""
    with transaction.atomic():
        acting = locked(assessment_id, user)
        require(acting.rights.is_coordinator)
        _from_source(acting, "cancel")
        require_open_period(acting)
        if Result.objects.filter(assessment=acting.assessment).exists():
            raise WrongState("Penilaian ini pernah final. Setujui lalu finalkan kembali; tidak dapat dibatalkan.")
        text = _reason(reason)
        _move(acting, "cancel", reason=text)
        announcements.cancelled(acting.assessment, user, text)
        return acting.assessment


def extend(*, assessment_id: int, user: User, until: datetime, reason: str) -> Assessment:
    """A later deadline for one agency (its mend-by time while returned), recorded with a reason."""
    with transaction.atomic():
        acting = locked(assessment_id, user)
        assessment = acting.assessment
        require(acting.rights.is_coordinator)
        _from_source(acting, "extend")
        require_open_period(acting)
        text = _reason(reason)
        if until <= acting.now:
            raise Invalid({"until": "Batas waktu baru harus di masa depan."})
        if until <= assessment.due_at:
            raise Invalid({"until": f"Batas waktu baru harus sesudah {datetime_id(assessment.due_at)}."})
        before = {"due_at": assessment.due_at}
        field = "mend_by" if assessment.status == Status.RETURNED else "extended_until"
        setattr(assessment, field, until)
        assessment.revision += 1
        assessment.save(update_fields=[field, "revision"])
        acting.record("assessment.extend", assessment, before=before, after={"due_at": until}, reason=text)
        announcements.extended(assessment, user, text)
        return assessment


def _reviewing(assessment_id: int, user: User, name: str, revision: int | None) -> Acting:
    acting = locked(assessment_id, user)
    wrote = wrote_in(acting.assessment, user)
    require(permissions.may_review_agency(acting.rights, acting.assessment, wrote=wrote))
    _from_source(acting, name)
    require_open_period(acting)
    if revision is not None and revision != acting.assessment.revision:
        raise Stale(
            "Keputusan berubah sejak halaman ini dibuka. Periksa kembali sebelum melanjutkan.", acting.assessment
        )
    return acting


def _publish(assessment: Assessment) -> None:
    Review.objects.filter(answer__assessment=assessment, is_current=True, is_published=False).update(is_published=True)
