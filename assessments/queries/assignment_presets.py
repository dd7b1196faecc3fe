"""Patterns of assignments: what each would change in a period, and what it could not place. Nothing is written."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from accounts.models import Agency
from assessments.models import Assignment, Period
from assessments.queries.assignments import Grid, successors

PIC, SUPPORT = Assignment.Kind.PIC.value, Assignment.Kind.SUPPORT.value
MAPPING_FILE = Path(__file__).resolve().parent.parent / "data" / "pic_mapping.json"


@dataclass(frozen=True)
class Preset:
    """`changes` are (agency id, code, kind or None); `notes` say what has no place or was left alone."""

    changes: tuple[tuple[int, str, str | None], ...]
    notes: tuple[str, ...] = ()


@cache
def pic_mapping() -> dict[str, Any]:
    return json.loads(MAPPING_FILE.read_text(encoding="utf-8"))


def has_mapping(period: Period) -> bool:
    """The usual PICs are known for this instrument."""
    return period.instrument.code in pic_mapping()["instruments"]


def everything(grid: Grid) -> Preset:
    """All agencies support all indicators but those whose value comes from elsewhere; PICs stay."""
    return Preset(
        tuple(
            (row.agency.pk, column.code, SUPPORT)
            for row in grid.rows
            for column, kind in zip(grid.columns, row.kinds, strict=True)
            if not kind and not column.external
        )
    )


def usual(grid: Grid, *, only_gaps: bool = False) -> Preset:
    """The usual PIC of each indicator, and the usual supporters where nothing is assigned yet.

    Other PICs become supporters; `only_gaps` leaves indicators that have a PIC alone.
    """
    mapping = pic_mapping()
    agencies = [row.agency for row in grid.rows]
    found = {name: find(aliases, agencies) for name, aliases in mapping["agencies"].items()}
    cells = grid.cells
    taking_part = {agency for agency, _ in cells} or {agency.pk for agency in agencies}
    changes: dict[tuple[int, str], str] = {}
    missing: dict[str, list[str]] = {}
    for column, pics in zip(grid.columns, grid.pics, strict=True):
        entry = mapping["indicators"].get(column.code)
        if entry is None or (only_gaps and pics):
            continue
        supporters: set[int] = set()
        for name in entry["support"]:
            if name == mapping["everyone"]:
                supporters |= taking_part
            elif isinstance(agency := found[name], Agency):
                supporters.add(agency.pk)
            else:
                missing.setdefault(name, [])
        changes |= {(pk, column.code): SUPPORT for pk in supporters if (pk, column.code) not in cells}
        pic = found[entry["pic"]]
        if not isinstance(pic, Agency):
            missing.setdefault(entry["pic"], []).append(column.code)
            continue
        changes |= {cell: SUPPORT for cell, kind in cells.items() if cell[1] == column.code and kind == PIC}
        changes[pic.pk, column.code] = PIC
    notes = [_missing(name, codes, found[name]) for name, codes in missing.items()]
    return Preset(tuple((*cell, kind) for cell, kind in changes.items()), tuple(notes))


def _missing(name: str, codes: list[str], found: Agency | int) -> str:
    why = "lebih dari satu OPD cocok dengan nama ini" if found else "tidak ada OPD dengan nama ini"
    what = f"PIC indikator {', '.join(codes)}" if codes else "pendukung"
    return f"{name} ({what}): {why}. Tetapkan pada tabel."


def plain(text: str) -> str:
    """A name without case, punctuation and the long forms of its kind: "Bagian Hukum" is "bag hukum"."""
    words = re.sub(r"[^a-z0-9]+", " ", text.casefold()).split()
    return " ".join("bag" if word == "bagian" else word for word in words)


def find(aliases: Iterable[str], agencies: Iterable[Agency]) -> Agency | int:
    """The one agency that goes by one of these names, else how many do (0 or several).

    The code, the short name and the name are compared whole first; then names that begin with a longer alias.
    """
    wanted = {plain(alias) for alias in aliases}
    known = list(agencies)
    exact = [each for each in known if wanted & {plain(each.slug), plain(each.short_name), plain(each.name)}]
    long = tuple(alias for alias in wanted if " " in alias)
    found = exact or [each for each in known if any(f"{plain(each.name)} ".startswith(f"{name} ") for name in long)]
    return found[0] if len(found) == 1 else len(found)


def copied(grid: Grid, source: Period) -> Preset:
    """As in `source`, by indicator code: agencies that took part then get exactly what they had.

    What ended is taken over by its successor (PIC before support, where several become one), else listed. Agencies
    that did not take part then keep what they have.
    """
    now = successors()
    codes = {column.code for column in grid.columns}
    wanted: dict[tuple[int, str], str] = {}
    lost: dict[int, list[str]] = {}
    inherited: dict[int, Agency] = {}
    rows = Assignment.objects.filter(period=source).order_by("indicator__order")
    for agency, code, kind in rows.values_list("agency", "indicator__code", "kind"):
        here = now[agency]
        if here is None:
            lost.setdefault(agency, []).append(code)
        elif code in codes:
            if here.pk != agency:
                inherited[agency] = here
            if wanted.get((here.pk, code)) != PIC:
                wanted[here.pk, code] = kind
    present = {agency for agency, _ in wanted}
    changes: dict[tuple[int, str], str | None] = {
        cell: None for cell in grid.cells if cell[0] in present and cell not in wanted
    }
    changes |= wanted
    return Preset(
        tuple((*cell, kind) for cell, kind in changes.items()),
        tuple(_copy_notes(grid, present, lost, inherited)),
    )


def _copy_notes(
    grid: Grid, present: set[int], lost: Mapping[int, list[str]], inherited: Mapping[int, Agency]
) -> Iterable[str]:
    names = dict(Agency.objects.filter(pk__in=[*lost, *inherited]).values_list("pk", "name"))
    for pk, agency in inherited.items():
        yield f"{names[pk]} sudah berakhir: penugasannya diteruskan kepada {agency.name}."
    for pk, codes in lost.items():
        yield f"{names[pk]} sudah berakhir tanpa penerus: {len(codes)} penugasannya tidak disalin."
    alone = [row.agency.name for row in grid.rows if row.agency.pk not in present]
    if alone:
        shown = ", ".join(alone[:5]) + (f", dan {len(alone) - 5} lainnya" if len(alone) > 5 else "")
        yield f"Tidak ikut pada periode asal, jadi dibiarkan seperti sekarang: {shown}."
