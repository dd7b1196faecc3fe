"""Which agency answers which indicator in a period, as a table; and what that table lacks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from django.db.models import Q
from django.utils import timezone

from accounts.models import Agency
from assessments.models import Assessment, Assignment, Period, Status


@dataclass(frozen=True)
class Column:
    """An indicator; `group` is its domain, or its aspect where the instrument has no domains.

    `external`: where its value comes from, if not from agencies; it needs no PIC.
    """

    code: str
    name: str
    short_name: str
    group: str
    external: str = ""


@dataclass(frozen=True)
class Row:
    """An agency. `kinds` has one entry a column: "pic", "support" or empty. `status`: of its assessment, if any."""

    agency: Agency
    kinds: tuple[str, ...]
    status: str

    @property
    def number(self) -> int:
        return sum(map(bool, self.kinds))

    @property
    def is_fixed(self) -> bool:
        """Its assessment has left the desk: only the kind may change."""
        return self.status not in ("", Status.DRAFT)

    @property
    def status_label(self) -> str:
        return Status(self.status).label if self.status else ""


@dataclass(frozen=True)
class Grid:
    period: Period
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @cached_property
    def groups(self) -> list[tuple[str, int]]:
        """Neighbouring columns of one group: its name and how many."""
        return [(name, len(list(found))) for name, found in groupby(self.columns, key=lambda column: column.group)]

    @cached_property
    def pics(self) -> list[int]:
        """How many PICs each column has."""
        found = [0] * len(self.columns)
        for row in self.rows:
            for place, kind in enumerate(row.kinds):
                found[place] += kind == Assignment.Kind.PIC
        return found

    @property
    def without_pic(self) -> list[Column]:
        found = zip(self.columns, self.pics, strict=True)
        return [column for column, number in found if not number and not column.external]

    @property
    def external(self) -> list[Column]:
        return [column for column in self.columns if column.external]

    @property
    def without_pic_text(self) -> str:
        return spans([column.code for column in self.without_pic], [column.code for column in self.columns])

    @property
    def several_pics(self) -> list[Column]:
        return [column for column, number in zip(self.columns, self.pics, strict=True) if number > 1]

    @property
    def without_indicator(self) -> list[Agency]:
        return [row.agency for row in self.rows if not row.number]

    @property
    def assigned(self) -> int:
        return sum(row.number for row in self.rows)

    @property
    def cells(self) -> dict[tuple[int, str], str]:
        """The kind of every assigned cell, by agency id and indicator code."""
        return {
            (row.agency.pk, column.code): kind
            for row in self.rows
            for column, kind in zip(self.columns, row.kinds, strict=True)
            if kind
        }

    @property
    def kinds_of_agencies(self) -> list[tuple[str, str]]:
        present = Counter(row.agency.kind for row in self.rows)
        return [(value, label) for value, label in Agency.Kind.choices if present[value]]


def grid(period: Period) -> Grid:
    """All agencies of today and those assigned, by kind and name. Four queries, whatever their number."""
    columns: list[Column] = []
    places: dict[int, int] = {}
    for indicator in period.instrument.indicators.select_related("aspect__domain").order_by("order"):
        places[indicator.pk] = len(columns)
        group = indicator.aspect.domain or indicator.aspect
        columns.append(
            Column(indicator.code, indicator.name, indicator.short_name, group.name, indicator.external_source)
        )
    kinds: dict[int, list[str]] = {}
    assigned = Assignment.objects.filter(period=period).order_by()
    for agency, found, kind in assigned.values_list("agency", "indicator", "kind"):
        row = kinds.setdefault(agency, [""] * len(columns))
        if found in places:
            row[places[found]] = kind
    statuses = dict(Assessment.objects.filter(period=period).values_list("agency", "status"))
    today = timezone.localdate()
    valid = Agency.objects.valid_on(today).order_by()
    agencies = Agency.objects.filter(Q(pk__in=valid.values("pk")) | Q(pk__in=assigned.values("agency")))
    order = {kind: place for place, kind in enumerate(Agency.Kind.values)}
    blank = ("",) * len(columns)
    return Grid(
        period,
        tuple(columns),
        tuple(
            Row(agency, tuple(kinds.get(agency.pk, blank)), statuses.get(agency.pk, ""))
            for agency in sorted(agencies, key=lambda each: (order[each.kind], each.name))
        ),
    )


def indicators_without_pic(period: Period) -> int:
    """How many indicators nobody is PIC of although agencies answer them. One query."""
    indicators = period.instrument.indicators.filter(external_source="")
    return indicators.exclude(assignments__in=period.assignments.filter(kind=Assignment.Kind.PIC)).count()


def earlier_periods(period: Period) -> list[Period]:
    """Periods whose assignments `period` may take over: the same instrument, ever opened, newest first. One query."""
    found = Period.objects.filter(instrument=period.instrument_id, opened_at__isnull=False).exclude(pk=period.pk)
    return list(found.exclude(status=Period.Status.CANCELLED).order_by("-year", "-pk"))


def successors() -> Mapping[int, Agency | None]:
    """By agency id, the agency that stands for it today: itself, its latest successor, or None. One query."""
    today = timezone.localdate()
    agencies = {agency.pk: agency for agency in Agency.objects.all()}
    found: dict[int, Agency | None] = {}
    for pk, agency in agencies.items():
        here: Agency | None = agency
        seen: set[int] = set()
        while here is not None and here.valid_until is not None and here.valid_until < today:
            seen.add(here.pk)
            after = here.successor_id
            here = agencies.get(after) if after is not None and after not in seen else None
        found[pk] = here
    return found


def spans(codes: Iterable[str], order: Sequence[str]) -> str:
    """Codes in the instrument's order, neighbours joined: "1–3, 7"."""
    wanted = set(codes)
    runs: list[list[str]] = []
    previous = False
    for code in order:
        if code in wanted:
            if previous:
                runs[-1].append(code)
            else:
                runs.append([code])
        previous = code in wanted
    joined = (run if len(run) < 3 else [f"{run[0]}–{run[-1]}"] for run in runs)
    return ", ".join(part for run in joined for part in run)
