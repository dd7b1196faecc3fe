"""What two instruments say differently, row by row and word by word."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from indicators.editor.values import number_text, weight_text
from indicators.models import Instrument
from indicators.parts import flat, stored_parts

LONG = 40  # characters; longer texts are compared word by word
#: Words that stay around a change.
AROUND = 6

KINDS = {
    "instrument": "Rangka",
    "predicateband": "Predikat",
    "levelname": "Nama level",
    "domain": "Domain",
    "aspect": "Aspek",
    "indicator": "Indikator",
    "levelcriterion": "Kriteria indikator",
    "evidencehint": "Contoh bukti indikator",
}
FIELDS = {
    "code": "Kode",
    "name": "Nama",
    "short_name": "Nama singkat",
    "topic": "Yang dinilai",
    "version": "Versi",
    "regulation": "Dasar hukum",
    "regulation_note": "Keberlakuan",
    "source_note": "Sumber",
    "help_text": "Keterangan",
    "caution": "Peringatan",
    "scale_min": "Level terendah",
    "scale_max": "Level tertinggi",
    "is_fractional": "Nilai pecahan",
    "missing_level": "Nilai bila belum terisi",
    "target_level": "Target level",
    "target_index": "Target indeks",
    "minimum": "Batas bawah",
    "capability": "Kapabilitas",
    "level": "Level",
    "order": "Urutan",
    "weight": "Bobot",
    "domain": "Domain",
    "aspect": "Aspek",
    "group": "Nomor indikator",
    "question": "Pertanyaan",
    "explanation": "Penjelasan",
    "note": "Catatan",
    "external_source": "Sumber nilai dari luar",
    "agency_explanation": "Panduan bagi satu OPD",
    "agency_evidence": "Bukti dari OPD",
    "fact_hint": "Petunjuk fakta",
    "analysis_hint": "Petunjuk analisis",
    "not_relevant_hints": "Sering tidak relevan bagi",
    "common_mistakes": "Kekeliruan yang sering",
    "text": "Isi",
    "agency_text": "Bagi satu OPD",
    "levels": "Level",
}


@dataclass(frozen=True)
class Passage:
    """A piece of a text: `kind` "same", "out" (only before), "in" (only after) or "gap"."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    """One field: two short values, or the passages of a long text."""

    label: str
    before: str
    after: str
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One row: `kind` "new", "gone" or "changed"."""

    what: str
    kind: str
    changes: tuple[Change, ...]


def compare(before: Instrument, after: Instrument) -> list[Difference]:
    """From `before` to `after`, in the order of the kinds and codes; sixteen queries. Codes tell rows apart."""
    old, new = _rows(before), _rows(after)
    found = []
    for kind in KINDS:
        keys = [key for key in (*new, *(key for key in old if key not in new)) if key[0] == kind]
        for key in keys:
            what = f"{KINDS[kind]} {_label(key)}".strip()
            if key not in old:
                found.append(Difference(what, "new", tuple(_changes({}, new[key]))))
            elif key not in new:
                found.append(Difference(what, "gone", tuple(_changes(old[key], {}))))
            elif changes := tuple(_changes(old[key], new[key])):
                found.append(Difference(what, "changed", changes))
    return found


def _rows(instrument: Instrument) -> dict[tuple[str, ...], dict[str, str]]:
    """Every row by its kind and codes, its fields as texts; the instrument's own code says nothing here."""
    rows = {}
    for (kind, _, *codes), values in flat(stored_parts(instrument)).items():
        if kind == "instrument":
            del values["code"]
        if "weight_numerator" in values:
            lower = values.pop("weight_denominator")
            values["weight"] = weight_text(Fraction(values.pop("weight_numerator"), lower))
        values = {name: _text(value) for name, value in values.items() if name not in ("instrument", "indicator")}
        rows[kind, *codes] = values
    return rows


def _label(key: tuple[str, ...]) -> str:
    kind, *codes = key
    if kind == "levelcriterion":
        return f"{codes[0]}, level {codes[1].replace('.', ',')}"
    return ", ".join(codes)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "ya" if value else "tidak"
        case tuple():  # a natural key: instrument, code
            return str(value[-1])
        case list():
            return "\n".join(_text(each) for each in value)
        case dict():
            return " | ".join(str(each) for each in value.values())
        case str():
            return value
        case _:
            return number_text(value)


def _changes(old: dict[str, str], new: dict[str, str]) -> Iterator[Change]:
    for name in [*new, *(name for name in old if name not in new)]:
        before, after = old.get(name, ""), new.get(name, "")
        if before == after or name not in FIELDS:
            continue
        is_long = max(len(before), len(after)) > LONG and before and after
        yield Change(FIELDS[name], before, after, tuple(passages(before, after)) if is_long else ())


def passages(before: str, after: str) -> Iterator[Passage]:
    """A text word by word, what stayed the same cut short."""
    old, new = re.findall(r"\S+\s*|\s+", before), re.findall(r"\S+\s*|\s+", after)
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for number, (tag, left, right, from_, to) in enumerate(blocks):
        if tag == "equal":
            yield from _same(old[left:right], is_first=number == 0, is_last=number == len(blocks) - 1)
            continue
        if left < right:
            yield Passage("out", "".join(old[left:right]))
        if from_ < to:
            yield Passage("in", "".join(new[from_:to]))


def _same(words: list[str], *, is_first: bool, is_last: bool) -> Iterator[Passage]:
    head, tail = (0 if is_first else AROUND), (0 if is_last else AROUND)
    if len(words) <= head + tail + 1:
        yield Passage("same", "".join(words))
        return
    if head:
        yield Passage("same", "".join(words[:head]))
    yield Passage("gap", "… ")
    if tail:
        yield Passage("same", "".join(words[-tail:]))
