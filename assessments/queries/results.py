"""Reads of results over all agencies, each with a fixed number of queries.

An agency's index is internal: the regulation knows only the government's. Agencies are never
ranked against each other, so never ordered by index.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import Agency
from accounts.permissions import Rights
from assessments.models import Assessment, Assignment, Period, Result, Status
from assessments.models.assessments import HANDED_IN
from assessments.permissions import PUBLISHED, can_report, can_see_pemda
from assessments.queries.last_year import results_before
from assessments.specs import spec_of
from indicators.scoring import rounds_over


@dataclass(frozen=True)
class Earlier:
    """An agency's verified index of an earlier year (see `queries.last_year`)."""

    year: int
    index: Fraction
    is_comparable: bool  # the same instrument


@dataclass(frozen=True)
class Revision:
    """One frozen result of an assessment, without its snapshot."""

    number: int
    is_complete: bool
    finalised_at: object
    superseded_at: object
    reason: str
    verified_index: Fraction | None
    digest: str

    @property
    def short_digest(self) -> str:
        return self.digest[:12]


@dataclass(frozen=True)
class ResultRow:
    """One agency in the list. `verified_index` exists from approval on, `self_index` is what the agency says."""

    assessment: Assessment
    status: str
    self_index: Fraction | None
    verified_index: Fraction | None
    predicate: str
    is_rounded_over: bool  # shown rounded, the index would seem to earn another predikat
    revisions: tuple[Revision, ...]
    can_report: bool
    earlier: Earlier | None = None  # see `with_earlier`

    @property
    def coverage(self) -> Fraction:
        """Share of the assigned indicators that are filled in, 0 to 1."""
        assigned = self.assessment.assigned_count
        return Fraction(self.assessment.answered_count, assigned) if assigned else Fraction(0)

    @property
    def has_history(self) -> bool:
        """Whether a result was replaced, or is being."""
        return any(revision.superseded_at for revision in self.revisions)

    @property
    def change(self) -> Fraction | None:
        """This year's verified index minus last year's, where both are of one instrument."""
        if self.verified_index is None or self.earlier is None or not self.earlier.is_comparable:
            return None
        return self.verified_index - self.earlier.index


def periods_with_results(rights: Rights) -> list[Period]:
    """Periods in which the person may see at least one agency, newest first. One query.

    To who sees the government's figures past years too that were brought in without agencies: their tabs lead here.
    """
    shown = Q(pk__in=Assessment.objects.visible_to(rights).order_by().values("period"))
    if can_see_pemda(rights):
        shown |= Q(is_imported=True)
    return list(Period.objects.filter(shown).select_related("instrument"))


def result_rows(period: Period, rights: Rights) -> list[ResultRow]:
    """What the person may see of each agency in `period`, by agency name. At most seven queries."""
    assessments = list(
        Assessment.objects.visible_to(rights).filter(period=period).select_related("agency").order_by("agency__name")
    )
    revisions = revisions_of(assessments)
    spec = spec_of(period.instrument)
    for assessment in assessments:
        assessment.period = period
    rows = []
    for assessment in assessments:
        status = shown_status(assessment, revisions[assessment.pk])
        verified = assessment.verified_index if status in PUBLISHED else None
        predicate = assessment.verified_predicate if verified is not None else ""
        rows.append(
            ResultRow(
                assessment=assessment,
                status=status,
                self_index=assessment.self_index,
                verified_index=verified,
                predicate=predicate,
                is_rounded_over=rounds_over(verified, spec),
                revisions=tuple(revisions[assessment.pk]),
                can_report=can_report(rights, assessment),
            )
        )
    return rows


def with_earlier(rows: Iterable[ResultRow], period: Period) -> list[ResultRow]:
    """`rows` with each agency's index of an earlier year: for those that are shown. One query."""
    shown = list(rows)
    before = results_before([row.assessment for row in shown])
    code = period.instrument.code
    return [replace(row, earlier=_earlier(before.get(row.assessment.pk), code)) for row in shown]


def revisions_of(assessments: Iterable[Assessment]) -> dict[int, list[Revision]]:
    """All frozen results of `assessments` by assessment id, newest first. One query, no snapshots."""
    found: dict[int, list[Revision]] = defaultdict(list)
    rows = (
        Result.objects.filter(assessment__in=[assessment.pk for assessment in assessments])
        .order_by("assessment", "-revision")
        .values_list(
            "assessment",
            "revision",
            "is_complete",
            "finalised_at",
            "superseded_at",
            "reason",
            "verified_exact",
            "digest",
        )
    )
    for assessment, number, is_complete, finalised_at, superseded_at, reason, verified, digest in rows:
        index = Fraction(verified) if verified else None
        found[assessment].append(Revision(number, is_complete, finalised_at, superseded_at, reason, index, digest))
    return found


def shown_status(assessment: Assessment, revisions: Iterable[Revision]) -> str:
    """The status as a badge shows it: "unfinished" where the result in force is not complete."""
    in_force = next((each for each in revisions if each.superseded_at is None), None)
    if assessment.status == Status.FINAL and in_force and not in_force.is_complete:
        return "unfinished"
    return assessment.status


def _earlier(result: Result | None, instrument_code: str) -> Earlier | None:
    """None also where all was left out as not relevant, so that there is no index."""
    if result is None or not result.verified_exact:
        return None
    comparable = result.instrument_code == instrument_code
    return Earlier(result.assessment.period.year, Fraction(result.verified_exact), comparable)


@dataclass(frozen=True)
class Turnout:
    """How many agencies take part in a period, and how far they are."""

    handed_in: int
    agencies: int
    complete: int  # approved, also where final
    unfinished: int  # final without having been approved
    is_equal: bool  # all are assigned the same indicators: only then may their indices be compared

    @property
    def missing(self) -> int:
        """Those that have not handed in."""
        return self.agencies - self.handed_in


def turnout(period: Period) -> Turnout:
    """Three queries."""
    taking_part = Assessment.objects.filter(period=period).exclude(status=Status.CANCELLED)
    broken = Result.objects.filter(assessment=OuterRef("pk"), superseded_at=None, is_complete=False)
    counts = taking_part.annotate(is_unfinished=Exists(broken)).aggregate(
        agencies=Count("pk"),
        published=Count("pk", filter=Q(status__in=PUBLISHED)),
        unfinished=Count("pk", filter=Q(status=Status.FINAL, is_unfinished=True)),
    )
    assigned = Assignment.objects.filter(period=period).aggregate(
        rows=Count("pk"), agencies=Count("agency", distinct=True), indicators=Count("indicator", distinct=True)
    )
    return Turnout(
        handed_in=taking_part.handed_in().count(),
        agencies=counts["agencies"],
        complete=counts["published"] - counts["unfinished"],
        unfinished=counts["unfinished"],
        is_equal=assigned["rows"] == assigned["agencies"] * assigned["indicators"],
    )


STATUS_ORDER = {
    status: place for place, status in enumerate([*HANDED_IN[::-1], "unfinished", Status.DRAFT, Status.CANCELLED])
}


def ordered(rows: Iterable[ResultRow], order: str) -> list[ResultRow]:
    """Rows (by name as they come) by "nama", "status" or "cakupan"; equal ones stay by name."""
    rows = list(rows)
    if order == "status":
        return sorted(rows, key=lambda row: STATUS_ORDER[row.status])
    if order == "cakupan":
        return sorted(rows, key=lambda row: row.coverage, reverse=True)
    return rows


def kinds_of(rows: Iterable[ResultRow]) -> list[tuple[str, str]]:
    """The kinds of agency that occur, as choices."""
    present = {row.assessment.agency.kind for row in rows}
    return [(value, label) for value, label in Agency.Kind.choices if value in present]
