"""What must hold before an instrument can be used: a list of problems, in Indonesian, all at once."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from indicators.models import Instrument
from indicators.parts import Parts, spec_of, stored_parts
from indicators.scoring import InstrumentSpec, exact_text

TOTAL_WEIGHT = Fraction(100)
FRAME = "rangka"


class Problem(str):
    """The sentence, and what it is about: kind ("domain", "aspek", "indikator" or `FRAME`) and code, for a link."""

    kind: str = ""
    code: str = ""


def _about(kind: str, code: str, text: str) -> Problem:
    problem = Problem(text)
    problem.kind, problem.code = kind, code
    return problem


def ready(instrument: Instrument) -> bool:
    """Whether a period may be opened with this instrument."""
    return not problems(stored_parts(instrument))


def problems(parts: Parts) -> list[str]:
    """Everything that forbids using the instrument, as `Problem` where it has a place; empty when it is whole."""
    return [*_tree_problems(parts), *spec_problems(spec_of(parts)), *_level_problems(parts)]


def spec_problems(spec: InstrumentSpec) -> list[str]:
    """Weights, groups and predikat bounds that do not add up."""
    found: list[str] = []
    if not spec.indicators:
        return ["Instrumen belum memiliki indikator."]
    total = sum((indicator.weight for indicator in spec.indicators), Fraction(0))
    if total != TOTAL_WEIGHT:
        found.append(f"Jumlah bobot indikator {exact_text(total)}, seharusnya 100.")
    found += [
        _about("indikator", indicator.code, f"Bobot indikator {indicator.code} harus lebih dari 0.")
        for indicator in spec.indicators
        if indicator.weight <= 0
    ]
    for label, groups, code_of in (
        ("domain", spec.domains, lambda indicator: indicator.domain),
        ("aspek", spec.aspects, lambda indicator: indicator.aspect),
    ):
        for group in groups:
            members = [indicator.weight for indicator in spec.indicators if code_of(indicator) == group.code]
            if not members:
                found.append(_about(label, group.code, f"Tidak ada indikator dalam {label} {group.code}."))
            elif sum(members) != group.weight:
                sums = f"{exact_text(sum(members, Fraction(0)))} bukan {exact_text(group.weight)}"
                text = f"Jumlah bobot indikator dalam {label} {group.code} adalah {sums}."
                found.append(_about(label, group.code, text))
    if spec.domains:
        found += [
            _about("aspek", aspect.code, f"Aspek {aspect.code} tidak berada dalam domain.")
            for aspect in spec.aspects
            if not aspect.domain
        ]
    if not spec.bands:
        found.append(_about(FRAME, "", "Batas predikat belum ada."))
    else:
        lowest = min(band.minimum for band in spec.bands)
        if lowest > spec.scale_min:
            found.append(_about(FRAME, "", f"Indeks di bawah {exact_text(lowest)} tidak memiliki predikat."))
        found += [
            _about(FRAME, "", f"Batas predikat {band.name} di atas level tertinggi.")
            for band in spec.bands
            if band.minimum > spec.scale_max
        ]
    if not spec.scale_min <= spec.level_if_missing <= spec.scale_max:
        found.append(_about(FRAME, "", "Nilai bagi indikator yang belum terisi berada di luar skala."))
    return found


def _tree_problems(parts: Parts) -> list[str]:
    """Rows that hang on another instrument. Instances are compared, for they need not be saved."""
    found: list[str] = []
    for aspect in parts.aspects:
        if aspect.domain is not None and aspect.domain not in parts.domains:
            found.append(_about("aspek", aspect.code, f"Aspek {aspect.code} menunjuk domain instrumen lain."))
    found += [
        _about("indikator", indicator.code, f"Indikator {indicator.code} menunjuk aspek instrumen lain.")
        for indicator in parts.indicators
        if indicator.aspect not in parts.aspects
    ]
    return found


def _level_problems(parts: Parts) -> list[str]:
    low, high = parts.instrument.scale_min, parts.instrument.scale_max
    named: set[tuple[str, int | Decimal]] = {(name.capability, name.level) for name in parts.level_names}
    found: list[str] = []
    for capability in sorted({indicator.capability for indicator in parts.indicators}):
        missing = [str(n) for n in range(ceil(low), floor(high) + 1) if (capability, n) not in named]
        if missing:
            text = f"Level {', '.join(missing)} belum bernama untuk kapabilitas {capability}."
            found.append(_about(FRAME, "", text))
    found += [
        _about(
            "indikator",
            criterion.indicator.code,
            f"Kriteria indikator {criterion.indicator.code} level {criterion.level} di luar skala.",
        )
        for criterion in parts.criteria
        if not low <= criterion.level <= high
    ]
    return found
