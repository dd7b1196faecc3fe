"""Reminding agencies by hand."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import NotificationKind, User
from accounts.permissions import rights_of
from accounts.services.notifications import Message, notify_all
from assessments import permissions
from assessments.announcements import operators_of
from assessments.errors import Invalid, WrongState
from assessments.models import Assessment, Period
from assessments.permissions import EDITABLE
from assessments.queries.hand_ins import is_recent, reminded_at
from assessments.services._base import require
from assessments.services.answers import clean_text
from audit.services import prepare, record_all
from spbe_portal.formatting import datetime_id

TEXT_MAX = 1_000


@dataclass(frozen=True)
class Reminded:
    """How many people of how many agencies were told, `by_email` so as well; and which agencies were not."""

    people: int
    by_email: int
    agencies: int
    recent: tuple[str, ...]  # reminded within the hour already
    unreachable: tuple[str, ...]  # nobody there who can be told
    handed_in: tuple[str, ...]  # meanwhile


def remind(*, user: User, period_id: int, assessment_ids: Collection[int], text: str) -> Reminded:
    """Remind the operators of agencies that have not handed in, each agency at most once an hour.

    Sent twice, the second tells nobody. A fixed number of queries. Raises `PermissionDenied`, `WrongState`,
    `Invalid` (keys "text", "chosen").
    """
    require(permissions.can_remind(rights_of(user)))
    try:
        cleaned = clean_text(text, TEXT_MAX).strip()
    except Invalid as refusal:
        raise Invalid({"text": refusal.errors["text"]}) from None
    if not cleaned:
        raise Invalid({"text": "Tulis pesan pengingatnya."})
    with transaction.atomic():
        chosen = list(
            Assessment.objects.select_for_update(of=("self",))
            .select_related("period", "agency")
            .filter(period_id=period_id, pk__in=assessment_ids)
            .order_by("pk")
        )
        if not chosen:
            raise Invalid({"chosen": "Pilih paling sedikit satu OPD."})
        if chosen[0].period.status != Period.Status.OPEN:
            raise WrongState("Periode penilaian ini tidak berjalan, jadi tidak ada yang perlu diingatkan.")
        now = timezone.now()
        last = reminded_at([row.pk for row in chosen])
        waiting = [row for row in chosen if row.status in EDITABLE]
        recent = [row for row in waiting if is_recent(last.get(row.pk), now)]
        due = [row for row in waiting if row not in recent]
        operators = operators_of([row.agency_id for row in due])
        told = notify_all(
            Message(
                operators[row.agency_id],
                NotificationKind.DEADLINE,
                f"Pengingat: penilaian {row.agency} belum diajukan",
                f"assessment.remind:{row.pk}:{now.isoformat()}",
                f"{cleaned}\n\nBatas waktu {datetime_id(row.due_at)}; {row.answered_count} dari {row.assigned_count} "
                "indikator terisi.",
                reverse("sheet", args=[row.pk]),
            )
            for row in due
        )
        reached: dict[str, int] = {}
        for each in told:
            reached[each.path] = reached.get(each.path, 0) + 1
        numbers = {row.pk: reached.get(reverse("sheet", args=[row.pk]), 0) for row in due}
        record_all(
            [
                prepare(
                    "assessment.remind",
                    row,
                    actor=user,
                    stream=f"assessment:{row.pk}",
                    after={"people": numbers[row.pk]},
                    reason=cleaned,
                    at=now,
                )
                for row in due
                if numbers[row.pk]
            ]
        )
        return Reminded(
            people=len({each.user_id for each in told}),
            by_email=len({each.user_id for each in told if each.email_wanted}),
            agencies=sum(1 for number in numbers.values() if number),
            recent=tuple(row.agency.name for row in recent),
            unreachable=tuple(row.agency.name for row in due if not numbers[row.pk]),
            handed_in=tuple(row.agency.name for row in chosen if row not in waiting),
        )
