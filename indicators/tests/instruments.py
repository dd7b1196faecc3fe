"""Instruments for tests: the shipped ones, and two that are known only in outline so far."""

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

from indicators.models import Aspect, Domain, Indicator, Instrument, LevelName, PredicateBand
from indicators.parts import Parts, shipped_parts, spec_of
from indicators.scoring import BandSpec, GroupSpec, IndicatorSpec, InstrumentSpec

DATA = Path(__file__).parent / "data"


@cache
def shipped_spec(code: str) -> InstrumentSpec:
    return spec_of(shipped_parts(code))


def official() -> InstrumentSpec:
    return shipped_spec("permenpanrb-59-2020")


def seven() -> InstrumentSpec:
    return shipped_spec("spbe-47-7aspek")


def small(*, is_fractional: bool = True, missing_level: Fraction | None = None) -> InstrumentSpec:
    """Two indicators of weight 75 and 25 in one aspect each, no domains, levels 1 to 5."""
    return InstrumentSpec(
        code="kecil",
        name="Instrumen kecil",
        version=1,
        scale_min=Fraction(1),
        scale_max=Fraction(5),
        is_fractional=is_fractional,
        domains=(),
        aspects=(GroupSpec("a", "Satu", Fraction(75)), GroupSpec("b", "Dua", Fraction(25))),
        indicators=(IndicatorSpec("x", Fraction(75), "a"), IndicatorSpec("y", Fraction(25), "b")),
        bands=(BandSpec("Tinggi", Fraction("3.5")), BandSpec("Rendah", Fraction(1))),
        missing_level=missing_level,
    )


def outline(code: str) -> Parts:
    """An instrument of `data/` as unsaved rows: structure, weights and bounds without texts."""
    data = json.loads((DATA / f"{code}.json").read_text("utf-8"))
    low, high = data["scale"]
    instrument = Instrument(
        code=code,
        name=data["name"],
        short_name=data["name"][:60],
        regulation=data["name"],
        scale_min=low,
        scale_max=high,
        is_fractional=data["is_fractional"],
    )
    domains = {
        row["code"]: Domain(
            instrument=instrument,
            code=row["code"],
            order=order,
            name=row["name"],
            capability="maturity",
            **_weight(row["weight"]),
        )
        for order, row in enumerate(data["domains"], 1)
    }
    aspects = {
        row["code"]: Aspect(
            instrument=instrument,
            domain=domains.get(row["domain"]),
            code=row["code"],
            order=order,
            name=row["name"],
            **_weight(row["weight"]),
        )
        for order, row in enumerate(data["aspects"], 1)
    }
    return Parts(
        instrument=instrument,
        bands=[
            PredicateBand(instrument=instrument, code=str(n), name=row["name"], minimum=row["minimum"])
            for n, row in enumerate(data["bands"])
        ],
        level_names=[
            LevelName(instrument=instrument, code=f"maturity-{n}", capability="maturity", level=n, name=f"Tingkat {n}")
            for n in range(low, high + 1)
        ],
        domains=list(domains.values()),
        aspects=list(aspects.values()),
        indicators=[
            Indicator(
                instrument=instrument,
                aspect=aspects[row["aspect"]],
                code=row["code"],
                group=row["group"],
                order=order,
                name=f"Indikator {row['code']}",
                short_name=f"Indikator {row['code']}",
                capability="maturity",
                **_weight(row["weight"]),
            )
            for order, row in enumerate(data["indicators"], 1)
        ],
        criteria=[],
        evidence_hints=[],
    )


def _weight(text: str) -> dict[str, int]:
    exact = Fraction(text)
    return {"weight_numerator": exact.numerator, "weight_denominator": exact.denominator}


def published(name: str) -> list[dict]:
    """`results` or `boundary_cases`: figures as the ministry and the cities published them."""
    return json.loads((DATA / "published_results.json").read_text("utf-8"))[name]
