"""A list of past levels in whatever shape people keep it. Pure: a table in, entries out.

Three shapes are known by their headings: a line a value (Tahun, OPD, Indikator, Nilai mandiri, Nilai hasil), a line an
indicator with a column a year, and a line a year and agency with a column an indicator.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assessments import external_table
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
_CODE = re.compile(r"(?:indikator|ind|i)?[ .]*0*(\d{1,3}(?:-\d{1,2})?)(?!\d)", re.IGNORECASE)
#: Rows among the first in which the headings are looked for: such lists begin with titles.
_SEARCHED = 25

#: Of a page: a city of fifty agencies over a few years. A command reads more.
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

    An empty `agency` is the government; `instrument` is empty where the list does not say. `name` is the indicator's
    where one stands beside its number.
    """

    line: int
    year: str
    agency: str
    indicator: str
    own: str | None
    result: str | None
    instrument: str = ""
    name: str = ""


@dataclass(frozen=True)
class Sheet:
    """`ignored` are headings that mean nothing here."""

    entries: list[Entry]
    ignored: list[str]


def read(table: Table) -> Sheet:
    """Raises `Unreadable` where none of the first rows is a heading of one of the shapes."""
    for position, (_, upper) in enumerate(table[:_SEARCHED]):
        lower = table[position + 1][1] if position + 1 < len(table) else []
        for cells, height in ((_merged(upper, lower), 2), (upper, 1)):
            found = _shaped(cells, table[position + height :])
            if found is not None:
                return found
    raise Unreadable(UNKNOWN)


def _shaped(cells: list[str], rows: Table) -> Sheet | None:
    """What `rows` say below the heading `cells`; None where that is the heading of no shape."""
    columns = _columns(cells)
    years = {at: found[1] for at, cell in enumerate(cells) if (found := _YEAR_HEADING.fullmatch(squeezed(cell)))}
    codes = {
        at: found[1]
        for at, cell in enumerate(cells)
        if at not in years and (found := _CODE_HEADING.fullmatch(cell.strip()))
    }
    if "year" in columns and columns.keys() & {"indicator", "name"} and columns.keys() & {"own", "result"}:
        used, entries = set(columns.values()), _long(rows, _numbered(columns, rows))
    elif "year" in columns and len(codes) > 1:
        columns.pop("indicator", None)
        used, entries = {*columns.values(), *codes}, _across(rows, columns, codes)
    elif columns.keys() & {"indicator", "name", "line"} and years:
        columns = _numbered(columns, rows)
        used, entries = {*columns.values(), *years}, _by_year(rows, columns, years)
    else:
        return None
    taken = list(entries)
    if not taken:
        raise Unreadable("Di bawah judul kolom belum ada satu nilai pun.")
    ignored = [cell for at, cell in enumerate(cells) if cell and at not in used and squeezed(cell) not in _ONLY_SAID]
    return Sheet(taken, ignored)


def _merged(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """A heading in two rows, as merged cells leave it: years, kinds of values or codes below. Else empty."""
    below = {at: cell for at, cell in enumerate(lower) if cell}
    of_a_line = {at for at, cell in enumerate(upper) if _NAMES.get(squeezed(cell)) in ("year", "agency")}
    if len(below) < 2 or of_a_line & below.keys() or any(_YEAR_HEADING.fullmatch(squeezed(cell)) for cell in upper):
        return []
    for cell in below.values():
        word = squeezed(cell)
        is_said_of_a_value = _NAMES.get(word) in ("own", "result")
        if not (is_said_of_a_value or _YEAR_HEADING.fullmatch(word) or _CODE_HEADING.fullmatch(cell.strip())):
            return []
    width = max(len(upper), len(lower))
    return [below.get(at) or (upper[at] if at < len(upper) else "") for at in range(width)]


def _columns(cells: list[str]) -> dict[str, int]:
    """Where each known heading stands. "No" may count the lines ("line"), or be the indicator's number."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        word = squeezed(cell)
        name = _NAMES.get(word)
        if word in ("no", "nomor"):
            name = "line"
        elif name is None and word in external_table.NAME_HEADINGS:
            name = "name"
        if name:
            found.setdefault(name, at)
    if "line" in found and not found.keys() & {"indicator", "name"}:
        found["indicator"] = found.pop("line")
    return found


def _numbered(columns: dict[str, int], rows: Table) -> dict[str, int]:
    """Which column numbers the indicators and which names them: "Indikator" may be either, so the cells decide.

    Beside a column of years "No" counts the lines of a list, never the indicators.
    """
    columns = dict(columns)
    line = columns.pop("line", None)
    if "indicator" in columns and not _is_of_codes(rows, columns["indicator"]):
        columns["name"] = columns.pop("indicator")
    if "indicator" not in columns and "name" in columns and _is_of_codes(rows, columns["name"]):
        columns["indicator"] = columns["name"]  # "12. Peta rencana"
    if "indicator" not in columns and line is not None and "year" not in columns and _is_of_codes(rows, line):
        columns["indicator"] = line
    return columns


def _is_of_codes(rows: Table, column: int) -> bool:
    """Whether at least half of what stands in this column begins with a number."""
    written = [cells[column] for _, cells in rows if column < len(cells) and cells[column]]
    return sum(1 for cell in written if _CODE.match(cell)) * 2 >= len(written) > 0


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
            _at(cells, columns.get("name")) or "",
        )


def _across(rows: Table, columns: dict[str, int], codes: dict[int, str]) -> Iterator[Entry]:
    for line, cells in rows:
        year, agency = _at(cells, columns.get("year")) or "", _at(cells, columns.get("agency")) or ""
        instrument = _at(cells, columns.get("instrument")) or ""
        for at, code in codes.items():
            yield Entry(line, year, agency, code, None, _at(cells, at), instrument)


def _by_year(rows: Table, columns: dict[str, int], years: dict[int, str]) -> Iterator[Entry]:
    for line, cells in rows:
        agency, code = _at(cells, columns.get("agency")) or "", _at(cells, columns.get("indicator")) or ""
        name = _at(cells, columns.get("name")) or ""
        values = [_at(cells, at) or "" for at in years]
        if not _CODE.match(code):
            written = {"number": code, "name": name, "level": next(filter(None, values), "")}
            if external_table.kind_of(external_table.line_of(line, written), written, ()) != "row":
                continue  # a domain, an aspect, the whole index, a note
        for value, year in zip(values, years.values(), strict=True):
            yield Entry(line, year, agency, code, None, value, name=name)


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
    found = _CODE.match(text.strip())
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
