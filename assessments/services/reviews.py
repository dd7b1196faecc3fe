"""Writing decisions on answers."""

from typing import Any

from django.db import transaction

from accounts.models import User
from assessments import permissions
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Answer, DecisionKind, Evidence, ReturnReason, Review
from assessments.queries.content import content_digest, pieces_of
from assessments.services._base import locked, refresh_totals, require, require_open_period, wrote_in
from assessments.services.answers import clean_level, clean_text

NOTE_MAX = 4_000


def decide(
    *,
    assessment_id: int,
    code: str,
    user: User,
    decision: str,
    verified_level: Any = None,
    reason: str = "",
    note: str = "",
    version: int | None = None,
    round: int | None = None,
) -> Review:
    """Accept, adjust or return one answer of a submitted assessment.

    Accepting takes over the agency's level (none where it says *tidak relevan*: the indicator is
    then left out). Adjusting needs another level and a note; returning needs a reason kind and a note.
    `version` is that of the decision on screen, None where there was none; `round` is the hand-in on
    screen (None: not checked): an agency may withdraw, change its answer and hand in again.

    Raises `Answer.DoesNotExist`, `PermissionDenied`, `WrongState`, `Invalid`, and `Stale` (with the
    current decision) when another reviewer decided meanwhile or the answer on screen is of an earlier round.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        assessment = acting.assessment
        wrote = wrote_in(assessment, user)
        require(permissions.may_review_agency(acting.rights, assessment, wrote=wrote))
        if not permissions.can_review(acting.rights, assessment, wrote=wrote):
            raise WrongState(
                f"Penilaian ini berstatus {assessment.get_status_display()}. Keputusan hanya dapat diberikan "
                "selama statusnya Diajukan."
            )
        require_open_period(acting)
        answer = Answer.objects.select_related("indicator").get(assessment=assessment, indicator__code=code)
        current = Review.objects.filter(answer=answer, is_current=True).select_related("reviewer").first()
        values = _cleaned(answer, assessment.period.instrument, decision, verified_level, reason, note)
        before = _values(current) if current else {}
        if round is not None and round != assessment.round:
            raise Stale(
                "Penilaian ini diajukan kembali sejak Anda membukanya, jadi jawabannya dapat berubah.", current
            )
        if current and values == before and not current.is_published:
            return current
        if (current.version if current else None) != version:
            raise Stale("Keputusan untuk indikator ini sudah diberikan atau diubah oleh verifikator lain.", current)
        if current and current.is_published:
            # Published decisions are history; the agency has read them.
            Review.objects.filter(pk=current.pk).update(is_current=False)
        if current and not current.is_published:
            review = current
            review.version += 1
        else:
            review = Review(answer=answer, version=current.version + 1 if current else 1)
        for name, value in values.items():
            setattr(review, name, value)
        review.round, review.reviewer, review.decided_at = assessment.round, acting.user, acting.now
        review.seen = _seen(answer) if review.decision == DecisionKind.RETURN else ""
        review.save()
        told = {**values, "indicator": code, "self_level": answer.self_level}
        acting.record("review.decide", review, before=before, after=told)
        refresh_totals(acting)
        return review


def _seen(answer: Answer) -> str:
    """What a return is compared with later: whether the agency mended anything."""
    return content_digest(answer, pieces_of(Evidence.objects.filter(answer=answer)).get(answer.pk, []))


def _values(review: Review) -> dict[str, Any]:
    return {name: getattr(review, name) for name in ("decision", "verified_level", "reason", "note")}


def _cleaned(answer: Answer, instrument: Any, decision: str, level: Any, reason: str, note: str) -> dict[str, Any]:
    errors: dict[str, str] = {}
    if decision not in DecisionKind.values:
        raise Invalid({"decision": "Pilih terima, sesuaikan, atau kembalikan."})
    try:
        note = clean_text(note, NOTE_MAX).strip()
    except Invalid as refusal:
        errors["note"] = refusal.errors["text"]
    values: dict[str, Any] = {"decision": decision, "verified_level": None, "reason": "", "note": note}
    if decision == DecisionKind.ACCEPT:
        if not answer.is_answered:
            errors["decision"] = "Indikator ini belum diisi, jadi tidak dapat diterima. Sesuaikan atau kembalikan."
        values["verified_level"] = answer.self_level
    elif decision == DecisionKind.ADJUST:
        try:
            values["verified_level"] = clean_level(level, instrument)
        except Invalid as refusal:
            errors["verified_level"] = refusal.errors["level"]
        else:
            if values["verified_level"] is None:
                errors["verified_level"] = "Pilih level hasil verifikasi."
            elif values["verified_level"] == answer.self_level:
                errors["verified_level"] = "Level sama dengan nilai mandiri. Pilih level lain, atau terima jawabannya."
        if not note:
            errors["note"] = "Tulis catatan: mengapa levelnya disesuaikan."
    else:
        if reason not in ReturnReason.values:
            errors["reason"] = "Pilih alasan pengembalian."
        values["reason"] = reason
        if not note:
            errors["note"] = "Tulis catatan: apa yang harus diperbaiki."
    if errors:
        raise Invalid(errors)
    return values
