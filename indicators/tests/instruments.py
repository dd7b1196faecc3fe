"""Instruments for tests: the shipped ones, and one small enough to reckon by hand."""

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

from indicators.parts import shipped_parts, spec_of
from indicators.scoring import BandSpec, GroupSpec, IndicatorSpec, InstrumentSpec

DATA = Path(__file__).parent / "data"


@cache
def shipped_spec(code: str) -> InstrumentSpec:
    return spec_of(shipped_parts(code))


def official() -> InstrumentSpec:
    return shipped_spec("permenpanrb-59-2020")


def spbe_35() -> InstrumentSpec:
    return shipped_spec("permenpanrb-5-2018")


def pemdi() -> InstrumentSpec:
    return shipped_spec("permenpanrb-8-2026")


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


def published(name: str) -> list[dict]:
    """`results` or `boundary_cases`: figures as the ministry and the cities published them."""
    return json.loads((DATA / "published_results.json").read_text("utf-8"))[name]
