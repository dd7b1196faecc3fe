"""The ministry's levels beside the agency's, the verified and the government's own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from django.db.models import OuterRef, Subquery

from assessments.models import Determination, ExternalLevel, Period
from assessments.one_sided import Compared, Finding, Tally, concerned, findings, tally
from assessments.queries.pemda import Board, Level, PemdaRow, board
from indicators.models import Indicator
from indicators.scoring import Score, score
from spbe_portal.formatting import level_id

#: The four values of a row and of every total, as they are called on screen.
COLUMNS = {"own": "Mandiri", "verified": "Verifikasi", "pemda": "Pemda", "external": "Eksternal"}


@dataclass(frozen=True)
class Row:
    """One indicator. Of several PICs the lowest level counts, as for the suggestion; None: not known (yet)."""

    code: str
    short_name: str
    aspect: str
    domain: str | None
    own: Level | None
    verified: Level | None
    pemda: Level | None
    external: Level | None
    is_concerned: bool = False  # differs as a one-sided group it is in

    @property
    def difference(self) -> Level | None:
        """The ministry's minus the government's."""
        return _minus(self.external, self.pemda)

    @property
    def from_own(self) -> Level | None:
        """The ministry's minus what the PIC said."""
        return _minus(self.external, self.own)


def _minus(one: Level | None, other: Level | None) -> Level | None:
    return None if one is None or other is None else one - other


def _is(test: Callable[[Level], bool]) -> Callable[[Row], bool]:
    return lambda row: row.difference is not None and test(row.difference)


#: Value of ?saring= -> label and what it keeps.
FILTERS: dict[str, tuple[str, Callable[[Row], bool]]] = {
    "semua": ("Semua", lambda row: True),
    "lebih-rendah": ("Lebih rendah dari Pemda", _is(lambda difference: difference < 0)),
    "lebih-tinggi": ("Lebih tinggi dari Pemda", _is(lambda difference: difference > 0)),
    "sama": ("Sama", _is(lambda difference: difference == 0)),
    "belum": ("Belum dapat dibandingkan", lambda row: row.difference is None),
}


@dataclass(frozen=True)
class Total:
    """An index of one column, with how many of the indicators below it have a level."""

    value: Fraction | None
    answered: int
    assigned: int

    @property
    def is_complete(self) -> bool:
        return self.answered == self.assigned

    @property
    def shown(self) -> Fraction | None:
        """None where nothing is there: then it would say the lowest level of all."""
        return self.value if self.answered else None


@dataclass(frozen=True)
class Totals:
    own: Total
    verified: Total
    pemda: Total
    external: Total

    @property
    def difference(self) -> Fraction | None:
        return _between(self.external, self.pemda)

    @property
    def from_own(self) -> Fraction | None:
        return _between(self.external, self.own)


def _between(one: Total, other: Total) -> Fraction | None:
    """Only what is complete on both sides is compared."""
    if not (one.is_complete and other.is_complete) or one.value is None or other.value is None:
        return None
    return one.value - other.value


@dataclass(frozen=True)
class Group:
    """A domain or an aspect with its totals; a domain holds aspects, an aspect rows."""

    code: str
    name: str
    totals: Totals
    rows: tuple[Row, ...] = ()
    aspects: tuple["Group", ...] = ()


@dataclass(frozen=True)
class Comparison:
    """All of one period. `said` are the one-sided groups in words."""

    board: Board
    rows: tuple[Row, ...]
    domains: tuple[Group, ...]
    totals: Totals
    tally: Tally
    findings: tuple[Finding, ...]
    said: tuple[str, ...]
    scores: Mapping[str, Score]  # by column

    @property
    def period(self) -> Period:
        return self.board.period

    @property
    def has_external(self) -> bool:
        return any(row.external is not None for row in self.rows)

    def counts(self) -> list[tuple[str, str, int]]:
        return [(name, label, sum(map(keep, self.rows))) for name, (label, keep) in FILTERS.items()]

    def only(self, wanted: str) -> tuple[Group, ...]:
        """The groups with the rows of one filter; those left without any go, the totals stay the whole's."""
        keep = FILTERS[wanted][1]
        found = []
        for domain in self.domains:
            aspects = tuple(replace(each, rows=tuple(filter(keep, each.rows))) for each in domain.aspects)
            if kept := tuple(each for each in aspects if each.rows):
                found.append(replace(domain, aspects=kept))
        return tuple(found)


def comparison(period: Period) -> Comparison:
    """The queries of `queries.pemda.board`, no more."""
    table = board(period)
    rows = tuple(map(_row, table.rows))
    compared = compared_of(rows)
    found = findings(compared)
    marked = concerned(compared, found)
    rows = tuple(replace(row, is_concerned=row.code in marked) for row in rows)
    scores = {name: _score(table, {row.code: getattr(row, name) for row in rows}) for name in COLUMNS}
    names = {("domain", group.code): group.name for group in table.spec.domains}
    names |= {("aspect", group.code): group.name for group in table.spec.aspects}
    return Comparison(
        board=table,
        rows=rows,
        domains=_groups(table, rows, scores),
        totals=_totals({name: (each.index, (each.answered, each.assigned)) for name, each in scores.items()}),
        tally=tally(compared),
        findings=found,
        said=tuple(said(each, names) for each in found),
        scores=scores,
    )


def compared_of(rows: Iterable[Row]) -> tuple[Compared, ...]:
    return tuple(
        Compared(row.code, row.aspect, row.domain, row.difference) for row in rows if row.difference is not None
    )


def said(finding: Finding, names: Mapping[tuple[str, str], str]) -> str:
    """ "Aspek Penyelenggara SPBE: 5 dari 10 indikator lebih rendah, 1 lebih tinggi." """
    where = {"all": "Semua indikator", "domain": "Domain ", "aspect": "Aspek "}[finding.kind]
    where += names.get((finding.kind, finding.code), "")
    counted = finding.tally
    lower, higher = (counted.lower, "lebih rendah"), (counted.higher, "lebih tinggi")
    first, second = (lower, higher) if finding.side == "lower" else (higher, lower)
    rest = f"{second[0]} {second[1]}" if second[0] else f"tidak ada yang {second[1]}"
    return f"{where}: {first[0]} dari {counted.compared} indikator {first[1]}, {rest}."


def _row(row: PemdaRow) -> Row:
    return Row(
        code=row.code,
        short_name=row.short_name,
        aspect=row.aspect,
        domain=row.domain,
        own=_lowest(pic.self_level for pic in row.pics),
        verified=_lowest(pic.verified_level for pic in row.pics),
        pemda=row.level,
        external=row.external,
    )


def _lowest(levels: Iterable[Level | None]) -> Level | None:
    """None where one of them is not known."""
    known = list(levels)
    return (
        None if not known or any(level is None for level in known) else min(each for each in known if each is not None)
    )


def _score(table: Board, levels: Mapping[str, Level | None]) -> Score:
    return score(table.spec, {code: level for code, level in levels.items() if level is not None})


def _totals(values: Mapping[str, tuple[Fraction | None, tuple[int, int]]]) -> Totals:
    return Totals(**{name: Total(value, *coverage) for name, (value, coverage) in values.items()})


def _groups(table: Board, rows: tuple[Row, ...], scores: Mapping[str, Score]) -> tuple[Group, ...]:
    """The domains with their aspects; of an instrument without domains one of no name."""
    aspects: dict[str | None, list[Group]] = {}
    for group in table.spec.aspects:
        here = tuple(row for row in rows if row.aspect == group.code)
        if not here:
            continue
        totals = _totals(
            {name: (each.aspects[group.code], each.aspect_coverage[group.code]) for name, each in scores.items()}
        )
        aspects.setdefault(group.domain, []).append(Group(group.code, group.name, totals, here))
    found = []
    for group in table.spec.domains:
        if group.code in aspects:
            totals = _totals(
                {name: (each.domains[group.code], each.domain_coverage[group.code]) for name, each in scores.items()}
            )
            found.append(Group(group.code, group.name, totals, aspects=tuple(aspects[group.code])))
    if None in aspects:
        totals = _totals({name: (each.index, (each.answered, each.assigned)) for name, each in scores.items()})
        found.append(Group("", "", totals, aspects=tuple(aspects[None])))
    return tuple(found)


# --- For who decides ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hint:
    """What a verifier is told of an indicator: the ministry's difference in an earlier year that was one-sided."""

    year: int
    period_id: int
    period_year: int
    difference: Level

    @property
    def text(self) -> str:
        when = "Tahun lalu" if self.year == self.period_year - 1 else f"Pada {self.year}"
        much = level_id(-self.difference if self.difference < 0 else self.difference)
        side = "di bawah" if self.difference < 0 else "di atas"
        return f"{when} kementerian memberi {much} {side} nilai Pemda pada indikator ini."


def hint(indicator: Indicator, period: Period) -> Hint | None:
    """For the indicator of the same code and name in the latest earlier period with the ministry's levels; None where
    its difference is not part of a one-sided picture. One query."""
    earlier = ExternalLevel.objects.filter(
        period__year__lt=period.year, period__status__in=[Period.Status.OPEN, Period.Status.FINAL]
    )
    latest = earlier.order_by("-period__year", "-period_id").values("period")[:1]
    ours = Determination.objects.filter(period=OuterRef("period"), indicator=OuterRef("indicator")).values("level")
    rows = list(
        ExternalLevel.objects.filter(period=Subquery(latest))
        .annotate(pemda=Subquery(ours))
        .order_by("indicator__order")
        .values_list(
            "indicator__code", "indicator__name", "indicator__aspect__code", "indicator__aspect__domain__code",
            "level", "pemda", "period_id", "period__year",
        )
    )  # fmt: skip
    here = next((row for row in rows if row[:2] == (indicator.code, indicator.name)), None)
    if here is None:
        return None
    compared = [Compared(row[0], row[2], row[3], row[4] - row[5]) for row in rows if row[5] is not None]
    marked = concerned(compared, findings(compared)).get(indicator.code)
    return Hint(here[7], here[6], period.year, marked.difference) if marked else None
