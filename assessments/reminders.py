"""Reminders of follow-ups: one a day at most for an agency, to each of its operators.

Due in 7, 3 or 1 days, today, or late (then once a week). What makes an agency's turn come brings everything of it
that is late or due within the week into one message.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import NotificationKind
from accounts.services.notifications import Message, notify_all
from assessments.announcements import operators_of
from assessments.models import FollowUp
from assessments.queries.followups import SOON_DAYS, FollowUpRow, row_of

DAYS_BEFORE = (7, 3, 1, 0)
WEEK = timedelta(days=7)


def send_reminders(today: date | None = None) -> int:
    """Tell operators of today's; how many messages. Running it again on the same day tells nothing more.

    An agency without operators keeps its turn. A fixed number of queries.
    """
    day = today or timezone.localdate()
    with transaction.atomic():
        agencies = list(_due(day).values_list("agency_id", flat=True).order_by().distinct())
        operators = {agency_id: people for agency_id, people in operators_of(agencies, day).items() if people}
        messages = []
        for agency_id, claimed in _claimed(operators, day).items():
            rows = [row_of(row, day) for row in claimed]
            path = reverse("followup", args=[rows[0].pk]) if len(rows) == 1 else reverse("followup_list")
            messages.append(
                Message(
                    operators[agency_id],
                    NotificationKind.FOLLOW_UP,
                    _title(claimed[0].agency.short_name, rows),
                    f"followup.remind:{agency_id}:{day}",
                    render_to_string("assessments/followup_reminder.txt", {"rows": rows}),
                    path,
                )
            )
        return len(notify_all(messages))


def _title(agency: str, rows: Sequence[FollowUpRow]) -> str:
    late = sum(row.is_late for row in rows)
    soon = len(rows) - late
    parts = [f"{soon} jatuh tempo dalam {SOON_DAYS} hari"] if soon else []
    parts += [f"{late} lewat tenggat"] if late else []
    return f"Tindak lanjut {agency}: {', '.join(parts)}"


def _due(today: date) -> QuerySet[FollowUp]:
    """The open ones that make it their agency's turn today."""
    days = [today + timedelta(days=number) for number in DAYS_BEFORE]
    # Late for the first time since the last message, or for another week.
    late = Q(due_on__lt=today) & (
        Q(reminded_on=None) | Q(reminded_on__lt=F("due_on")) | Q(reminded_on__lte=today - WEEK)
    )
    return FollowUp.objects.filter(Q(due_on__in=days) | late, status=FollowUp.Status.OPEN).exclude(
        reminded_on__gte=today
    )


def _claimed(agency_ids: Iterable[int], today: date) -> dict[int, list[FollowUp]]:
    """What each agency's message lists, marked as reminded today; none where another run was first."""
    rows = list(
        FollowUp.objects.select_for_update(of=("self",))
        .filter(agency__in=agency_ids, status=FollowUp.Status.OPEN, due_on__lte=today + timedelta(days=SOON_DAYS))
        .select_related("agency", "indicator", "period")
        .order_by("agency_id", "due_on", "pk")
    )
    told = {row.agency_id for row in rows if row.reminded_on == today}
    found: dict[int, list[FollowUp]] = {}
    for row in rows:
        if row.agency_id not in told:
            found.setdefault(row.agency_id, []).append(row)
    FollowUp.objects.filter(pk__in=[row.pk for mine in found.values() for row in mine]).update(reminded_on=today)
    return found
