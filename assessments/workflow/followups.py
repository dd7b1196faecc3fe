"""The moves of a follow-up: the table, and one function a move. The only code that assigns its status."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Rights
from assessments import announcements, permissions
from assessments.errors import Invalid, WrongState
from assessments.models import FollowUp
from assessments.services._base import require
from assessments.services.answers import clean_text
from assessments.services.followups import (
    NOTE_MAX,
    Carried,
    carried_of,
    locked,
    proof_arriving,
    require_current,
    write_carried,
)
from audit.services import record

Status = FollowUp.Status


@dataclass(frozen=True)
class FollowUpMove:
    """One act that changes the state. `allowed(rights, follow_up)` asks the person; `asks_note`: it says why."""

    name: str
    label: str
    sources: tuple[str, ...]
    target: str
    allowed: Callable[[Rights, FollowUp], bool]
    asks_note: bool = False


def _manages(rights: Rights, follow_up: FollowUp) -> bool:
    return permissions.can_manage_follow_ups(rights)


FOLLOW_UP_MOVES: tuple[FollowUpMove, ...] = (
    FollowUpMove("report", "Laporkan selesai", (Status.OPEN,), Status.REPORTED, permissions.can_carry_out),
    FollowUpMove("confirm", "Nyatakan selesai", (Status.REPORTED,), Status.DONE, permissions.can_confirm_follow_up),
    FollowUpMove("return", "Kembalikan ke OPD", (Status.REPORTED,), Status.OPEN, _manages, asks_note=True),
    FollowUpMove(
        "drop", "Hentikan tindak lanjut", (Status.OPEN, Status.REPORTED), Status.DROPPED, _manages, asks_note=True
    ),
    FollowUpMove("reopen", "Buka kembali", (Status.DONE, Status.DROPPED), Status.OPEN, _manages, asks_note=True),
)
BY_NAME = {move.name: move for move in FOLLOW_UP_MOVES}
#: The moves that are the coordinator's.
CLOSING = tuple(move.name for move in FOLLOW_UP_MOVES if move.name != "report")


def follow_up_actions(rights: Rights, follow_up: FollowUp) -> list[str]:
    """The names of the moves this person may make now, in the table's order."""
    return [
        move.name for move in FOLLOW_UP_MOVES if follow_up.status in move.sources and move.allowed(rights, follow_up)
    ]


def report_follow_up(*, follow_up_id: int, user: User, version: int, carried: Carried) -> FollowUp:
    """Save what was done (see `services.followups.carry_out`) and hand it to the coordinator, in one step.

    Done is all of it: the progress is 100, whatever stood in the form.
    Raises as `carry_out` does, and `Invalid` (key "report") where the report says nothing.
    """
    with proof_arriving(follow_up_id, user, carried) as proof, transaction.atomic():
        follow_up, rights = locked(follow_up_id, user)
        require(permissions.can_carry_out(rights, follow_up))
        _check(follow_up, "report")
        if not carried.report.strip():
            raise Invalid({"report": "Tulis apa yang sudah dilakukan, lalu laporkan."})
        before = {"status": follow_up.status, **carried_of(follow_up)}
        if not write_carried(follow_up, rights, user, version, replace(carried, progress=100), proof):
            require_current(follow_up, version)
            follow_up.version += 1
        follow_up.status = BY_NAME["report"].target
        follow_up.reported_by, follow_up.reported_at = user, timezone.now()
        follow_up.save(update_fields=["status", "reported_by", "reported_at", "version"])
        after = {"status": follow_up.status, **carried_of(follow_up)}
        record("followup.report", follow_up, actor=user, before=before, after=after)
        announcements.follow_up_reported(follow_up, user)
        return follow_up


def close_follow_up(*, follow_up_id: int, user: User, name: str, note: str = "", version: int) -> FollowUp:
    """One of the coordinator's moves (`CLOSING`), over the version that was on screen.

    Raises `KeyError` for an unknown move, `PermissionDenied`, `WrongState`, `Invalid` (key "note"), `Stale`.
    """
    move = BY_NAME[name]
    with transaction.atomic():
        follow_up, rights = locked(follow_up_id, user)
        require(permissions.can_manage_follow_ups(rights))
        _check(follow_up, name)
        if not move.allowed(rights, follow_up):
            raise WrongState(
                "Laporan ini Anda kirim sendiri sebagai operator, jadi koordinator lain yang menyatakannya selesai."
            )
        require_current(follow_up, version)
        try:
            text = clean_text(note, NOTE_MAX).strip()
        except Invalid as refusal:
            raise Invalid({"note": refusal.errors["text"]}) from None
        if move.asks_note and not text:
            raise Invalid({"note": "Tulis catatannya terlebih dahulu: OPD perlu tahu alasannya."})
        before = {"status": follow_up.status, "progress": follow_up.progress, "note": follow_up.note}
        follow_up.status, follow_up.note = move.target, text
        if move.target == Status.DONE:
            follow_up.progress = 100
        closes = move.target in (Status.DONE, Status.DROPPED)
        follow_up.closed_by = user if closes else None
        follow_up.closed_at = timezone.now() if closes else None
        follow_up.version += 1
        follow_up.save(update_fields=["status", "note", "progress", "closed_by", "closed_at", "version"])
        after = {name: getattr(follow_up, name) for name in before}
        record(f"followup.{name}", follow_up, actor=user, before=before, after=after, reason=text)
        announcements.follow_up_closed(follow_up, name, user)
        return follow_up


def _check(follow_up: FollowUp, name: str) -> None:
    move = BY_NAME[name]
    if follow_up.status not in move.sources:
        raise WrongState(
            f"Tindak lanjut ini berstatus {follow_up.get_status_display()}, jadi langkah “{move.label}” tidak dapat "
            "dilakukan. Di bawah ini keadaan terbaru."
        )
