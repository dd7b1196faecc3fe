"""Who has not handed in, and who there can be reminded. A fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from accounts.models import User
from assessments.announcements import operators_of
from assessments.models import Assessment
from assessments.queries.periods import AgencyRow, Progress, with_changes
from audit.models import Event

#: An agency is reminded by hand at most this often.
REMIND_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class WaitingRow:
    """One agency that still has to hand in, or to hand in again."""

    row: AgencyRow
    operators: tuple[User, ...]
    reminded_at: datetime | None
    can_be_reminded: bool

    @property
    def assessment(self) -> Assessment:
        return self.row.assessment


def waiting_rows(progress: Progress) -> list[AgencyRow]:
    """Everybody of `progress` who has not handed in, whose time ends first, first."""
    rows = [*progress.waiting, *progress.mending]
    return sorted(rows, key=lambda row: (row.assessment.due_at, row.assessment.agency.name))


def with_operators(rows: Iterable[AgencyRow], now: datetime) -> list[WaitingRow]:
    """`rows` with who can be reminded and when that last happened: for those that are shown. Three queries."""
    shown = with_changes(rows)
    operators = operators_of([row.assessment.agency_id for row in shown])
    reminded = reminded_at([row.assessment.pk for row in shown])
    found = []
    for row in shown:
        people, last = tuple(operators[row.assessment.agency_id]), reminded.get(row.assessment.pk)
        found.append(WaitingRow(row, people, last, bool(people) and not is_recent(last, now)))
    return found


def reminded_at(assessment_ids: Iterable[int]) -> dict[int, datetime]:
    """When each assessment's agency was last reminded by hand. One query."""
    streams = {f"assessment:{pk}": pk for pk in assessment_ids}
    events = Event.objects.filter(stream__in=streams, action="assessment.remind").order_by()
    return {streams[stream]: at for stream, at in events.values_list("stream").annotate(last=Max("at"))}


def is_recent(last: datetime | None, now: datetime) -> bool:
    return last is not None and now - last < REMIND_EVERY
