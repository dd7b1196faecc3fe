"""Reads of instruments for screens, scoring and reports, each with a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from django.db import DatabaseError
from django.db.models import Count

from indicators.models import Aspect, Domain, EvidenceHint, Indicator, Instrument, LevelCriterion
from indicators.parts import build_spec, shipped_parts, spec_of
from indicators.scoring import InstrumentSpec

Level = int | Decimal


@dataclass(frozen=True)
class LevelRow:
    """One step of an indicator's ladder. `text` is the official sense (empty: not available),
    `agency_text` what it means for one agency, `hints` the evidence that usually supports this level."""

    level: Level
    name: str
    text: str
    agency_text: str
    hints: tuple[str, ...]


@dataclass(frozen=True)
class HintContent:
    levels: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class NotRelevantHint:
    """A kind of agency for which the indicator is often not relevant, and why."""

    kind: str
    reason: str


@dataclass(frozen=True)
class IndicatorContent:
    """Everything a screen says about one indicator; `ladder` runs from the lowest level up."""

    pk: int
    code: str
    group: str
    name: str
    short_name: str
    weight: Fraction
    capability: str
    question: str
    explanation: str
    note: str
    external_source: str
    agency_explanation: str
    agency_evidence: tuple[str, ...]
    fact_hint: str
    analysis_hint: str
    not_relevant_hints: tuple[NotRelevantHint, ...]
    common_mistakes: tuple[str, ...]
    ladder: tuple[LevelRow, ...]
    evidence_hints: tuple[HintContent, ...]

    @property
    def has_criteria(self) -> bool:
        return any(row.text for row in self.ladder)


@dataclass(frozen=True)
class AspectContent:
    code: str
    name: str
    weight: Fraction
    indicators: tuple[IndicatorContent, ...]


@dataclass(frozen=True)
class DomainContent:
    """A domain; `code` and `name` are empty in the one that stands for an instrument without domains."""

    code: str
    name: str
    weight: Fraction
    aspects: tuple[AspectContent, ...]


@dataclass(frozen=True)
class BandContent:
    """A predikat: from `minimum` up to below `below` (None: to the top of the scale, included)."""

    name: str
    minimum: Decimal
    below: Decimal | None


@dataclass(frozen=True)
class InstrumentContent:
    instrument: Instrument
    domains: tuple[DomainContent, ...]
    bands: tuple[BandContent, ...]

    @property
    def has_domains(self) -> bool:
        return any(domain.code for domain in self.domains)

    @property
    def indicators(self) -> tuple[IndicatorContent, ...]:
        """All indicators in the instrument's order."""
        return tuple(i for domain in self.domains for aspect in domain.aspects for i in aspect.indicators)

    @property
    def numbers(self) -> int:
        """How many indicators the regulation counts: items of one indicator are one."""
        return len({indicator.group or indicator.code for indicator in self.indicators})

    @property
    def aspects(self) -> tuple[AspectContent, ...]:
        return tuple(aspect for domain in self.domains for aspect in domain.aspects)


@dataclass(frozen=True)
class InstrumentRow:
    """An instrument in the list of all: how much it holds. `items` are scored, `indicators` are the regulation's."""

    instrument: Instrument
    domains: int
    aspects: int
    items: int
    indicators: int
    criteria: int

    @property
    def shape(self) -> str:
        """ "3 domain, 7 aspek, 35 indikator (37 butir bernilai)"."""
        parts = [f"{self.domains} domain"] if self.domains else []
        parts += [f"{self.aspects} aspek", f"{self.indicators} indikator"]
        text = ", ".join(parts)
        return f"{text} ({self.items} butir bernilai)" if self.items != self.indicators else text


def instrument_rows(*, with_drafts: bool) -> list[InstrumentRow]:
    """Every instrument, the default first; five queries."""
    instruments = Instrument.objects.all() if with_drafts else Instrument.objects.filter(is_draft=False)
    domains = Counter(Domain.objects.values_list("instrument", flat=True))
    aspects = Counter(Aspect.objects.values_list("instrument", flat=True))
    items = Indicator.objects.values_list("instrument", "code", "group")
    scored = Counter(of for of, _, _ in items)
    named = Counter(of for of, _ in {(of, group or code) for of, code, group in items})
    criteria = dict(
        LevelCriterion.objects.values_list("indicator__instrument").annotate(number=Count("pk")).order_by()
    )
    return [
        InstrumentRow(row, domains[row.pk], aspects[row.pk], scored[row.pk], named[row.pk], criteria.get(row.pk, 0))
        for row in instruments
    ]


def instrument_spec(instrument: Instrument) -> InstrumentSpec:
    """What scoring needs of `instrument`; four small queries."""
    structure = ("code", "weight_numerator", "weight_denominator", "instrument_id")
    indicators = instrument.indicators.select_related("aspect__domain").only(
        *structure, "aspect__code", "aspect__domain__code"
    )
    return build_spec(
        instrument,
        list(instrument.domains.all()),
        list(instrument.aspects.select_related("domain")),
        list(indicators),
        list(instrument.bands.all()),
    )


def get_spec(code: str) -> InstrumentSpec | None:
    """The instrument of this code: the database's, or, where that has none, the shipped one; else None.

    Works without tables and without a database. Raises `BrokenFixture`.
    """
    try:
        stored = Instrument.objects.filter(code=code).first()
        if stored is not None:
            return instrument_spec(stored)
    except DatabaseError:
        pass
    shipped = shipped_parts(code)
    return None if shipped is None else spec_of(shipped)


def instrument_content(instrument: Instrument) -> InstrumentContent:
    """The whole instrument as a tree for screens; seven queries."""
    names = _level_names(instrument)
    criteria = _by_indicator(LevelCriterion.objects.filter(indicator__instrument=instrument).order_by("level"))
    hints = _by_indicator(EvidenceHint.objects.filter(indicator__instrument=instrument).order_by("order"))
    by_aspect = defaultdict(list)
    for indicator in instrument.indicators.order_by("order"):
        content = _content(indicator, instrument, names, criteria[indicator.pk], hints[indicator.pk])
        by_aspect[indicator.aspect_id].append(content)
    by_domain = defaultdict(list)
    for aspect in instrument.aspects.order_by("order"):
        by_domain[aspect.domain_id].append(
            AspectContent(aspect.code, aspect.name, aspect.weight, tuple(by_aspect[aspect.pk]))
        )
    domains = [
        DomainContent(domain.code, domain.name, domain.weight, tuple(by_domain[domain.pk]))
        for domain in instrument.domains.order_by("order")
    ]
    if by_domain[None]:
        weight = sum((aspect.weight for aspect in by_domain[None]), Fraction(0))
        domains.append(DomainContent("", "", weight, tuple(by_domain[None])))
    return InstrumentContent(instrument, tuple(domains), _bands(instrument))


def indicator_content(indicator: Indicator) -> IndicatorContent:
    """One indicator for its page; three queries besides the instrument's."""
    instrument = indicator.instrument
    return _content(
        indicator,
        instrument,
        _level_names(instrument, indicator.capability),
        list(indicator.criteria.order_by("level")),
        list(indicator.evidence_hints.order_by("order")),
    )


def level_names(instrument: Instrument) -> dict[tuple[str, Level], str]:
    """(capability, level) -> name; one query."""
    return _level_names(instrument)


def _level_names(instrument: Instrument, capability: str = "") -> dict[tuple[str, Level], str]:
    rows = instrument.level_names.all()
    if capability:
        rows = rows.filter(capability=capability)
    return {(row.capability, row.level): row.name for row in rows}


def _by_indicator(rows: Iterable) -> defaultdict[int, list]:
    grouped = defaultdict(list)
    for row in rows:
        grouped[row.indicator_id].append(row)
    return grouped


def _bands(instrument: Instrument) -> tuple[BandContent, ...]:
    found = []
    below = None
    for band in instrument.bands.order_by("-minimum"):
        found.append(BandContent(band.name, band.minimum, below))
        below = band.minimum
    return tuple(found)


def _content(
    indicator: Indicator,
    instrument: Instrument,
    names: dict[tuple[str, Level], str],
    criteria: list[LevelCriterion],
    hints: list[EvidenceHint],
) -> IndicatorContent:
    by_level = {criterion.level: criterion for criterion in criteria}
    whole = range(ceil(instrument.scale_min), floor(instrument.scale_max) + 1)
    ladder = []
    for level in sorted({*whole, *by_level}):
        criterion = by_level.get(level)
        ladder.append(
            LevelRow(
                level=level,
                name=names.get((indicator.capability, level), ""),
                text=criterion.text if criterion else "",
                agency_text=criterion.agency_text if criterion else "",
                hints=tuple(hint.text for hint in hints if level in hint.levels),
            )
        )
    return IndicatorContent(
        pk=indicator.pk,
        code=indicator.code,
        group=indicator.group,
        name=indicator.name,
        short_name=indicator.short_name,
        weight=indicator.weight,
        capability=indicator.capability,
        question=indicator.question,
        explanation=indicator.explanation,
        note=indicator.note,
        external_source=indicator.external_source,
        agency_explanation=indicator.agency_explanation,
        agency_evidence=tuple(indicator.agency_evidence),
        fact_hint=indicator.fact_hint,
        analysis_hint=indicator.analysis_hint,
        not_relevant_hints=tuple(NotRelevantHint(**hint) for hint in indicator.not_relevant_hints),
        common_mistakes=tuple(indicator.common_mistakes),
        ladder=tuple(ladder),
        evidence_hints=tuple(HintContent(tuple(hint.levels), hint.text) for hint in hints),
    )
