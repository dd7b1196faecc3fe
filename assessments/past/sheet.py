"""A list of past levels in whatever shape people keep it. Pure: a table in, entries out.

Three shapes are known by their headings: a line a value (Tahun, OPD, Indikator, Nilai mandiri, Nilai hasil), a line an
indicator with a column a year, and a line a year and agency with a column an indicator.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spbe_portal.lists import heading_names, squeezed
from spbe_portal.sheets import Limits, Table, Unreadable

_NAMES = heading_names(
    {
        "year": "tahun tahunpenilaian tahunevaluasi tahunanggaran periode tahunperiode",
        "agency": "opd kodeopd namaopd perangkatdaerah namaperangkatdaerah instansi unitkerja skpd dinas",
        "indicator": "indikator nomorindikator noindikator kodeindikator indikatornomor indikatorke kode nomor no",
        "own": "nilaimandiri mandiri penilaianmandiri levelmandiri nilaimandiriopd",
        "result": "nilaihasil hasil nilaiverifikasi verifikasi hasilverifikasi levelverifikasi nilaiverifikasihasil "
        "nilai level nilaiakhir levelakhir nilaipemda nilaiasesor tingkatkematangan nilaitingkatkematangan capaian",
        "instrument": "instrumen kodeinstrumen",
    }
)
#: Columns that say what the instrument says already, or what is reckoned from the levels.
_ONLY_SAID = frozenset(
    {"namaindikator", "aspek", "domain", "bobot", "indeks", "predikat", "indeksspbe", "keterangan", "no", "nomor"}
)
_YEAR_HEADING = re.compile(r"(?:nilai|hasil|level|tahun|spbe|indeks)*(20\d\d)")
_CODE_HEADING = re.compile(r"(?:indikator|ind|i)?[ .]*0*(\d{1,3}(?:-\d{1,2})?)", re.IGNORECASE)

#: Of a page: a city of fifty agencies over a few years, a line a value. A command reads more.
PAGE = Limits(rows=15_000, columns=120)
COMMAND = Limits(size=100_000_000, rows=1_000_000, columns=400, tags=20_000_000, unpacked=1_000_000_000)

#: What a cell says where an indicator was not assigned, or was left out as not relevant.
LEFT_OUT = frozenset({"-", "–", "—", "x", "tr", "tidak relevan", "tidak ditugaskan", "n/a", "na"})

UNKNOWN = (
    "Judul kolom tidak dikenali. Pakai satu dari tiga bentuk: kolom Tahun, OPD, Indikator, dan Nilai hasil; "
    "kolom Indikator dan satu kolom untuk setiap tahun; atau kolom Tahun, OPD, dan satu kolom untuk setiap indikator."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value as it is written. `own` and `result` are None where the list has no such column.

    An empty `agency` is the government; `instrument` is empty where the list does not say.
    """

    line: int
    year: str
    agency: str
    indicator: str
    own: str | None
    result: str | None
    instrument: str = ""


@dataclass(frozen=True)
class Sheet:
    """`ignored` are headings that mean nothing here."""

    entries: list[Entry]
    ignored: list[str]


def read(table: Table) -> Sheet:
    """Raises `Unreadable` where no row of the first ten is a heading of one of the shapes."""
    for position, (_, cells) in enumerate(table[:10]):
        columns = _columns(cells)
        years = {at: found[1] for at, cell in enumerate(cells) if (found := _YEAR_HEADING.fullmatch(squeezed(cell)))}
        codes = {
            at: found[1]
            for at, cell in enumerate(cells)
            if at not in years and (found := _CODE_HEADING.fullmatch(cell.strip()))
        }
        rows = table[position + 1 :]
        if "indicator" in columns and "year" in columns and columns.keys() & {"own", "result"}:
            used, entries = set(columns.values()), _long(rows, columns)
        elif "year" in columns and len(codes) > 1:
            columns.pop("indicator", None)
            used, entries = {*columns.values(), *codes}, _across(rows, columns, codes)
        elif "indicator" in columns and years:
            used, entries = {*columns.values(), *years}, _by_year(rows, columns, years)
        else:
            continue
        taken = list(entries)
        if not taken:
            raise Unreadable("Di bawah judul kolom belum ada satu nilai pun.")
        ignored = [
            cell for at, cell in enumerate(cells) if cell and at not in used and squeezed(cell) not in _ONLY_SAID
        ]
        return Sheet(taken, ignored)
    raise Unreadable(UNKNOWN)


def _columns(cells: list[str]) -> dict[str, int]:
    """Where each known heading stands. "No" counts the lines where there is a better heading for the indicator."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        word = squeezed(cell)
        name = _NAMES.get(word)
        if name is None:
            continue
        if name == "indicator" and name in found and squeezed(cells[found[name]]) in ("no", "nomor"):
            found[name] = at
        found.setdefault(name, at)
    return found


def _long(rows: Table, columns: dict[str, int]) -> Iterator[Entry]:
    for line, cells in rows:
        yield Entry(
            line,
            _at(cells, columns.get("year")) or "",
            _at(cells, columns.get("agency")) or "",
            _at(cells, columns.get("indicator")) or "",
            _at(cells, columns.get("own")),
            _at(cells, columns.get("result")),
            _at(cells, columns.get("instrument")) or "",
        )


def _across(rows: Table, columns: dict[str, int], codes: dict[int, str]) -> Iterator[Entry]:
    for line, cells in rows:
        year, agency = _at(cells, columns.get("year")) or "", _at(cells, columns.get("agency")) or ""
        instrument = _at(cells, columns.get("instrument")) or ""
        for at, code in codes.items():
            yield Entry(line, year, agency, code, None, _at(cells, at), instrument)


def _by_year(rows: Table, columns: dict[str, int], years: dict[int, str]) -> Iterator[Entry]:
    for line, cells in rows:
        agency, code = _at(cells, columns.get("agency")) or "", _at(cells, columns["indicator"]) or ""
        if not code and not any(_at(cells, at) for at in years):
            continue  # a line of its own for a domain or an aspect
        for at, year in years.items():
            yield Entry(line, year, agency, code, None, _at(cells, at))


def _at(cells: list[str], column: int | None) -> str | None:
    """None: there is no such column."""
    if column is None:
        return None
    return cells[column] if column < len(cells) else ""


def year_of(text: str) -> int | None:
    found = re.search(r"(?<!\d)(20\d\d)(?!\d)", text)
    return int(found[1]) if found else None


def code_of(text: str) -> str:
    """ "12" for "12", "12.", "Indikator 12", "I12", "12. Peta rencana"."""
    found = re.match(r"(?:indikator|ind|i)?[ .]*0*(\d{1,3}(?:-\d{1,2})?)(?!\d)", text.strip(), re.IGNORECASE)
    return found[1] if found else text.strip()


def level_of(text: str) -> str | None:
    """A level as a plain number ("3", "1.26"); "" for an empty cell; None for what cannot be one.

    What says that the indicator was left out (`LEFT_OUT`) is to be looked for before.
    """
    plain = re.sub(r"^(?:level|lv)\s*", "", text.strip(), flags=re.IGNORECASE)
    if not plain:
        return ""
    found = re.fullmatch(r"(\d{1,2})(?:[.,](\d{1,2}))?", plain)
    if not found:
        return None
    decimals = (found[2] or "").rstrip("0")
    return f"{int(found[1])}.{decimals}" if decimals else str(int(found[1]))
