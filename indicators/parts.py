"""An instrument with all its rows, from the database or from the fixture file shipped with the portal.

Both come as model instances, saved or not, so that scoring, checks and comparison treat them alike.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models

from indicators.fields import LevelField, plain_level
from indicators.models import (
    Aspect,
    Domain,
    EvidenceHint,
    Indicator,
    Instrument,
    LevelCriterion,
    LevelName,
    PredicateBand,
)
from indicators.scoring import BandSpec, GroupSpec, IndicatorSpec, InstrumentSpec


@dataclass(frozen=True)
class Parts:
    """The rows of one instrument, in the order in which they can be saved."""

    instrument: Instrument
    bands: list[PredicateBand]
    level_names: list[LevelName]
    domains: list[Domain]
    aspects: list[Aspect]
    indicators: list[Indicator]
    criteria: list[LevelCriterion]
    evidence_hints: list[EvidenceHint]

    def groups(self) -> Iterator[list[Any]]:
        """The lists, parents before children, without the instrument."""
        return (getattr(self, field.name) for field in fields(self) if field.name != "instrument")


class BrokenFixture(ValueError):
    """A shipped file cannot be read as an instrument."""


def stored_parts(instrument: Instrument) -> Parts:
    """Everything the database holds of `instrument`, rows pointing at each other; seven queries.

    Parents are linked here and not joined: with hundreds of criteria a join reads the same long rows again and again.
    """
    domains = {row.pk: row for row in instrument.domains.all()}
    aspects = {row.pk: row for row in instrument.aspects.all()}
    indicators = {row.pk: row for row in instrument.indicators.all()}
    criteria = list(LevelCriterion.objects.filter(indicator__instrument=instrument))
    evidence_hints = list(EvidenceHint.objects.filter(indicator__instrument=instrument))
    for aspect in aspects.values():
        if aspect.domain_id is not None:
            aspect.domain = domains[aspect.domain_id]
    for indicator in indicators.values():
        indicator.aspect = aspects[indicator.aspect_id]
    for criterion in criteria:
        criterion.indicator = indicators[criterion.indicator_id]
    for hint in evidence_hints:
        hint.indicator = indicators[hint.indicator_id]
    return Parts(
        instrument=instrument,
        bands=list(instrument.bands.all()),
        level_names=list(instrument.level_names.all()),
        domains=list(domains.values()),
        aspects=list(aspects.values()),
        indicators=list(indicators.values()),
        criteria=criteria,
        evidence_hints=evidence_hints,
    )


def shipped_files() -> dict[str, Path]:
    """Code -> file of every instrument shipped in `fixtures/`; a file is named for its instrument."""
    folders = [Path(folder) for folder in settings.FIXTURE_DIRS]
    paths = sorted(path for folder in folders for path in folder.glob("*.json"))
    return {path.stem: path for path in paths if _begins_with_an_instrument(path)}


def _begins_with_an_instrument(path: Path) -> bool:
    with path.open(encoding="utf-8") as file:
        return '"indicators.instrument"' in file.read(200)


def shipped_parts(code: str) -> Parts | None:
    """The shipped instrument as unsaved rows, or None where none has this code. Raises `BrokenFixture`."""
    path = shipped_files().get(code)
    return None if path is None else read_parts(path)


def read_parts(path: Path) -> Parts:
    """One fixture file as unsaved rows that point at each other; asks no database. Raises `BrokenFixture`."""
    return parts_of(path.read_text("utf-8"), path.name)


def parts_of(text: str, name: str) -> Parts:
    """As `read_parts`, for the text of a file that is called `name`."""
    found: dict[type[models.Model], list[Any]] = {}
    known: dict[tuple[type[models.Model], tuple], models.Model] = {}
    try:
        for entry in json.loads(text):
            model = apps.get_model(entry["model"])
            values = {field: _value(model, field, value, known) for field, value in entry["fields"].items()}
            row = model(**values)
            found.setdefault(model, []).append(row)
            known[model, row.natural_key()] = row
        (instrument,) = found[Instrument]
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise BrokenFixture(f"{name}: {error}") from error
    except (FieldDoesNotExist, ValidationError) as error:
        raise BrokenFixture(f"{name}: {error}") from error
    return Parts(
        instrument=instrument,
        bands=found.get(PredicateBand, []),
        level_names=found.get(LevelName, []),
        domains=found.get(Domain, []),
        aspects=found.get(Aspect, []),
        indicators=found.get(Indicator, []),
        criteria=found.get(LevelCriterion, []),
        evidence_hints=found.get(EvidenceHint, []),
    )


def _value(model: type[models.Model], name: str, value: Any, known: dict) -> Any:
    field = model._meta.get_field(name)
    if isinstance(field, models.ForeignKey):
        return None if value is None else known[field.related_model, tuple(value)]
    if isinstance(field, LevelField):
        return plain_level(value)
    return field.to_python(value)  # type: ignore[union-attr]


def build_spec(
    instrument: Instrument,
    domains: list[Domain],
    aspects: list[Aspect],
    indicators: list[Indicator],
    bands: list[PredicateBand],
) -> InstrumentSpec:
    """What scoring needs of these rows, highest predikat first."""
    missing = instrument.missing_level
    return InstrumentSpec(
        code=instrument.code,
        name=instrument.name,
        version=instrument.version,
        scale_min=Fraction(instrument.scale_min),
        scale_max=Fraction(instrument.scale_max),
        is_fractional=instrument.is_fractional,
        missing_level=None if missing is None else Fraction(missing),
        domains=tuple(GroupSpec(domain.code, domain.name, domain.weight) for domain in domains),
        aspects=tuple(
            GroupSpec(aspect.code, aspect.name, aspect.weight, aspect.domain.code if aspect.domain else None)
            for aspect in aspects
        ),
        indicators=tuple(
            IndicatorSpec(
                indicator.code,
                indicator.weight,
                indicator.aspect.code,
                indicator.aspect.domain.code if indicator.aspect.domain else None,
            )
            for indicator in indicators
        ),
        bands=tuple(
            BandSpec(band.name, Fraction(band.minimum))
            for band in sorted(bands, key=lambda band: band.minimum, reverse=True)
        ),
    )


def spec_of(parts: Parts) -> InstrumentSpec:
    return build_spec(parts.instrument, parts.domains, parts.aspects, parts.indicators, parts.bands)


# What the portal's users set is not compared: the freeze and the choice of the default.
_NOT_COMPARED = {"id", "in_use_since", "is_default", "is_draft", "copied_from", "edits"}


def flat(parts: Parts) -> dict[tuple[str, ...], dict[str, Any]]:
    """Every row as (kind, *natural key) -> field values, foreign keys by natural key: to compare two instruments."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in [parts.instrument, *(row for group in parts.groups() for row in group)]:
        values = {}
        for field in row._meta.concrete_fields:
            if field.name not in _NOT_COMPARED:
                value = getattr(row, field.name)
                values[field.name] = value.natural_key() if field.is_relation and value is not None else value
        rows[(row._meta.model_name, *(str(part) for part in row.natural_key()))] = values
    return rows
