"""Kertas kerja: one assessment as a workbook that is filled in without a connection and brought back.

A paper knows what it was made from: each row carries the answer's version and a print of every cell that can be
filled in. So what nobody touched asks for nothing, whatever the portal says meanwhile, and what was touched is never
put over a newer answer unseen.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from indicators.fields import plain_level
from indicators.queries import LevelRow

Level = int | Decimal

SHEET, KEY_SHEET = "Isian", "Kunci"
#: What can be filled in, by the names of `assessments.services.answers.FIELDS`, with the headings of the paper.
FIELDS = {
    "self_level": "Level",
    "not_applicable": "Tidak relevan",
    "not_applicable_reason": "Alasan tidak relevan",
    "fact": "Fakta",
    "analysis": "Analisis",
}
TEXTS = ("not_applicable_reason", "fact", "analysis")
YES, NO = "Ya", "Tidak"
#: What no sheet can hold, and what readers of sheets make of it.
_UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|x005F_")


@dataclass(frozen=True)
class Key:
    """What a paper belongs to. Kept in the file beside the rows."""

    assessment: int
    period: int
    agency: str  # slug
    instrument: str  # code
    revision: int


@dataclass(frozen=True)
class PaperRow:
    """One assigned indicator. `levels` is empty where the instrument's criteria are not published."""

    code: str
    name: str
    aspect: str
    names: tuple[tuple[Level, str], ...]
    levels: tuple[LevelRow, ...]
    external_source: str
    values: Mapping[str, Any]  # by the names of `FIELDS`
    version: int
    evidence: tuple[str, ...]
    note: str  # of the decision that the reader goes by
    state: str
    is_open: bool


@dataclass(frozen=True)
class Paper:
    """Everything the workbook says. `lock`: why nothing can be filled in; empty where something can."""

    key: Key
    agency: str
    period: str
    instrument: str
    regulation: str
    caution: str  # of the instrument
    due_at: datetime
    status: str
    lock: str
    made_at: datetime
    whole_levels: tuple[int, ...]  # empty: values with two decimals, from `lowest` to `highest`
    lowest: Level
    highest: Level
    text_max: int
    rows: tuple[PaperRow, ...]


def normal(text: str) -> str:
    """A text as two programs agree on it: without what a sheet cannot hold, and without white space at its ends."""
    plain = _UNSAYABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip()


def cell_of(name: str, value: Any) -> str:
    """A stored value as its cell says it."""
    if name == "self_level":
        plain = plain_level(value)
        return "" if plain is None else f"{plain:f}" if isinstance(plain, Decimal) else str(plain)
    if name == "not_applicable":
        return YES if value else ""
    return _UNSAYABLE.sub("", str(value or ""))


def print_of(name: str, cell: str) -> str:
    """A short print of a cell's sense: another one means that somebody touched it."""
    return sha256(f"{name}:{normal(cell)}".encode()).hexdigest()[:10]


def prints_of(values: Mapping[str, Any]) -> str:
    """The prints of one row, in the order of `FIELDS`."""
    return " ".join(print_of(name, cell_of(name, values[name])) for name in FIELDS)


def mark_of(assessment: int, version: int) -> str:
    """The version of an answer with what it belongs to, so that a copied row still says it."""
    return f"{assessment}-{version}"
