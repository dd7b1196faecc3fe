"""Reads for the coordinator's pages, each with a fixed number of queries."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils import timezone

from accounts.models import Agency, Membership, Role
from accounts.permissions import Rights
from assessments.models import Answer, Assessment, Assignment, Contributor, Period, Result, Status
from assessments.moves import actions
from assessments.permissions import EDITABLE, can_see_open_decisions, may_review_agency
from spbe_portal.formatting import datetime_id, remaining_id

#: Statuses in the order of the loop; cancelled assessments count in no total.
LOOP = (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.APPROVED, Status.FINAL)


@dataclass(frozen=True)
class PeriodRow:
    """One period with its number of assessments by shown status; before opening, of agencies chosen.

    `handed_in`: how many were handed in by their agency (see `Assessment.was_handed_in`).
    """

    period: Period
    counts: dict[str, int]
    agencies: int
    handed_in: int

    @property
    def shares(self) -> list[tuple[str, int]]:
        """(status, number) of the statuses that occur, in the order of the loop."""
        order = [*(status.value for status in LOOP), "unfinished"]
        return [(status, self.counts[status]) for status in order if self.counts.get(status)]

    @property
    def standing(self) -> str:
        """How many results a final period has, in words."""
        return _standing(self.counts)


def period_rows() -> list[PeriodRow]:
    """All periods, newest first. Five queries."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for period_id, status, number in (
        Assessment.objects.order_by().values_list("period", "status").annotate(number=Count("pk"))
    ):
        counts[period_id][status] = number
    incomplete = (
        Result.objects.filter(superseded_at=None, is_complete=False, assessment__status=Status.FINAL)
        .order_by()
        .values_list("assessment__period")
        .annotate(number=Count("pk"))
    )
    for period_id, number in incomplete:
        counts[period_id]["unfinished"] = number
        counts[period_id][Status.FINAL] = counts[period_id].get(Status.FINAL, 0) - number
    chosen = dict(
        Assignment.objects.filter(period__status=Period.Status.DRAFT)
        .order_by()
        .values_list("period")
        .annotate(number=Count("agency", distinct=True))
    )
    handed_in = dict(Assessment.objects.handed_in().order_by().values_list("period").annotate(number=Count("pk")))
    rows = []
    for period in Period.objects.select_related("instrument"):
        mine = counts[period.pk]
        total = sum(number for status, number in mine.items() if status != Status.CANCELLED)
        agencies = chosen.get(period.pk, 0) if period.status == "draft" else total
        rows.append(PeriodRow(period, mine, agencies, handed_in.get(period.pk, 0)))
    return rows


@dataclass(frozen=True)
class AgencyRow:
    """One agency's place in a period. `actions` are the moves the reader may make now."""

    assessment: Assessment
    is_late: bool
    is_complete: bool | None  # of the result in force, None where there is none
    reviewers: int
    may_review: bool
    actions: tuple[str, ...]
    decided: int | None  # how many indicators are decided on, and returned: None where the reader may not know yet
    returned: int | None
    changed_at: datetime | None = None  # see `with_changes`

    @property
    def status(self) -> str:
        """As shown: a frozen assessment that was not approved is *tidak selesai*."""
        return "unfinished" if self.is_complete is False else self.assessment.status

    @property
    def is_ready(self) -> bool:
        """Every indicator is decided and none returned, as far as the reader may know."""
        return self.decided == self.assessment.assigned_count and not self.returned


@dataclass(frozen=True)
class Progress:
    """A period as it stands: `rows` by agency name, `counts` by shown status, and who is late."""

    period: Period
    rows: tuple[AgencyRow, ...]
    counts: dict[str, int]
    now: datetime

    @property
    def active(self) -> int:
        """Assessments that were not cancelled."""
        return len(self.rows) - self.counts.get(Status.CANCELLED, 0)

    @property
    def late(self) -> tuple[AgencyRow, ...]:
        return tuple(row for row in self.rows if row.is_late)

    @property
    def handed_in(self) -> int:
        """How many agencies handed in, as the list of periods and the results count them."""
        return sum(row.assessment.was_handed_in for row in self.rows)

    @property
    def waiting(self) -> tuple[AgencyRow, ...]:
        """Who still has to hand in."""
        return tuple(row for row in self.rows if row.assessment.status == Status.DRAFT)

    @property
    def mending(self) -> tuple[AgencyRow, ...]:
        """Who handed in and mends what was returned."""
        return tuple(row for row in self.rows if row.assessment.status == Status.RETURNED)

    @property
    def finals(self) -> int:
        """Assessments that are final already, where others of the period were reopened or added."""
        return self.counts.get(Status.FINAL, 0) + self.counts.get("unfinished", 0)

    @property
    def standing(self) -> str:
        """What is no longer with the agencies, in words. Empty where nothing is."""
        return _standing(self.counts)

    @property
    def groups(self) -> list[tuple[str, str, tuple[AgencyRow, ...]]]:
        """`unfinished` by what is still possible before it freezes: (key, its words, rows)."""
        rows = [row for row in self.unfinished if row.assessment.status == Status.SUBMITTED]
        ready = tuple(row for row in rows if row.is_ready)
        open_rows = tuple(row for row in rows if not row.is_ready)
        found = [
            ("ready", "tinggal disetujui", ready),
            ("review", "belum selesai diverifikasi", open_rows),
            ("mending", "sedang memperbaiki", self.mending),
            ("waiting", "belum mengajukan", self.waiting),
        ]
        return [group for group in found if group[2]]

    @property
    def unfinished(self) -> tuple[AgencyRow, ...]:
        """What would freeze as *tidak selesai* if the period were finalised now."""
        open_states = (Status.DRAFT, Status.SUBMITTED, Status.RETURNED)
        return tuple(row for row in self.rows if row.assessment.status in open_states)

    @property
    def unfinished_token(self) -> str:
        """Sent with the finalising, which is refused where it is no longer so."""
        return unfinished_token(row.assessment for row in self.unfinished)

    @property
    def without_reviewer(self) -> tuple[AgencyRow, ...]:
        """Agencies still to be reviewed that nobody may review."""
        return tuple(row for row in self.unfinished if not row.reviewers)


def _standing(counts: dict[str, int]) -> str:
    """Numbers by shown status as a phrase, for what the agencies have handed over; zeros are left out."""
    words = [
        (Status.SUBMITTED, "menunggu verifikasi"),
        (Status.APPROVED, "sudah disetujui"),
        (Status.FINAL, "hasil lengkap"),
        ("unfinished", "tidak selesai"),
    ]
    return ", ".join(f"{counts[status]} {text}" for status, text in words if counts.get(status))


def unfinished_token(unfinished: Iterable[Assessment]) -> str:
    """What a list of unfinished assessments said: which, and in which state."""
    lines = sorted(f"{assessment.pk}:{assessment.status}" for assessment in unfinished)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def progress(period: Period, rights: Rights, now: datetime | None = None) -> Progress:
    """How far each agency of `period` is. A fixed number of queries, none of them over answers."""
    now = now or timezone.now()
    assessments = list(
        Assessment.objects.filter(period=period).with_wrote(rights).select_related("agency").order_by("agency__name")
    )
    complete = dict(
        Result.objects.filter(assessment__period=period, superseded_at=None).values_list("assessment", "is_complete")
    )
    reviewers = _reviewer_counts([(a.agency_id, a.pk) for a in assessments])
    rows = []
    counts: dict[str, int] = defaultdict(int)
    for assessment in assessments:
        assessment.period = period
        is_complete = complete.get(assessment.pk) if assessment.status == Status.FINAL else None
        published = assessment.status in (Status.RETURNED, Status.APPROVED) or bool(is_complete)
        knows = assessment.submitted_at and (published or can_see_open_decisions(rights, assessment))
        row = AgencyRow(
            assessment=assessment,
            is_late=period.status == Period.Status.OPEN and assessment.status in EDITABLE and now >= assessment.due_at,
            is_complete=is_complete,
            reviewers=reviewers[assessment.agency_id],
            may_review=may_review_agency(rights, assessment, wrote=assessment.wrote),
            actions=tuple(actions(rights, assessment, wrote=assessment.wrote, now=now)),
            decided=assessment.decided_count if knows else None,
            returned=assessment.returned_count if knows else None,
        )
        rows.append(row)
        counts[row.status] += 1
    return Progress(period, tuple(rows), dict(counts), now)


def with_changes(rows: Iterable[AgencyRow]) -> list[AgencyRow]:
    """`rows` with when anything last changed: for those that are shown. One query."""
    shown = list(rows)
    answers = Answer.objects.filter(assessment__in=[row.assessment.pk for row in shown]).order_by()
    changed = dict(answers.values_list("assessment").annotate(latest=Max("changed_at")))
    return [replace(row, changed_at=_latest(row.assessment, changed.get(row.assessment.pk))) for row in shown]


def _latest(assessment: Assessment, answers_changed_at: datetime | None) -> datetime | None:
    moves = (assessment.submitted_at, assessment.returned_at, assessment.approved_at, assessment.finalised_at)
    return max((moment for moment in (answers_changed_at, *moves) if moment), default=None)


@dataclass(frozen=True)
class ChosenAgency:
    """An agency chosen for a period that is not open yet. `indicators` is how many it is assigned."""

    agency: Agency
    indicators: int
    operators: int
    reviewers: int


def chosen_agencies(period: Period) -> list[ChosenAgency]:
    """The agencies of a period in preparation, by name. Four queries."""
    numbers = Count("assignments", filter=Q(assignments__period=period))
    agencies = list(Agency.objects.filter(assignments__period=period).annotate(number=numbers).order_by("name"))
    operators = dict(
        Membership.objects.current()
        .filter(role=Role.OPERATOR, user__is_active=True)
        .order_by()
        .values_list("agency")
        .annotate(number=Count("user", distinct=True))
    )
    reviewers = _reviewer_counts([(agency.pk, None) for agency in agencies])
    return [
        ChosenAgency(agency, agency.number, operators.get(agency.pk, 0), reviewers[agency.pk]) for agency in agencies
    ]


def _reviewer_counts(agencies: Sequence[tuple[int, int | None]]) -> dict[int, int]:
    """How many people may review each agency, by agency id; `agencies` are (agency, assessment or None).

    A reviewer is a verifier or coordinator who is no member of the agency and wrote nothing in the
    assessment (see `permissions.may_review_agency`). Two queries.
    """
    members: dict[int, set[int]] = defaultdict(set)
    reviewers: set[int] = set()
    for user_id, agency_id, role in (
        Membership.objects.current().filter(user__is_active=True).values_list("user", "agency", "role")
    ):
        members[agency_id].add(user_id)
        if role in (Role.VERIFIER, Role.COORDINATOR):
            reviewers.add(user_id)
    wrote: dict[int, set[int]] = defaultdict(set)
    assessments = [assessment for _, assessment in agencies if assessment is not None]
    if assessments:
        for assessment_id, user_id in Contributor.objects.filter(assessment__in=assessments).values_list(
            "assessment", "user"
        ):
            wrote[assessment_id].add(user_id)
    return {
        agency: len(reviewers - members[agency] - (wrote[assessment] if assessment is not None else set()))
        for agency, assessment in agencies
    }


def selectable_agencies(keep: Collection[int] = ()) -> list[Agency]:
    """Agencies that exist today, and those of `keep` (ids) whatever their dates; by kind and name. One query."""
    today = timezone.localdate()
    valid = Agency.objects.valid_on(today).order_by()
    order = {kind: place for place, kind in enumerate(Agency.Kind.values)}
    found = Agency.objects.filter(Q(pk__in=valid.values("pk")) | Q(pk__in=keep))
    return sorted(found, key=lambda agency: (order[agency.kind], agency.name))


def reminder_text(progress: Progress, *, url: str) -> str:
    """A message for the chat group: who has not handed in, who mends, and until when. Empty where nobody does."""
    period = progress.period
    if not progress.waiting and not progress.mending:
        return ""
    lines = [f"*Pengingat {period.name}*"]
    if progress.waiting:
        remaining = remaining_id(period.deadline, progress.now)
        lines.append(f"Batas waktu pengisian: {datetime_id(period.deadline)} ({remaining}).")
    groups = [("Belum mengajukan", progress.waiting), ("Sedang memperbaiki", progress.mending)]
    for title, rows in groups:
        if rows:
            lines += ["", f"{title} ({len(rows)} OPD):"]
            lines += [f"{place}. {_reminder(row)}" for place, row in enumerate(rows, start=1)]
    lines += ["", f"Isi dan ajukan di {url}"]
    return "\n".join(lines)


def _reminder(row: AgencyRow) -> str:
    assessment = row.assessment
    name, until = assessment.agency.name, datetime_id(assessment.due_at)
    if assessment.status == Status.RETURNED:
        return f"{name}: {row.returned} indikator dikembalikan, paling lambat {until}"
    line = f"{name}: {assessment.answered_count} dari {assessment.assigned_count} indikator terisi"
    return f"{line}, diperpanjang sampai {until}" if assessment.extended_until else line


@dataclass(frozen=True)
class ResultCounts:
    """The results in force of a period. `reasons`: why the incomplete ones froze, each reason once."""

    complete: int
    incomplete: int
    reasons: tuple[str, ...]


def result_counts(period: Period) -> ResultCounts:
    """How many results are in force, complete and *tidak selesai*. One query."""
    found = list(
        Result.objects.filter(assessment__period=period, superseded_at=None)
        .order_by("finalised_at", "pk")
        .values_list("is_complete", "reason")
    )
    complete = sum(is_complete for is_complete, _ in found)
    reasons = dict.fromkeys(reason for is_complete, reason in found if reason and not is_complete)
    return ResultCounts(complete, len(found) - complete, tuple(reasons))
