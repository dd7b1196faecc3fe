"""A file that was brought in: which paper it is, and what each of its rows says.

What is read is text; whether it can be stored, and over what, is for `assessments.queries.working_paper`.
"""

import re
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from assessments.working_paper import FIELDS, KEY_SHEET, SHEET, Key
from spbe_portal.lists import cells_of, find_columns, heading_names, squeezed
from spbe_portal.sheets import Table, Unreadable, read_sheets

#: Headings as people write them, without spaces and signs.
_KNOWN = {
    "code": "nomor no kode nomorindikator noindikator kodeindikator",
    "name": "indikator namaindikator",
    "self_level": "level nilai nilaimandiri levelmandiri tingkat tingkatkematangan levelkematangan capaian",
    "not_applicable": "tidakrelevan tidakberlaku",
    "not_applicable_reason": "alasantidakrelevan alasan",
    "fact": "fakta penjelasan penjelasanfakta uraian keterangan",
    "analysis": "analisis analisa penjelasananalisis",
    "version": "versi",
    "prints": "sidik",
}
_HEADING_OF = heading_names(_KNOWN)
#: Columns of the paper that say something but change nothing.
_ONLY_SAID = frozenset({"kriteria", "buktidukungsejauhini", "catatanverifikator", "keadaan", "aspek", "domain"})
#: What a program leaves where a formula could not be computed.
BROKEN = {"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#N/A", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"}


#: Letters of a whole file: every answer of the largest instrument as long as it may be, and some more.
MAX_LETTERS = 6_000_000


@dataclass
class Said:
    """One row of the file. `version` is the answer's when the paper was made; None: it does not say."""

    line: int
    code: str
    name: str = ""
    version: int | None = None
    assessment: int | None = None
    prints: list[str] = field(default_factory=list)  # one for each of FIELDS, or none at all
    cells: dict[str, str] = field(default_factory=dict)  # what is not empty, by the names of FIELDS
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Brought:
    """`key` is None for a plain list; `ignored` are headings that mean nothing here."""

    key: Key | None
    rows: list[Said]
    ignored: list[str]


def read(file: BinaryIO, name: str, size: int) -> Brought:
    """Raises `Unreadable` with a message for the person who brought it."""
    found = read_sheets(file, name, size, (SHEET, KEY_SHEET))
    if SHEET not in found and KEY_SHEET in found:
        raise Unreadable(f"Lembar “{SHEET}” tidak ada dalam kertas kerja ini. Namanya tidak boleh diubah.")
    table = found.get(SHEET) or found.get("") or []
    if not table:
        raise Unreadable(f"Lembar “{SHEET}” kosong." if SHEET in found else "Tidak ada isi dalam lembar pertama.")
    needed = "code" if any(_has(cells, "code") for _, cells in table[:10]) else "name"
    start, columns, ignored = find_columns(
        table,
        _HEADING_OF,
        needed=needed,
        unknown="Judul kolom tidak dikenali. Paling sedikit harus ada kolom “Nomor” dan salah satu dari Level, Fakta, "
        "Analisis. Cara termudah: unduh kertas kerjanya, lalu isi berkas itu.",
        only_said=_ONLY_SAID,
    )
    if not set(columns.values()) & set(FIELDS):
        raise Unreadable("Tidak ada kolom Level, Fakta, Analisis, atau Tidak relevan dalam berkas ini.")
    rows = [_said(line, cells_of(columns, cells)) for line, cells in table[start + 1 :]]
    if sum(len(cell) for row in rows if row for cell in row.cells.values()) > MAX_LETTERS:
        raise Unreadable("Isi berkas ini terlalu panjang. Periksa kolom Fakta dan Analisis, lalu unggah kembali.")
    return Brought(_key(found.get(KEY_SHEET, [])), [row for row in rows if row is not None], ignored)


def _has(cells: list[str], name: str) -> bool:
    return any(_HEADING_OF.get(squeezed(cell)) == name for cell in cells)


def _said(line: int, cells: dict[str, str]) -> Said | None:
    """None for a line between the rows, which says nothing to fill in."""
    code, name = cells.get("code", "").strip(), cells.get("name", "").strip()
    row = Said(line, _code(code or name), name if code else "")
    for field_name in FIELDS:
        cell = cells.get(field_name, "")
        if not cell.strip():
            continue
        row.cells[field_name] = cell
        if cell.strip() in BROKEN:
            row.problems.append(
                f"{FIELDS[field_name]}: sel ini memuat galat rumus ({cell.strip()}). Ketik isinya sebagai teks biasa."
            )
    if not code and not name and not row.cells:
        return None
    if not row.code:
        row.name = name or code
    if found := re.fullmatch(r"(\d{1,15})-(\d{1,9})", cells.get("version", "").strip()):
        row.assessment, row.version = int(found[1]), int(found[2])
    prints = cells.get("prints", "").split()
    if row.version is not None and len(prints) == len(FIELDS) and all(len(each) == 10 for each in prints):
        row.prints = prints
    return row


def _code(text: str) -> str:
    """ "12" of "12", "12.0", "012", "Indikator 12" and "12. Nama"; "35-2" of itself. Empty where there is none."""
    found = re.match(r"(?:indikator|ind|i|no|nomor)?[\s.:]*0*(\d{1,4})(-\d{1,3})?(?:[.,]0+)?(?![\w-])", text, re.I)
    return f"{found[1]}{found[2] or ''}" if found else ""


def _key(table: Table) -> Key | None:
    held: dict[str, Any] = {cells[0]: cells[1] for _, cells in table if len(cells) == 2}
    try:
        return Key(
            assessment=int(held["penilaian"]),
            period=int(held["periode"]),
            agency=held["opd"],
            instrument=held["instrumen"],
            revision=int(held["revisi"]),
        )
    except (KeyError, ValueError):
        return None
