"""Reminders of deadlines: 7, 3 and 1 days before, and once when one has passed.

Each agency has its own (its extension, or its mend-by time). A day on which nothing ran is made up for by the
nearest reminder that still holds, not by all of them. Coordinators get one line with the numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from accounts.models import NotificationKind, Role, User
from accounts.services.notifications import Message, notify_all
from assessments.announcements import in_role, operators_of
from assessments.models import Assessment, Period, Status
from assessments.permissions import EDITABLE
from spbe_portal.formatting import clock_id, datetime_id

DAYS_BEFORE = (1, 3, 7)
DEADLINE = NotificationKind.DEADLINE


def remind(now: datetime | None = None) -> int:
    """Tell operators and coordinators of deadlines within a week; how many messages. Each is told once.

    A fixed number of queries.
    """
    now = now or timezone.now()
    open_rows = _open()
    running = {row.period_id: row.period for row in open_rows}
    with transaction.atomic():
        operators = operators_of({row.agency_id for row in open_rows})
        messages = [
            _to_operators(row, operators[row.agency_id], step, now)
            for row in open_rows
            if (step := step_of(row.due_at, _known_since(row), now))
        ]
        coordinators, totals = in_role(Role.COORDINATOR), _agencies_by_period(running)
        for period in running.values():
            rows = [row for row in open_rows if row.period_id == period.pk]
            step = step_of(period.deadline, period.opened_at, now)
            if step and (waiting := [row for row in rows if row.due_at == period.deadline]):
                number = f"{len(waiting)} dari {totals[period.pk]} OPD"
                messages.append(_to_coordinators(period, number, coordinators, step, now))
        return len(notify_all(messages))


def tell_passed(now: datetime | None = None) -> int:
    """Tell operators and coordinators once of each deadline that has passed; how many messages.

    A fixed number of queries.
    """
    now = now or timezone.now()
    late = [row for row in _open() if now >= row.due_at]
    with transaction.atomic():
        operators = operators_of({row.agency_id for row in late})
        messages = [
            Message(
                operators[row.agency_id],
                DEADLINE,
                f"Batas waktu {row.agency} sudah lewat",
                f"deadline.passed:{row.pk}:{row.due_at.isoformat()}",
                f"{row.period.name}. Batas waktunya {datetime_id(row.due_at)}. Isian tersimpan, tetapi tidak dapat "
                "diubah atau diajukan. Minta perpanjangan kepada koordinator penilaian.",
                reverse("sheet", args=[row.pk]),
            )
            for row in late
        ]
        coordinators = in_role(Role.COORDINATOR)
        together: dict[tuple[int, datetime], list[Assessment]] = defaultdict(list)
        for row in late:
            together[row.period_id, row.due_at].append(row)
        messages += [_passed_together(rows, coordinators) for rows in together.values()]
        return len(notify_all(messages))


def step_of(due: datetime, known_since: datetime | None, now: datetime) -> int | None:
    """Which reminder holds now: 7, 3 or 1 days before `due`. None before the first, and once it has passed.

    Nor is there one for a day that lies before the deadline was known: who set it has told of it.
    """
    if now >= due:
        return None
    last = _day(due)
    left = (last - _day(now)).days
    for step in DAYS_BEFORE:
        if left <= step:
            is_new = known_since is not None and (last - _day(known_since)).days <= step
            return None if is_new else step
    return None


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def _open() -> list[Assessment]:
    """What the agencies still have in hand. One query."""
    return list(
        Assessment.objects.filter(period__status=Period.Status.OPEN, status__in=EDITABLE)
        .select_related("period", "agency")
        .order_by("period_id", "agency__name")
    )


def _agencies_by_period(period_ids: Iterable[int]) -> dict[int, int]:
    """How many agencies take part in each. One query."""
    taking_part = Assessment.objects.filter(period__in=period_ids).exclude(status=Status.CANCELLED)
    return dict(taking_part.order_by().values_list("period").annotate(number=Count("pk")))


def _known_since(row: Assessment) -> datetime | None:
    return row.returned_at if row.status == Status.RETURNED else row.period.opened_at


def _to_operators(row: Assessment, people: Sequence[User], step: int, now: datetime) -> Message:
    if row.status == Status.RETURNED:
        to_do = f"{row.returned_count} indikator dikembalikan: perbaiki, lalu ajukan lagi"
    else:
        to_do = f"{row.answered_count} dari {row.assigned_count} indikator terisi: lengkapi, lalu ajukan"
    return Message(
        people,
        DEADLINE,
        f"{_left(row.due_at, now)}: penilaian {row.agency} belum diajukan",
        f"deadline:{row.pk}:{_day(row.due_at)}:{step}",
        f"{row.period.name}. {to_do} paling lambat {datetime_id(row.due_at)}.",
        reverse("sheet", args=[row.pk]),
    )


def _to_coordinators(period: Period, number: str, people: Sequence[User], step: int, now: datetime) -> Message:
    return Message(
        people,
        DEADLINE,
        f"{_left(period.deadline, now)}: {number} belum mengajukan",
        f"deadline:period:{period.pk}:{_day(period.deadline)}:{step}",
        f"{period.name}. Batas waktu {datetime_id(period.deadline)}. Ingatkan OPD yang belum mengajukan.",
        reverse("not_handed_in", args=[period.pk]),
    )


def _passed_together(rows: Sequence[Assessment], people: Sequence[User]) -> Message:
    first = rows[0]
    names = "\n".join(f"{place}. {row.agency}" for place, row in enumerate(rows, start=1))
    return Message(
        people,
        DEADLINE,
        f"Batas waktu lewat: {len(rows)} OPD belum mengajukan",
        f"deadline.passed:period:{first.period_id}:{first.due_at.isoformat()}",
        f"{first.period.name}. Batas waktunya {datetime_id(first.due_at)}.\n{names}",
        reverse("not_handed_in", args=[first.period_id]),
    )


def _left(due: datetime, now: datetime) -> str:
    """ "3 hari lagi" by the calendar, as the reminder's day counts; on the last day the hours."""
    days = (_day(due) - _day(now)).days
    if days > 1:
        return f"{days} hari lagi"
    return f"Besok pukul {clock_id(due)}" if days else f"Hari ini pukul {clock_id(due)}"
