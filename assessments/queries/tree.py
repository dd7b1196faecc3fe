"""Rows of indicators by aspect and domain, with the figures of each: the tree under the sheet and the review."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Generic, TypeVar

from indicators.scoring import InstrumentSpec, Score

Row = TypeVar("Row")


@dataclass(frozen=True)
class Aspect(Generic[Row]):
    """An aspect that has rows; `index` is of the self levels."""

    code: str
    name: str
    index: Fraction | None
    verified: Fraction | None
    answered: int
    assigned: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Domain(Generic[Row]):
    """`name` is empty for an instrument without domains: all its aspects are in one."""

    code: str
    name: str
    index: Fraction | None
    verified: Fraction | None
    answered: int
    assigned: int
    aspects: tuple[Aspect[Row], ...]

    @property
    def rows(self) -> list[Row]:
        return [row for aspect in self.aspects for row in aspect.rows]


def grouped(
    spec: InstrumentSpec, own: Score, verified: Score | None, rows: Iterable[tuple[str, Row]]
) -> tuple[Domain[Row], ...]:
    """The tree of `rows`, each given with the code of its aspect, in the order of the instrument."""
    by_aspect: dict[str, list[Row]] = {}
    for code, row in rows:
        by_aspect.setdefault(code, []).append(row)
    aspects: dict[str | None, list[Aspect[Row]]] = {}
    for group in spec.aspects:
        if group.code in by_aspect:
            coverage = own.aspect_coverage[group.code]
            index, index_verified = own.aspects[group.code], verified.aspects[group.code] if verified else None
            rows_here = tuple(by_aspect[group.code])
            found = Aspect(group.code, group.name, index, index_verified, *coverage, rows_here)
            aspects.setdefault(group.domain, []).append(found)
    domains = []
    for group in spec.domains:
        if group.code in aspects:
            index, coverage = own.domains[group.code], own.domain_coverage[group.code]
            index_verified = verified.domains[group.code] if verified else None
            domains.append(
                Domain(group.code, group.name, index, index_verified, *coverage, tuple(aspects[group.code]))
            )
    if None in aspects:
        index_verified = verified.index if verified else None
        domains.append(Domain("", "", own.index, index_verified, own.answered, own.assigned, tuple(aspects[None])))
    return tuple(domains)


def only(domains: Iterable[Domain[Row]], keep: Callable[[Row], bool]) -> tuple[Domain[Row], ...]:
    """The tree with the rows that are kept; groups left without rows go, figures stay those of the whole."""
    found = []
    for domain in domains:
        aspects = tuple(
            replace(aspect, rows=rows)
            for aspect in domain.aspects
            if (rows := tuple(row for row in aspect.rows if keep(row)))
        )
        if aspects:
            found.append(replace(domain, aspects=aspects))
    return tuple(found)
