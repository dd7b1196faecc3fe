"""What must hold before an instrument can be used: a list of problems, in Indonesian, all at once."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from indicators.models import Instrument
from indicators.parts import Parts, spec_of, stored_parts
from indicators.scoring import InstrumentSpec, exact_text

TOTAL_WEIGHT = Fraction(100)


def ready(instrument: Instrument) -> bool:
    """Whether a period may be opened with this instrument."""
    return not problems(stored_parts(instrument))


def problems(parts: Parts) -> list[str]:
    """Everything that forbids using the instrument; empty when it is whole."""
    return [*_tree_problems(parts), *spec_problems(spec_of(parts)), *_level_problems(parts)]


def spec_problems(spec: InstrumentSpec) -> list[str]:
    """Weights, groups and predikat bounds that do not add up."""
    found = []
    if not spec.indicators:
        return ["Instrumen belum memiliki indikator."]
    total = sum((indicator.weight for indicator in spec.indicators), Fraction(0))
    if total != TOTAL_WEIGHT:
        found.append(f"Jumlah bobot indikator {exact_text(total)}, seharusnya 100.")
    found += [
        f"Bobot indikator {indicator.code} harus lebih dari 0."
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
                found.append(f"Tidak ada indikator dalam {label} {group.code}.")
            elif sum(members) != group.weight:
                sums = f"{exact_text(sum(members, Fraction(0)))} bukan {exact_text(group.weight)}"
                found.append(f"Jumlah bobot indikator dalam {label} {group.code} adalah {sums}.")
    if spec.domains:
        found += [f"Aspek {aspect.code} tidak berada dalam domain." for aspect in spec.aspects if not aspect.domain]
    if not spec.bands:
        found.append("Batas predikat belum ada.")
    else:
        lowest = min(band.minimum for band in spec.bands)
        if lowest > spec.scale_min:
            found.append(f"Indeks di bawah {exact_text(lowest)} tidak memiliki predikat.")
        found += [
            f"Batas predikat {band.name} di atas level tertinggi."
            for band in spec.bands
            if band.minimum > spec.scale_max
        ]
    if not spec.scale_min <= spec.level_if_missing <= spec.scale_max:
        found.append("Nilai bagi indikator yang belum terisi berada di luar skala.")
    return found


def _tree_problems(parts: Parts) -> list[str]:
    """Rows that hang on another instrument. Instances are compared, for they need not be saved."""
    found = []
    for aspect in parts.aspects:
        if aspect.domain is not None and aspect.domain not in parts.domains:
            found.append(f"Aspek {aspect.code} menunjuk domain instrumen lain.")
    found += [
        f"Indikator {indicator.code} menunjuk aspek instrumen lain."
        for indicator in parts.indicators
        if indicator.aspect not in parts.aspects
    ]
    return found


def _level_problems(parts: Parts) -> list[str]:
    low, high = parts.instrument.scale_min, parts.instrument.scale_max
    named: set[tuple[str, int | Decimal]] = {(name.capability, name.level) for name in parts.level_names}
    found = []
    for capability in sorted({indicator.capability for indicator in parts.indicators}):
        missing = [str(n) for n in range(ceil(low), floor(high) + 1) if (capability, n) not in named]
        if missing:
            found.append(f"Level {', '.join(missing)} belum bernama untuk kapabilitas {capability}.")
    found += [
        f"Kriteria indikator {criterion.indicator.code} level {criterion.level} di luar skala."
        for criterion in parts.criteria
        if not low <= criterion.level <= high
    ]
    return found
