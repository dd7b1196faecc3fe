"""The heat table: every agency by every indicator of a period.

One row an agency is read (`assessments.levels`), never its answers. A level is shown as verified from approval on,
before that as the agency says it, to those who may see its figures at all.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from django.db.models import BooleanField, Case, When
from django.utils import timezone

from accounts.models import Agency
from accounts.permissions import Rights
from assessments.levels import NOT_RELEVANT, number, unpack
from assessments.models import Assessment, Determination, Period, Status
from assessments.permissions import PUBLISHED, can_see, can_see_answers
from indicators.models import Indicator
from reports.queries.dashboard import late_q

Level = int | Decimal

ORDERS = (("nama", "Nama"), ("jenis", "Jenis OPD"), ("cakupan", "Cakupan"))
BY_INDEX = ("indeks", "Indeks internal")
UNSEEN = "belum"  # of an agency whose figures the reader may not see yet
EMPTY = "kosong"
NOT_ASSIGNED = "-"
#: Up to so many rows are asked for one by one; for more the whole period is read.
NAMED = 500


@dataclass(frozen=True)
class Column:
    """One indicator. `starts_group`: the first of its domain (of its aspect, in an instrument without domains)."""

    pk: int
    code: str
    name: str
    short_name: str
    group: str
    starts_group: bool


@dataclass(frozen=True)
class Group:
    name: str
    span: int


@dataclass(frozen=True)
class HeatRow:
    """One agency. `status` as a badge shows it; figures are None and `levels` empty where the reader may not see them.

    `index` is the verified one where `is_verified`, else what the agency says.
    """

    assessment_id: int
    agency_id: int
    name: str
    short_name: str
    kind: str
    status: str
    is_seen: bool
    can_read: bool  # its answers
    is_verified: bool
    answered: int | None
    assigned: int | None
    index: Fraction | None
    predicate: str  # of the verified index
    is_late: bool

    @property
    def coverage(self) -> Fraction:
        return Fraction(self.answered or 0, self.assigned) if self.assigned else Fraction(-1)

    @property
    def kind_name(self) -> str:
        return str(Agency.Kind(self.kind).label)

    @property
    def status_name(self) -> str:
        return "Tidak selesai" if self.status == "unfinished" else str(Status(self.status).label)


def columns(period: Period) -> tuple[Column, ...]:
    """The indicators of `period` in their order. One query."""
    found: list[Column] = []
    rows = Indicator.objects.filter(instrument=period.instrument_id).select_related("aspect__domain").order_by("order")
    for row in rows:
        group = row.aspect.domain.name if row.aspect.domain else row.aspect.name
        starts = not found or found[-1].group != group
        found.append(Column(row.pk, row.code, row.name, row.short_name, group, starts))
    return tuple(found)


def groups(shown: Iterable[Column]) -> tuple[Group, ...]:
    """The heads over the columns."""
    return tuple(Group(name, len(list(members))) for name, members in groupby(shown, key=lambda column: column.group))


def rows(period: Period, rights: Rights, now: datetime | None = None) -> list[HeatRow]:
    """All agencies that take part, by name. One query of one small row each."""
    late = Case(When(late_q(now or timezone.now()), then=True), default=False, output_field=BooleanField())
    found = (
        Assessment.objects.filter(period=period)
        .exclude(status=Status.CANCELLED)
        .order_by("agency__name")
        .values_list(
            "pk",
            "agency",
            "agency__name",
            "agency__short_name",
            "agency__kind",
            "status",
            "answered_count",
            "assigned_count",
            "self_exact",
            "verified_exact",
            "verified_predicate",
            late,
        )
    )
    may = _Permissions(rights)
    shown = []
    for pk, agency, name, short_name, kind, status, answered, assigned, own, verified, predicate, is_late in found:
        seen = may.see(status, agency)
        is_verified = status in PUBLISHED and verified != ""
        exact = (verified if is_verified else own) if seen else ""
        shown.append(
            HeatRow(
                assessment_id=pk,
                agency_id=agency,
                name=name,
                short_name=short_name or name,
                kind=kind,
                status="unfinished" if status == Status.FINAL and not is_verified else status,
                is_seen=seen,
                can_read=may.read(status, agency),
                is_verified=is_verified,
                answered=answered if seen else None,
                assigned=assigned if seen else None,
                index=Fraction(exact) if exact else None,
                predicate=predicate if is_verified and seen else "",
                is_late=is_late,
            )
        )
    return shown


class _Permissions:
    """The permission functions, asked once for each state and kind of membership instead of once for each agency."""

    def __init__(self, rights: Rights):
        self._rights = rights
        self._known: dict[tuple[str, str, bool], bool] = {}

    def _ask(self, question: Callable[[Rights, Assessment], bool], status: str, agency: int) -> bool:
        key = (question.__name__, status, agency in self._rights.member_of)
        if key[2]:
            return question(self._rights, Assessment(status=status, agency_id=agency))
        if key not in self._known:
            self._known[key] = question(self._rights, Assessment(status=status, agency_id=agency))
        return self._known[key]

    def see(self, status: str, agency: int) -> bool:
        return self._ask(can_see, status, agency)

    def read(self, status: str, agency: int) -> bool:
        return self._ask(can_see_answers, status, agency)


def levels_of(period: Period, shown: Sequence[HeatRow]) -> dict[int, dict[str, str]]:
    """The levels of these rows by assessment id and indicator code, as `assessments.levels` keeps them. One query.

    Empty for an agency whose figures the reader may not see.
    """
    verified = {row.assessment_id: row.is_verified for row in shown if row.is_seen}
    texts = Assessment.objects.filter(period=period).order_by()
    if len(verified) <= NAMED:
        texts = texts.filter(pk__in=verified)
    found = {
        pk: unpack(decided if verified[pk] else own)
        for pk, own, decided in texts.values_list("pk", "self_levels", "verified_levels")
        if pk in verified
    }
    return {row.assessment_id: found.get(row.assessment_id, {}) for row in shown}


def determined(period: Period) -> dict[str, Level]:
    """The government's levels by indicator code. One query."""
    return dict(Determination.objects.filter(period=period).order_by().values_list("indicator__code", "level"))


def are_equal(period: Period) -> bool:
    """Whether all agencies of `period` are assigned the same indicators: only then may their indices be compared.

    At most two queries; the texts of all are read only where their lengths alone do not tell.
    """
    taking_part = Assessment.objects.filter(period=period).exclude(status=Status.CANCELLED).order_by()
    sizes = set(taking_part.values_list("assigned_count", flat=True).distinct())
    if len(sizes) != 1:
        return not sizes
    if sizes == {Indicator.objects.filter(instrument=period.instrument_id).count()}:
        return True
    return len({assigned_codes(text) for text in taking_part.values_list("self_levels", flat=True)}) == 1


def assigned_codes(levels: str) -> frozenset[str]:
    """The codes of a text of levels: what the agency is assigned."""
    return frozenset(unpack(levels))


def ordered(shown: Iterable[HeatRow], order: str) -> list[HeatRow]:
    """Rows (by name as they come) by one of `ORDERS`, or by `BY_INDEX`; equal ones stay by name."""
    shown = list(shown)
    if order == "jenis":
        place = {kind: number for number, kind in enumerate(Agency.Kind.values)}
        return sorted(shown, key=lambda row: place[row.kind])
    if order == "cakupan":
        return sorted(shown, key=lambda row: row.coverage, reverse=True)
    if order == "indeks":
        return sorted(shown, key=lambda row: (not row.is_verified, -(row.index if row.index is not None else -1)))
    return shown


@dataclass(frozen=True)
class AtLevel:
    """The agencies at one level of an indicator. `key` is the level as text, or one of the words above."""

    key: str
    label: str
    level: Level | None
    verified: int
    said: int  # self levels of what is not approved yet
    rows: tuple[HeatRow, ...]

    @property
    def count(self) -> int:
        return len(self.rows)


def level_key(row: HeatRow, levels: dict[str, str], code: str) -> str:
    """Where an agency stands in one indicator: its level as text, or why it has none."""
    if not row.is_seen:
        return UNSEEN
    text = levels.get(code)
    if text is None:
        return NOT_ASSIGNED
    return text or EMPTY


LABELS = {
    NOT_RELEVANT: "Tidak relevan",
    EMPTY: "Belum terisi",
    UNSEEN: "Belum diajukan",
    NOT_ASSIGNED: "Tidak ditugaskan",
}


def by_level(
    shown: Iterable[HeatRow], levels: dict[int, dict[str, str]], code: str, whole: Iterable[int]
) -> tuple[AtLevel, ...]:
    """The agencies by their level of one indicator, the highest first; `whole` levels are there even if empty."""
    found: dict[str, list[HeatRow]] = {str(level): [] for level in whole}
    for row in shown:
        found.setdefault(level_key(row, levels[row.assessment_id], code), []).append(row)
    words = [key for key in LABELS if key in found]
    numbers = sorted((key for key in found if key not in LABELS), key=Decimal, reverse=True)
    return tuple(
        AtLevel(
            key=key,
            label=LABELS.get(key, ""),
            level=None if key in LABELS else number(key),
            verified=sum(row.is_verified for row in found[key]),
            said=sum(not row.is_verified for row in found[key]),
            rows=tuple(found[key]),
        )
        for key in [*numbers, *words]
    )
