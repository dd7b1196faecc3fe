"""The leader's page: the government's index and all it is compared with, and how far the agencies are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

from django.db.models import Case, Count, F, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.permissions import Rights
from assessments.models import Assessment, Period, Status
from assessments.permissions import PUBLISHED, can_see
from assessments.queries.pemda import Board, PemdaRow, TrendPoint, board, trend
from indicators.roadmap import whole_levels
from indicators.scoring import InstrumentSpec, rounds_over
from spbe_portal.formatting import level_id

LATE_SHOWN = 10
LOOP = (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.APPROVED, Status.FINAL)
Level = int | Decimal


@dataclass(frozen=True)
class Part:
    """An aspect or a domain: this year's, last year's and how much of it is determined.

    `value` is None where nothing is determined, and for the charts (`whole`) where anything is not.
    """

    code: str
    name: str
    value: Fraction | None
    last: Fraction | None
    determined: int
    total: int

    @property
    def whole(self) -> Fraction | None:
        return self.value if self.determined == self.total else None

    @property
    def change(self) -> Fraction | None:
        """Only where nothing of this year's is missing."""
        return None if self.whole is None or self.last is None else self.whole - self.last


@dataclass(frozen=True)
class Step:
    """The next predikat and how much the unrounded index lacks."""

    name: str
    minimum: Fraction
    gap: Fraction


@dataclass(frozen=True)
class StatusCount:
    status: str
    count: int


@dataclass(frozen=True)
class Late:
    """An agency whose time is over. `is_seen`: the reader may open its sheet."""

    assessment_id: int
    agency: str
    status: str
    due_at: datetime
    is_seen: bool


@dataclass(frozen=True)
class BandCount:
    """How many agencies have an internal index in one predikat."""

    name: str
    count: int


@dataclass(frozen=True)
class LevelCount:
    """The indicators at a level, or, of an instrument with fractions, from it up to below `below`."""

    level: Level
    rows: tuple[PemdaRow, ...]
    below: Level | None = None

    @property
    def label(self) -> str:
        """ "Level 3", or "2 – <3"."""
        return (
            f"Level {level_id(self.level)}"
            if self.below is None
            else f"{level_id(self.level)} – <{level_id(self.below)}"
        )


@dataclass(frozen=True)
class Dashboard:
    """Everything of the page. `index` is None where nothing is determined; `is_final`: frozen.

    While an indicator is undetermined the index is that of a fraction, so it has no predikat, no next one, no
    distance to the target and no place among last year's: nobody is to take it for the result.
    """

    board: Board
    is_final: bool
    index: Fraction | None
    predicate: str
    next_step: Step | None
    aspects: tuple[Part, ...]
    domains: tuple[Part, ...]
    levels: tuple[LevelCount, ...]
    undetermined: int
    statuses: tuple[StatusCount, ...]
    agencies: int
    late: tuple[Late, ...]
    late_count: int
    bands: tuple[BandCount, ...]
    verified: int
    trend: tuple[TrendPoint, ...]

    @property
    def period(self) -> Period:
        return self.board.period

    @property
    def is_rounded_over(self) -> bool:
        return self.board.is_complete and rounds_over(self.index, self.board.spec)

    @property
    def last_period_id(self) -> int | None:
        last = self.board.last
        return next((p.period_id for p in self.trend if last and (p.year, p.period) == (last.year, last.period)), None)

    @property
    def change(self) -> Fraction | None:
        return self.board.change

    @property
    def distance(self) -> Fraction | None:
        """The index minus the target; None before every indicator is determined."""
        return self.board.distance if self.board.is_complete else None

    @property
    def shortfall(self) -> Fraction | None:
        """How much the index lacks of the target; None where it is reached or there is none."""
        return -self.distance if self.distance is not None and self.distance < 0 else None

    @property
    def suggested_index(self) -> Fraction | None:
        """With every suggestion taken; None where that says nothing more."""
        more = any(row.is_ready for row in self.board.rows)
        return self.board.suggested_score.index if more and not self.is_final else None

    @property
    def suggested_count(self) -> int:
        return self.board.determined + sum(row.is_ready for row in self.board.rows)


def dashboard(period: Period, rights: Rights, now: datetime | None = None) -> Dashboard:
    """The page of `period`. A fixed number of queries: those of the board and of the trend, and four more."""
    table = board(period)
    score = table.score
    has_index = table.determined > 0
    late, late_count = late_agencies(period, rights, now or timezone.now())
    statuses = status_counts(period)
    bands, verified = band_counts(period, table.spec)
    return Dashboard(
        board=table,
        is_final=table.is_locked,
        index=score.index if has_index else None,
        predicate=(score.predicate or "") if table.is_complete else "",
        next_step=next_step(table.spec, score.index) if table.is_complete else None,
        aspects=_parts(table, "aspects"),
        domains=_parts(table, "domains"),
        levels=_levels(table),
        undetermined=table.total - table.determined,
        statuses=statuses,
        agencies=sum(each.count for each in statuses),
        late=late,
        late_count=late_count,
        bands=bands,
        verified=verified,
        trend=tuple(trend()),
    )


def next_step(spec: InstrumentSpec, index: Fraction | None) -> Step | None:
    """The lowest predikat above `index`; None at the top."""
    if index is None:
        return None
    above = [band for band in spec.bands if band.minimum > index]
    if not above:
        return None
    band = min(above, key=lambda each: each.minimum)
    return Step(band.name, band.minimum, band.minimum - index)


def _parts(table: Board, kind: str) -> tuple[Part, ...]:
    score = table.score
    groups, values, coverage = (
        (table.spec.aspects, score.aspects, score.aspect_coverage)
        if kind == "aspects"
        else (table.spec.domains, score.domains, score.domain_coverage)
    )
    last = getattr(table.last, kind) if table.last and table.last.is_comparable else {}
    return tuple(
        Part(
            code=group.code,
            name=group.name,
            value=values[group.code] if coverage[group.code][0] else None,
            last=last.get(group.code),
            determined=coverage[group.code][0],
            total=coverage[group.code][1],
        )
        for group in groups
    )


def _levels(table: Board) -> tuple[LevelCount, ...]:
    """The determined indicators by whole level (a fraction counts at the level reached), the highest first; levels
    are there even if empty."""
    found: dict[int, list[PemdaRow]] = {level: [] for level in whole_levels(table.spec)}
    for row in table.rows:
        if row.level is not None:
            found.setdefault(floor(row.level), []).append(row)
    top = floor(table.spec.scale_max)
    return tuple(
        LevelCount(level, tuple(found[level]), level + 1 if table.spec.is_fractional and level < top else None)
        for level in sorted(found, reverse=True)
    )


def _taking_part(period: Period):
    return Assessment.objects.filter(period=period).exclude(status=Status.CANCELLED).order_by()


def status_counts(period: Period) -> tuple[StatusCount, ...]:
    """How many agencies are in each state, in the order of the loop; what froze unapproved is "unfinished".

    One query.
    """
    counts: Counter[str] = Counter()
    rows = _taking_part(period).values_list("status", Q(verified_exact="")).annotate(number=Count("pk"))
    for status, has_none, number in rows:
        counts["unfinished" if status == Status.FINAL and has_none else status] += number
    order = [*(status.value for status in LOOP), "unfinished"]
    return tuple(StatusCount(status, counts[status]) for status in order if counts[status])


def late_q(now: datetime) -> Q:
    """Assessments of running periods whose agency still works on them after their time (`Assessment.due_at`)."""
    filling = Q(status=Status.DRAFT) | Q(status=Status.RETURNED, mend_by=None)
    return Q(period__status=Period.Status.OPEN) & (
        (filling & (Q(extended_until__lte=now) | Q(extended_until=None, period__deadline__lte=now)))
        | Q(status=Status.RETURNED, mend_by__lte=now)
    )


def late_agencies(period: Period, rights: Rights, now: datetime) -> tuple[tuple[Late, ...], int]:
    """The first late agencies, the longest late first, and how many there are. Two queries."""
    late = _taking_part(period).filter(late_q(now))
    first = (
        late.select_related("agency")
        .annotate(
            due=Case(
                When(status=Status.RETURNED, mend_by__isnull=False, then="mend_by"),
                default=Coalesce("extended_until", F("period__deadline")),
            )
        )
        .order_by("due", "agency__name")[:LATE_SHOWN]
    )
    shown = []
    for assessment in first:
        assessment.period = period
        shown.append(
            Late(
                assessment_id=assessment.pk,
                agency=assessment.agency.name,
                status=assessment.status,
                due_at=assessment.due_at,
                is_seen=can_see(rights, assessment),
            )
        )
    return tuple(shown), late.count()


def band_counts(period: Period, spec: InstrumentSpec) -> tuple[tuple[BandCount, ...], int]:
    """The agencies' verified internal indices by predikat, the highest first, and how many there are. One query."""
    rows = (
        _taking_part(period)
        .filter(status__in=PUBLISHED)
        .exclude(verified_exact="")
        .values_list("verified_predicate")
        .annotate(number=Count("pk"))
    )
    counts = dict(rows)
    names = _band_names(spec.bands)
    return tuple(BandCount(name, counts.get(name, 0)) for name in names), sum(counts.values())


def _band_names(bands: Iterable) -> list[str]:
    return [band.name for band in sorted(bands, key=lambda band: band.minimum, reverse=True)]
