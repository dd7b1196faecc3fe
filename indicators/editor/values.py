"""What is edited of an instrument, as texts by name: what forms show, events compare and the API sends.

Only what differs is written back, so a value nobody touched stays as it was stored. `version_of` tells one state of
these texts from another: two people who edit different indicators never meet.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from indicators.fields import plain_level
from indicators.models import Aspect, Domain, EvidenceHint, Indicator, Instrument, LevelCriterion
from indicators.scoring import exact_text

Values = dict[str, str]

FRAME_TEXTS = ("name", "short_name", "topic", "regulation", "regulation_note", "source_note", "help_text", "caution")
FRAME_NUMBERS = ("scale_min", "scale_max", "missing_level", "target_level", "target_index")
FRAME_STRUCTURE = (*FRAME_NUMBERS, "is_fractional", "bands", "level_names")
GROUP_TEXTS = ("name",)
INDICATOR_TEXTS = (
    "name",
    "short_name",
    "question",
    "explanation",
    "note",
    "external_source",
    "agency_explanation",
    "fact_hint",
    "analysis_hint",
)
INDICATOR_LISTS = ("agency_evidence", "common_mistakes", "not_relevant_hints", "evidence_hints")
INDICATOR_STRUCTURE = ("code", "group", "aspect", "weight", "capability", "order")
#: What a published instrument still lets one put right, besides the criteria.
CORRECTABLE = frozenset({*FRAME_TEXTS, *INDICATOR_TEXTS, *INDICATOR_LISTS} - {"external_source"})

_WHOLE = 10**6
_NUMBER = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,6}))?")
_PART = re.compile(r"([0-9]{1,6})\s*/\s*([0-9]{1,6})")


def version_of(values: Mapping[str, str]) -> int:
    """One state of the texts as a number; the place in the order is left out, for others move it."""
    kept = {name: value for name, value in values.items() if name != "order"}
    return int(hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:12], 16)


@dataclass(frozen=True)
class Stored:
    """What is stored, for whoever compares it with what was typed: values as attributes, and their version."""

    values: Values
    version: int

    def __getattr__(self, name: str) -> str:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


def stored(values: Values) -> Stored:
    return Stored(values, version_of(values))


def plain(text: str) -> str:
    """As forms send texts back: line feeds alone, no space around."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


# --- Reading ---------------------------------------------------------------------------------------


def frame_values(instrument: Instrument) -> Values:
    """Two queries."""
    values = {name: plain(getattr(instrument, name)) for name in FRAME_TEXTS}
    values |= {name: number_text(getattr(instrument, name)) for name in FRAME_NUMBERS}
    values["is_fractional"] = "1" if instrument.is_fractional else ""
    values["bands"] = "\n".join(f"{number_text(band.minimum)} | {band.name}" for band in instrument.bands.all())
    values["level_names"] = "\n".join(
        f"{row.capability} | {number_text(row.level)} | {row.name}" for row in instrument.level_names.all()
    )
    return values


def domain_values(domain: Domain) -> Values:
    return {
        "code": domain.code,
        "name": plain(domain.name),
        "weight": weight_text(domain.weight),
        "capability": domain.capability,
        "order": str(place_of(domain)),
    }


def aspect_values(aspect: Aspect) -> Values:
    return {
        "code": aspect.code,
        "name": plain(aspect.name),
        "weight": weight_text(aspect.weight),
        "domain": aspect.domain.code if aspect.domain else "",
        "order": str(place_of(aspect)),
    }


def indicator_values(indicator: Indicator) -> Values:
    """Four queries."""
    values = {
        "code": indicator.code,
        "group": indicator.group,
        "aspect": indicator.aspect.code,
        "weight": weight_text(indicator.weight),
        "capability": indicator.capability,
        "order": str(place_of(indicator)),
    }
    values |= {name: plain(getattr(indicator, name)) for name in INDICATOR_TEXTS}
    values["agency_evidence"] = _lines(indicator.agency_evidence)
    values["common_mistakes"] = _lines(indicator.common_mistakes)
    values["not_relevant_hints"] = _lines(
        f"{hint['kind']} | {hint['reason']}" for hint in indicator.not_relevant_hints
    )
    values["evidence_hints"] = _lines(
        f"{', '.join(str(level) for level in hint.levels)} | {hint.text}" for hint in indicator.evidence_hints.all()
    )
    criteria: dict[int | Decimal, LevelCriterion] = {row.level: row for row in indicator.criteria.all()}
    for level in levels_of(indicator.instrument, criteria):
        row = criteria.get(level)
        values[f"criterion_{level}"] = plain(row.text) if row else ""
        values[f"agency_{level}"] = plain(row.agency_text) if row else ""
    return values


def levels_of(instrument: Instrument, more: Iterable[int | Decimal] = ()) -> list[int | Decimal]:
    """The whole levels of the scale, and those that have a criterion besides."""
    return sorted({*range(ceil(instrument.scale_min), floor(instrument.scale_max) + 1), *more})


def place_of(row: Any) -> int:
    """1 for the first of its kind in the instrument."""
    return type(row).objects.filter(instrument=row.instrument_id, order__lt=row.order).count() + 1


def number_text(value: Any) -> str:
    if value is None:
        return ""
    return str(plain_level(value)).replace(".", ",")


def weight_text(weight: Fraction) -> str:
    """As it is typed: "2,75", or "10/3" where no decimals are exact."""
    return exact_text(weight).replace(".", ",")


def _lines(items: Iterable[Any]) -> str:
    return "\n".join(" ".join(str(item).split()) for item in items)


# --- Writing back: each raises ValueError with a message in Indonesian --------------------------------


def read_weight(text: str) -> Fraction:
    text = text.strip()
    if found := _PART.fullmatch(text):
        upper, lower = int(found[1]), int(found[2])
        if lower == 0:
            raise ValueError("Penyebut pecahan tidak boleh 0.")
        weight = Fraction(upper, lower)
    elif found := _NUMBER.fullmatch(text):
        weight = Fraction(f"{found[1]}.{found[2] or 0}")
    else:
        raise ValueError("Tulis bobot sebagai bilangan atau pecahan, misalnya 2,75 atau 10/3.")
    if weight > 100:
        raise ValueError("Bobot paling besar 100.")
    return weight


def read_number(text: str, *, places: int = 2) -> Decimal | int | None:
    """A number with at most `places` decimals, None where nothing is typed."""
    text = text.strip()
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    if not found or len(found[2] or "") > places or int(found[1]) > 99:
        raise ValueError(f"Isi dengan bilangan 0 sampai 99, paling banyak {places} angka di belakang koma.")
    return plain_level(Decimal(f"{found[1]}.{found[2] or 0}"))


def read_list(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_not_relevant(text: str) -> list[dict[str, str]]:
    return [
        {"kind": kind, "reason": reason}
        for kind, reason in _pairs(text, "jenis OPD | alasan", "Kelurahan | Tidak ...")
    ]


def read_evidence_hints(text: str) -> list[tuple[list[int], str]]:
    found = []
    for levels, hint in _pairs(text, "level | bukti", "3, 4 | Laporan rapat koordinasi"):
        parts = [part.strip() for part in levels.split(",")]
        if not all(part.isascii() and part.isdigit() and len(part) < 3 for part in parts):
            raise ValueError(f"“{levels}” bukan level. Tulis level dipisah koma, misalnya 3, 4 | Laporan rapat.")
        found.append((sorted({int(part) for part in parts}), hint))
    return found


def read_bands(text: str) -> list[tuple[Decimal | int, str]]:
    """Minimum and name, the highest first."""
    found: dict[Decimal | int, str] = {}
    for minimum, name in _pairs(text, "batas bawah | predikat", "4,2 | Memuaskan"):
        number = read_number(minimum, places=4)
        if number is None or len(name) > 60:
            raise ValueError("Setiap predikat perlu batas bawah dan nama, paling panjang 60 karakter.")
        if number in found:
            raise ValueError(f"Batas {minimum} tertulis dua kali.")
        found[number] = name
    names = [slugify(name)[:40] for name in found.values()]
    if len(set(names)) != len(names) or "" in names:
        raise ValueError("Setiap predikat perlu nama yang berbeda.")
    return sorted(found.items(), reverse=True)


def read_level_names(text: str) -> list[tuple[str, Decimal | int, str]]:
    """Capability, level and name."""
    found: dict[tuple[str, Decimal | int], str] = {}
    for capability, rest in _pairs(text, "kapabilitas | level | nama", "process | 1 | Rintisan"):
        typed, _, name = (part.strip() for part in rest.partition("|"))
        level = read_number(typed)
        if level is None or not name or len(name) > 60 or slugify(capability)[:20] != capability:
            raise ValueError(
                f"“{capability} | {rest}”: tulis kapabilitas | level | nama, misalnya process | 1 | Rintisan."
            )
        if (capability, level) in found:
            raise ValueError(f"Level {typed} kapabilitas {capability} tertulis dua kali.")
        found[capability, level] = name
    return [(capability, level, name) for (capability, level), name in sorted(found.items())]


def _pairs(text: str, form: str, example: str) -> list[tuple[str, str]]:
    """Lines of two parts divided by the first "|"."""
    found = []
    for line in read_list(text):
        first, bar, second = (part.strip() for part in line.partition("|"))
        if not bar or not first or not second:
            raise ValueError(f"“{line[:60]}”: tulis setiap baris sebagai {form}, misalnya {example}")
        found.append((first, second))
    return found


def checked(row: Any, *, exclude: Iterable[str] = ()) -> dict[str, str]:
    """What Django's own fields find wrong with a row before it is saved, by field."""
    try:
        row.clean_fields(
            exclude=[field.name for field in row._meta.concrete_fields if field.is_relation] + list(exclude)
        )
    except ValidationError as error:
        return {name: " ".join(messages) for name, messages in error.message_dict.items()}
    return {}


def hints_of(indicator: Indicator, text: str) -> list[EvidenceHint]:
    return [
        EvidenceHint(indicator=indicator, order=number, levels=levels, text=hint)
        for number, (levels, hint) in enumerate(read_evidence_hints(text), start=1)
    ]


def criterion_of(indicator: Indicator, level: int | Decimal, text: str, agency_text: str) -> LevelCriterion:
    return LevelCriterion(indicator=indicator, level=level, text=text, agency_text=agency_text)
