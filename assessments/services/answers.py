"""Writing answers: level, explanation, not relevant, and the agency's reply to a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from accounts.models import User
from assessments import announcements, permissions
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Answer, Assessment, DecisionKind, Review, Status
from assessments.services._base import (
    Acting,
    answer_for_edit,
    current_score,
    locked,
    note_contribution,
    refresh_totals,
    require,
    require_in_time,
    require_open_period,
)
from indicators.fields import plain_level
from indicators.models import Instrument
from indicators.scoring import Score
from spbe_portal.formatting import level_id

TEXT_MAX = 20_000  # characters of one explanation
REASON_MAX = 2_000
FIELDS = ("self_level", "fact", "analysis", "not_applicable", "not_applicable_reason")


@dataclass(frozen=True)
class Saved:
    """An answer as stored now, with the assessment's new figures."""

    answer: Answer
    assessment: Assessment
    score: Score
    changed: bool


def save_answer(*, assessment_id: int, code: str, user: User, version: int, changes: Mapping[str, Any]) -> Saved:
    """Store the given fields of one answer (names as in `FIELDS`) and write one event.

    Choosing a level clears *tidak relevan* and the other way round. Saving what is stored already
    changes nothing, whatever the version: a repeated request does no harm.

    Raises `Answer.DoesNotExist`, `PermissionDenied`, `WrongState`, `TooLate`, `Invalid`, and
    `Stale` (with the stored answer) when `version` is not the stored one.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        answer = answer_for_edit(acting, code)
        wanted = _cleaned(changes, acting.assessment.period.instrument)
        before = {name: getattr(answer, name) for name in FIELDS}
        after = settled(before, wanted)
        if after == before:
            return Saved(answer, acting.assessment, current_score(acting), changed=False)
        if answer.version != version:
            raise Stale("Jawaban ini sudah diubah dari tempat lain sejak Anda membukanya.", answer)
        for name, value in after.items():
            setattr(answer, name, value)
        touch(acting, answer, bump=True, fields=FIELDS)
        acting.record("answer.save", answer, before=before, after=after, on_behalf_of=acting.on_behalf_of)
        return Saved(answer, acting.assessment, refresh_totals(acting), changed=True)


def touch(acting: Acting, answer: Answer, *, bump: bool = False, fields: tuple[str, ...] = ()) -> None:
    """Note who changed the answer and when; `bump` also moves its version."""
    if bump:
        answer.version += 1
    answer.changed_at = acting.now
    answer.changed_by = acting.user
    answer.on_behalf = acting.on_behalf_of is not None
    answer.save(update_fields=[*fields, "version", "changed_at", "changed_by", "on_behalf"])
    note_contribution(acting)


def settled(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer holds once the `wanted` fields are written: a level and *tidak relevan* exclude each other."""
    after = {**before, **wanted}
    if wanted.get("not_applicable"):
        after["self_level"] = None
    elif wanted.get("self_level") is not None:
        after["not_applicable"] = False
    if after["not_applicable"]:
        after["self_level"] = None
    return after


def _cleaned(changes: Mapping[str, Any], instrument: Instrument) -> dict[str, Any]:
    errors: dict[str, str] = {}
    wanted: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in FIELDS:
            errors[name] = f"Kolom {name} tidak dikenal."
        elif name == "self_level":
            try:
                wanted[name] = clean_level(value, instrument)
            except Invalid as refusal:
                errors[name] = refusal.errors["level"]
        elif name == "not_applicable":
            if not isinstance(value, bool):
                errors[name] = "Isi dengan ya atau tidak."
            wanted[name] = value
        else:
            limit = REASON_MAX if name == "not_applicable_reason" else TEXT_MAX
            try:
                wanted[name] = clean_text(value, limit)
            except Invalid as refusal:
                errors[name] = refusal.errors["text"]
    if errors:
        raise Invalid(errors)
    return wanted


def clean_text(value: Any, limit: int) -> str:
    """Text as stored: line ends as newline. Raises `Invalid` (key "text") when it cannot be stored."""
    if not isinstance(value, str):
        raise Invalid({"text": "Isi dengan teks."})
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text or not _is_unicode(text):
        raise Invalid({"text": "Teks memuat karakter yang tidak dapat disimpan. Hapus lalu ketik ulang bagian itu."})
    if len(text) > limit:
        shown, most = f"{len(text):,}".replace(",", "."), f"{limit:,}".replace(",", ".")
        raise Invalid(
            {
                "text": f"Teks terlalu panjang: {shown} karakter, paling banyak {most}. Ringkas, atau lampirkan "
                "uraiannya sebagai bukti dukung."
            }
        )
    return text


def _is_unicode(text: str) -> bool:
    """JSON can name half a character ("\\ud800"), which no database or page can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean_level(value: Any, instrument: Instrument) -> int | Decimal | None:
    """A level of the instrument's scale, or None. Raises `Invalid` (key "level")."""
    if value is None or value == "":
        return None
    low, high = instrument.scale_min, instrument.scale_max
    wrong = Invalid({"level": what_is_a_level(instrument)})
    if isinstance(value, bool):
        raise wrong
    try:
        level = Decimal(str(value))
    except InvalidOperation:
        raise wrong from None
    if not level.is_finite() or not low <= level <= high or level != level.quantize(Decimal("0.01")):
        raise wrong
    if not instrument.is_fractional and level != level.to_integral_value():
        raise wrong
    return plain_level(level)


def what_is_a_level(instrument: Instrument) -> str:
    """What to write, for whoever wrote something else."""
    bounds = f"{level_id(instrument.scale_min)} sampai {level_id(instrument.scale_max)}"
    if instrument.is_fractional:
        return f"Nilai tidak dikenal. Isi bilangan {bounds}, paling banyak dua angka di belakang koma."
    return f"Level tidak dikenal. Pilih level {bounds}."


def reply(*, assessment_id: int, code: str, user: User, text: str) -> Review:
    """The agency's *tanggapan* to a published return or adjustment, once per decision.

    While the assessment is returned, only until its mend-by time: a reply counts as mending.

    Raises `Review.DoesNotExist` where there is no such decision, `WrongState` when it was answered
    already or is not open to replies, `TooLate`, `Invalid`, `PermissionDenied`.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        assessment = acting.assessment
        require(permissions.may_write(acting.rights, assessment))
        if not permissions.can_reply(acting.rights, assessment):
            raise WrongState("Tanggapan hanya dapat diberikan setelah penilaian dikembalikan atau disetujui.")
        require_open_period(acting)
        if assessment.status == Status.RETURNED:
            require_in_time(acting)
        review = (
            Review.objects.select_related("answer__indicator")
            .filter(decision__in=[DecisionKind.RETURN, DecisionKind.ADJUST], is_published=True, is_current=True)
            .get(answer__assessment=assessment, answer__indicator__code=code)
        )
        if review.reply:
            raise WrongState("Tanggapan untuk putaran ini sudah diberikan dan hanya dapat diberikan satu kali.")
        cleaned = clean_text(text, REASON_MAX).strip()
        if not cleaned:
            raise Invalid({"text": "Tulis tanggapan Anda terlebih dahulu."})
        review.reply, review.replied_by, review.replied_at = cleaned, acting.user, acting.now
        review.save(update_fields=["reply", "replied_by", "replied_at"])
        touch(acting, review.answer)
        acting.record("review.reply", review, after={"reply": cleaned}, on_behalf_of=acting.on_behalf_of)
        refresh_totals(acting)
        announcements.replied(assessment, review, user)
        return review
