"""Reminders of follow-ups by e-mail: one a day at most for an agency, to each of its operators.

Due in 7, 3 or 1 days, today, or late (then once a week). What makes an agency's turn come brings everything of it
that is late or due within the week into one message.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Agency, Membership, Role, User
from assessments.models import FollowUp
from assessments.queries.followups import SOON_DAYS, FollowUpRow, row_of

logger = logging.getLogger(__name__)

DAYS_BEFORE = (7, 3, 1, 0)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Letter:
    """One message to one person about one agency."""

    person: User
    agency: Agency
    rows: tuple[FollowUpRow, ...]

    @property
    def subject(self) -> str:
        late = sum(row.is_late for row in self.rows)
        soon = len(self.rows) - late
        parts = [f"{soon} jatuh tempo dalam {SOON_DAYS} hari"] if soon else []
        parts += [f"{late} lewat tenggat"] if late else []
        return f"Tindak lanjut SPBE: {', '.join(parts)}"

    @property
    def body(self) -> str:
        return render_to_string(
            "assessments/followup_reminder.txt",
            {
                "person": self.person,
                "agency": self.agency,
                "rows": self.rows,
                "url": settings.PUBLIC_URL,
                "portal_name": f"SPBE Portal, {settings.GOVERNMENT_NAME}",
            },
        )


def send_reminders(today: date | None = None) -> int:
    """Send today's messages; how many went out. Running it again on the same day sends nothing more.

    A message that fails is logged and does not stop the others.
    """
    day = today or timezone.localdate()
    return sum(_sent(letter) for letter in _letters(day))


def _letters(today: date) -> Iterator[Letter]:
    operators = _operators(today)
    for agency_id in sorted(_due(today).values_list("agency_id", flat=True).order_by().distinct()):
        people = operators.get(agency_id)
        rows = _claimed(agency_id, today) if people else []
        for person in people or []:
            if rows:
                yield Letter(person, rows[0].agency, tuple(row_of(row, today) for row in rows))


def _operators(today: date) -> dict[int, list[User]]:
    """Who can be written to, by agency. One query."""
    held = (
        Membership.objects.current(today)
        .filter(role=Role.OPERATOR, user__is_active=True)
        .exclude(user__email="")
        .select_related("user")
        .order_by("user__name", "user_id")
    )
    found: dict[int, list[User]] = {}
    for membership in held:
        people = found.setdefault(membership.agency_id, [])
        if membership.user not in people:
            people.append(membership.user)
    return found


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


def _claimed(agency_id: int, today: date) -> list[FollowUp]:
    """What the agency's message lists, marked as reminded today; nothing where another run was first."""
    with transaction.atomic():
        rows = list(
            FollowUp.objects.select_for_update(of=("self",))
            .filter(agency_id=agency_id, status=FollowUp.Status.OPEN, due_on__lte=today + timedelta(days=SOON_DAYS))
            .select_related("agency", "indicator", "period")
            .order_by("due_on", "pk")
        )
        if any(row.reminded_on == today for row in rows):
            return []
        FollowUp.objects.filter(pk__in=[row.pk for row in rows]).update(reminded_on=today)
        return rows


def _sent(letter: Letter) -> bool:
    try:
        send_mail(letter.subject, letter.body, None, [letter.person.email])
    except (SMTPException, OSError, ValueError):
        logger.exception("The reminder for agency %s to user %s was not sent", letter.agency.pk, letter.person.pk)
        return False
    return True
