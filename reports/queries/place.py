"""Where an agency stands in a final result: its own figures, those of all others only as numbers of agencies.

Nothing here carries another agency's name. Indices are compared only among agencies that are assigned the same
indicators, and no distribution is given of so few others that it would tell who they are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from accounts.permissions import Rights
from assessments.levels import NOT_RELEVANT, number, unpack
from assessments.models import Assessment, Determination, Period, Status
from assessments.queries.pemda import result_in_force
from assessments.specs import spec_of
from indicators.scoring import GroupSpec, InstrumentSpec, Score, rounds_over, score
from reports.queries.heat import Column, assigned_codes, columns

Level = int | Decimal

#: Fewer others than this are not shown as a distribution.
FEWEST = 3
#: Width of a bar of the distribution of indices, in levels.
STEP = Fraction(1, 2)


@dataclass(frozen=True)
class IndexBin:
    """From `low` up to below `high` (in the last bar: included), and how many others are in it."""

    low: Fraction
    high: Fraction
    others: int
    is_own: bool


@dataclass(frozen=True)
class OwnPart:
    """A domain or an aspect: the agency's own value and the government's (None while that is not final)."""

    code: str
    name: str
    is_domain: bool
    own: Fraction | None
    government: Fraction | None


@dataclass(frozen=True)
class IndicatorPlace:
    """One indicator the agency was assigned. `counts` are of the others, (level, number) in the order of
    `Place.levels`; None where they are too few to be shown."""

    column: Column
    level: Level | None
    not_relevant: bool
    government: Level | None
    others: int
    counts: tuple[tuple[Level, int], ...] | None
    others_not_relevant: int

    @property
    def reached(self) -> int | None:
        """The whole level the own one counts at."""
        return None if self.level is None else int(self.level)


@dataclass(frozen=True)
class Place:
    """An agency's place. `same`: the others that are assigned the same indicators; `bins` None: too few of them."""

    assessment: Assessment
    index: Fraction
    predicate: str
    is_rounded_over: bool
    government_index: Fraction | None
    government_predicate: str
    others: int
    same: int
    bins: tuple[IndexBin, ...] | None
    parts: tuple[OwnPart, ...]  # each domain, followed by its aspects
    levels: tuple[Level, ...]
    indicators: tuple[IndicatorPlace, ...]


def choices(rights: Rights) -> list[Assessment]:
    """The person's agencies' final assessments of final periods, newest first, then by name. One query."""
    return list(
        Assessment.objects.filter(
            agency__in=rights.operator_of, status=Status.FINAL, period__status=Period.Status.FINAL
        )
        .select_related("agency", "period__instrument")
        .order_by("-period__year", "-period_id", "agency__name")
    )


def place(assessment: Assessment) -> Place | None:
    """The place of `assessment` (one of `choices`); None where it froze unfinished or nothing was left to score.

    Four queries; four more where the instrument was not read yet.
    """
    if assessment.verified_index is None:
        return None
    period = assessment.period
    spec = spec_of(period.instrument)
    shown = columns(period)
    own = unpack(assessment.verified_levels)
    others = list(
        Assessment.objects.filter(period=period, status=Status.FINAL)
        .exclude(verified_exact="")
        .exclude(pk=assessment.pk)
        .order_by()
        .values_list("verified_levels", "verified_exact")
    )
    result = result_in_force(period)
    government: dict[str, Level] = {}
    if result:
        government = dict(
            Determination.objects.filter(period=period).order_by().values_list("indicator__code", "level")
        )
    own_score = score(spec, {each.code: _scored(own.get(each.code)) for each in spec.indicators})
    all_score = score(spec, government) if result else None
    assigned = assigned_codes(assessment.verified_levels)
    same = [Fraction(exact) for levels, exact in others if assigned_codes(levels) == assigned]
    levels, indicators = _indicators(shown, own, [levels for levels, _ in others], government, spec)
    return Place(
        assessment=assessment,
        index=assessment.verified_index,
        predicate=assessment.verified_predicate,
        is_rounded_over=rounds_over(assessment.verified_index, spec),
        government_index=all_score.index if all_score else None,
        government_predicate=result.predicate if result else "",
        others=len(others),
        same=len(same),
        bins=_bins(spec, assessment.verified_index, same) if len(same) >= FEWEST else None,
        parts=_parts(spec, own_score, all_score),
        levels=levels,
        indicators=indicators,
    )


def _scored(text: str | None) -> Level | None:
    """A verified level for scoring: not assigned and not relevant are left out."""
    return None if text is None else number(text)


def _parts(spec: InstrumentSpec, own: Score, government: Score | None) -> tuple[OwnPart, ...]:
    def aspects(domain: str | None) -> list[OwnPart]:
        return [part(group, own.aspects, "aspects") for group in spec.aspects if group.domain == domain]

    def part(group: GroupSpec, mine: Mapping[str, Fraction | None], kind: str) -> OwnPart:
        theirs = getattr(government, kind)[group.code] if government else None
        return OwnPart(group.code, group.name, kind == "domains", mine[group.code], theirs)

    found: list[OwnPart] = []
    for domain in spec.domains:
        found += [part(domain, own.domains, "domains"), *aspects(domain.code)]
    return (*found, *aspects(None))


def _bins(spec: InstrumentSpec, own: Fraction, others: Iterable[Fraction]) -> tuple[IndexBin, ...]:
    count = max(1, -(-(spec.scale_max - spec.scale_min) // STEP))

    def at(index: Fraction) -> int:
        return min(int((index - spec.scale_min) // STEP), count - 1)

    counts = Counter(at(index) for index in others)
    return tuple(
        IndexBin(
            low=spec.scale_min + STEP * i,
            high=min(spec.scale_min + STEP * (i + 1), spec.scale_max),
            others=counts[i],
            is_own=at(own) == i,
        )
        for i in range(count)
    )


def _indicators(
    shown: Sequence[Column],
    own: dict[str, str],
    others: Iterable[str],
    government: dict[str, Level],
    spec: InstrumentSpec,
) -> tuple[tuple[Level, ...], tuple[IndicatorPlace, ...]]:
    """The levels that head the table, and a row for each assigned indicator."""
    counts: Counter[str] = Counter()
    for text in others:
        counts.update(text.split(" "))  # of "12=3": faster than one dict an agency
    by_code: dict[str, Counter[str]] = {column.code: Counter() for column in shown}
    for pair, amount in counts.items():
        code, _, level = pair.partition("=")
        if code in by_code and level:
            by_code[code][level] = amount
    whole = {str(level) for level in range(-(-spec.scale_min // 1), int(spec.scale_max // 1) + 1)}
    heads = sorted(whole, key=Decimal)
    rows = []
    for column in shown:
        if column.code not in own:
            continue
        found = by_code[column.code]
        total = sum(found.values())
        mine = own[column.code]
        rows.append(
            IndicatorPlace(
                column=column,
                level=number(mine),
                not_relevant=mine == NOT_RELEVANT,
                government=government.get(column.code),
                others=total,
                counts=_spread(found, heads) if total >= FEWEST else None,
                others_not_relevant=found[NOT_RELEVANT],
            )
        )
    return tuple(_level(head) for head in heads), tuple(rows)


def _level(text: str) -> Level:
    level = number(text)
    assert level is not None
    return level


def _spread(found: Counter[str], heads: Sequence[str]) -> tuple[tuple[Level, int], ...]:
    """How many at each of `heads`; a fractional level counts at the whole level it reaches."""
    reached: Counter[str] = Counter()
    for text, amount in found.items():
        if text != NOT_RELEVANT:
            reached[text if text in heads else str(int(Decimal(text)))] += amount
    return tuple((_level(head), reached[head]) for head in heads)
