"""The table of moves: from which states, to which, and by whom. Buttons and the API read it too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts.permissions import Rights
from assessments import permissions
from assessments.models import Assessment, Period, Status


@dataclass(frozen=True)
class Move:
    """One act on a whole assessment. `allowed(rights, assessment, wrote)` asks person and state."""

    name: str
    label: str
    sources: tuple[Status, ...]
    target: Status | None  # None: the state stays
    allowed: Callable[[Rights, Assessment, bool], bool]
    before_deadline: bool = False


MOVES: tuple[Move, ...] = (
    Move(
        "submit",
        "Ajukan penilaian",
        (Status.DRAFT, Status.RETURNED),
        Status.SUBMITTED,
        lambda rights, assessment, wrote: permissions.can_submit(rights, assessment),
        before_deadline=True,
    ),
    Move(
        "withdraw",
        "Tarik kembali pengajuan",
        (Status.SUBMITTED,),
        Status.DRAFT,
        lambda rights, assessment, wrote: permissions.can_withdraw(rights, assessment),
        before_deadline=True,
    ),
    Move(
        "return",
        "Kembalikan penilaian",
        (Status.SUBMITTED,),
        Status.RETURNED,
        lambda rights, assessment, wrote: permissions.can_review(rights, assessment, wrote=wrote),
    ),
    Move(
        "approve",
        "Setujui penilaian",
        (Status.SUBMITTED,),
        Status.APPROVED,
        lambda rights, assessment, wrote: permissions.can_review(rights, assessment, wrote=wrote),
    ),
    Move(
        "reopen",
        "Buka kembali penilaian",
        (Status.APPROVED, Status.FINAL),
        Status.SUBMITTED,
        lambda rights, assessment, wrote: permissions.can_reopen(rights, assessment),
    ),
    Move(
        "cancel",
        "Batalkan penilaian",
        (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.APPROVED),
        Status.CANCELLED,
        lambda rights, assessment, wrote: permissions.can_cancel(rights, assessment),
    ),
    Move(
        "extend",
        "Perpanjang batas waktu",
        (Status.DRAFT, Status.RETURNED),
        None,
        lambda rights, assessment, wrote: permissions.can_extend(rights, assessment),
    ),
)
BY_NAME = {move.name: move for move in MOVES}


def actions(rights: Rights, assessment: Assessment, *, wrote: bool, now: datetime) -> list[str]:
    """The names of the moves this person may make now, in the table's order."""
    period_open = assessment.period.status == Period.Status.OPEN
    return [
        move.name
        for move in MOVES
        if assessment.status in move.sources
        and (period_open or move.name == "reopen")
        and (not move.before_deadline or now < assessment.due_at)
        and not (move.name == "withdraw" and (assessment.decided_count or not assessment.was_handed_in))
        and move.allowed(rights, assessment, wrote)
    ]


def period_actions(rights: Rights, period: Period, *, has_result: bool) -> list[str]:
    """What this person may do to a period now. `has_result`: it was final before, so it is not cancelled any more."""
    open_ones = (Period.Status.DRAFT, Period.Status.OPEN)
    possible = {
        "edit": period.status in open_ones and permissions.can_manage_periods(rights),
        "assign": period.status in open_ones and permissions.can_assign(rights),
        "open": period.status == Period.Status.DRAFT and permissions.can_manage_periods(rights),
        "finalise": permissions.can_finalise(rights, period),
        "cancel": period.status in open_ones and not has_result and permissions.can_manage_periods(rights),
    }
    return [name for name, is_possible in possible.items() if is_possible]
