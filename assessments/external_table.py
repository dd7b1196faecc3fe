"""The ministry's result as people bring it: tables out of an LHE, of the national app, or typed. Pure Python.

Headings may be in two rows (merged cells), in any order and after other rows; rows of domains and aspects and the
index at the foot are told apart from indicators. What a cell means is decided here; whether it fits the period says
`assessments.services.external`.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

Table = Sequence[tuple[int, list[str]]]

#: Rows among the first in which the headings are looked for: an LHE begins with titles.
SEARCHED = 25

_NUMBER = frozenset(
    {
        "no",
        "nomor",
        "kode",
        "nomorindikator",
        "noindikator",
        "kodeindikator",
        "noind",
        "indikatorno",
        "indikatorke",
        "nourut",
    }
)
NAME_HEADINGS = frozenset(
    {
        "nama",
        "namaindikator",
        "indikator",
        "uraian",
        "uraianindikator",
        "namadomainaspekindikator",
        "domainaspekindikator",
        "pertanyaan",
        "indikatorpenilaian",
        "domainaspekdanindikator",
        "namadomainaspekdanindikator",
    }
)
_LEVEL = frozenset(
    {
        "nilai",
        "level",
        "hasil",
        "skor",
        "nilaiindikator",
        "tingkatkematangan",
        "nilaitingkatkematangan",
        "levelkematangan",
        "nilaieksternal",
        "nilaihasil",
        "nilaihasilevaluasi",
        "hasilevaluasi",
        "hasilpenilaian",
        "nilaiakhir",
        "hasilakhir",
        "nilaiindeks",
        "indeks",
        "capaian",
        "eksternal",
        "nilaieksternalkementerian",
        "nilaikematangan",
        "nilaikementerian",
        "hasilkementerian",
    }
)
#: Where several columns hold values: these are the ministry's last word, those are not.
_LAST_WORD = ("akhir", "hasil", "eksternal", "kementerian")
_NOT_THE_RESULT = ("mandiri", "dokumen", "interviu", "visitasi", "target", "bobot", "internal", "selisih", "sebelum")


@dataclass(frozen=True)
class Line:
    """A row about one indicator as it was written: `number` is "" where none could be read."""

    line: int
    number: str
    name: str
    value: str


@dataclass(frozen=True)
class Found:
    """What a table says. `stated` is the index at its foot, as written; `skipped` rows are domains and aspects."""

    lines: tuple[Line, ...]
    stated: str
    skipped: int
    ignored: tuple[str, ...]


class NoTable(Exception):
    """No headings, or several columns that may be the result; the message is for the person who brought it."""


UNKNOWN = (
    "Judul kolom tidak dikenali. Paling sedikit harus ada kolom nomor atau nama indikator dan kolom nilai (misalnya "
    "“No”, “Indikator”, “Nilai”); pakai templat yang tersedia."
)


def squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def read(table: Table, year: int, groups: Collection[str] = ()) -> Found:
    """The indicators of `table`. `groups` are names of domains and aspects; `year` chooses among columns of years.

    Raises `NoTable`.
    """
    start, columns, ignored = _heading(table, year)
    named = {squeezed(name) for name in groups}
    lines: list[Line] = []
    stated, skipped = "", 0
    for number, cells in table[start:]:
        written = {role: cells[at].strip() if at < len(cells) else "" for role, at in columns.items()}
        line = line_of(number, written)
        kind = kind_of(line, written, named)
        if kind == "index":
            stated = stated or line.value
        elif kind == "group":
            skipped += 1
        elif kind == "row":
            lines.append(line)
    return Found(tuple(lines), stated, skipped, ignored)


def decimal_of(text: str) -> Decimal | None:
    """ "3", "3,0", "2.85", "Level 3" as a number; None for anything else."""
    match = re.fullmatch(r"(?:level|nilai|l)?\s*:?\s*([0-9]{1,2}(?:[.,][0-9]{1,6})?)", text.strip(), re.IGNORECASE)
    return Decimal(match[1].replace(",", ".")) if match else None


# --- Headings ----------------------------------------------------------------------------------------


def _heading(table: Table, year: int) -> tuple[int, dict[str, int], tuple[str, ...]]:
    """Where the rows begin, which column is what, and the headings that mean nothing here.

    A heading may be in two rows; the lower one then says which of several values it is.
    """
    rows = [cells for _, cells in table[:SEARCHED]]
    for at, cells in enumerate(rows):
        for height in (2, 1):
            below = rows[at + 1] if height == 2 and at + 1 < len(rows) else None
            if height == 2 and (below is None or not _goes_on(cells, below)):
                continue
            heads = _joined(cells, below or [])
            columns = _columns(heads, year)
            if columns:
                used = set(columns.values())
                # A heading over merged cells is told once, with the column it was read from.
                ignored = tuple(
                    dict.fromkeys(" ".join(head) for place, head in enumerate(heads) if head and place not in used)
                )
                return at + height, columns, ignored
    raise NoTable(UNKNOWN)


def _goes_on(above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether `below` is the second row of one heading: words only below what is empty or merged, and no data."""
    written = [cell for cell in below if cell]
    if not written:
        return False
    years = all(re.fullmatch(r"(?:tahun\s*)?20[0-9]{2}", cell, re.IGNORECASE) for cell in written)
    words = all(re.fullmatch(r"[^0-9]*[A-Za-z][^0-9]*", cell) for cell in written)
    empty_above = all(not above[place] if place < len(above) else True for place, cell in enumerate(below) if cell)
    only_here = {squeezed(cell) for cell in written}
    known = any(_role(squeezed(cell)) or _is_said_of_a_value(squeezed(cell)) for cell in written)
    return years or (words and known and (empty_above or not only_here & _NUMBER))


def _is_said_of_a_value(word: str) -> bool:
    return any(each in word for each in (*_LAST_WORD, *_NOT_THE_RESULT))


def _joined(above: Sequence[str], below: Sequence[str]) -> list[list[str]]:
    """The words over each column; of merged cells the first holds the word, which is that of those beside it too."""
    heads = []
    last = ""
    for place in range(max(len(above), len(below))):
        upper = above[place] if place < len(above) else ""
        lower = below[place] if place < len(below) else ""
        last = upper or (last if lower else "")
        heads.append([word for word in (last, lower) if word])
    return heads


def _columns(heads: Sequence[Sequence[str]], year: int) -> dict[str, int]:
    """The columns of number, name and level; empty where the level or both others are missing. Raises `NoTable`."""
    places: dict[str, list[int]] = {"number": [], "name": [], "level": []}
    for place, head in enumerate(heads):
        for word in head:
            role = _role(re.sub(r"20[0-9]{2}$", "", squeezed(word)))
            if role:
                places[role].append(place)
                break
    if not places["level"] or not (places["number"] or places["name"]):
        return {}
    found = {"level": _chosen(places["level"], heads, year)}
    for role in ("number", "name"):
        if places[role]:
            found[role] = places[role][0]
    return found


def _role(word: str) -> str:
    for role, words in (("number", _NUMBER), ("name", NAME_HEADINGS), ("level", _LEVEL)):
        if word in words:
            return role
    is_value = word.startswith(("nilai", "skor", "tingkatkematangan", "level", "hasil", "capaian"))
    return "level" if is_value and len(word) < 40 else ""


def _chosen(places: Sequence[int], heads: Sequence[Sequence[str]], year: int) -> int:
    """Of several columns of values that of the result, of the year if years are named. Raises `NoTable`."""
    said = {place: squeezed(" ".join(heads[place])) for place in places}
    left = [place for place in places if not any(word in said[place] for word in _NOT_THE_RESULT)] or list(places)
    for keep in (lambda text: str(year) in text, lambda text: any(word in text for word in _LAST_WORD)):
        if len(left) > 1:
            left = [place for place in left if keep(said[place])] or left
    if len(left) > 1:
        names = ", ".join(f"“{' '.join(heads[place])}”" for place in left)
        raise NoTable(f"Ada lebih dari satu kolom nilai: {names}. Sisakan satu, yaitu nilai akhir dari kementerian.")
    return left[0]


# --- Rows --------------------------------------------------------------------------------------------

_NUMBERED = re.compile(
    r"(?:indikator|ind\.?)?\s*(?:no\.?|ke-?)?\s*([0-9]{1,3}(?:-[0-9]{1,2})?)\s*(?:[.):–-]|$|\s)\s*", re.I
)


def line_of(line: int, written: Mapping[str, str]) -> Line:
    """The number stands in its own column, or before the name: "Indikator 12 Peta Rencana", "12. Peta Rencana"."""
    name, value = written.get("name", ""), written.get("level", "")
    number = _number_in(written.get("number", ""))
    lead = _NUMBERED.match(name)
    if lead and (not number or name.lower().startswith("ind") or lead[1].lstrip("0") == number):
        number = number or lead[1].lstrip("0") or "0"
        name = name[lead.end() :].strip()
    return Line(line, number, name, value)


def _number_in(text: str) -> str:
    match = _NUMBERED.fullmatch(text.strip()) if text else None
    return (match[1].lstrip("0") or "0") if match else ""


def kind_of(line: Line, written: Mapping[str, str], groups: Collection[str]) -> str:
    """ "row" for an indicator, "group" for a domain or an aspect, "index" for the whole, "" for anything else."""
    number, name = written.get("number", ""), written.get("name", "")
    text = squeezed(name) or squeezed(number)
    if not any(written.values()):
        return ""
    if re.match(r"(indeks)?(domain|aspek)", text) or re.match(r"(domain|aspek)", squeezed(number)) or text in groups:
        return "group"
    if squeezed(line.name) in groups:
        return "group"
    is_whole = re.match(r"(nilai|total|hasil)?indeks|(nilai|total)?spbe|total|jumlah|rata", text)
    if is_whole and not line.number:
        return "index" if decimal_of(line.value) is not None else ""
    if text.startswith("predikat"):
        return ""
    is_heading = bool(re.fullmatch(r"[IVXLC]+\.?|[A-Z]\.?", number.strip()))
    if is_heading:
        return "group"
    if not line.number and not line.value:
        return ""  # a title, a note
    return "row"


# --- Names -------------------------------------------------------------------------------------------

_NOISE = frozenset(
    {
        "tingkat",
        "kematangan",
        "internal",
        "instansi",
        "pusat",
        "pemerintah",
        "daerah",
        "spbe",
        "dan",
        "penerapan",
        "pelaksanaan",
        "indikator",
    }
)


#: By how much a name must be more like another indicator's to be taken for that one's.
CLEARLY = Fraction(1, 6)


def _words(text: str) -> frozenset[str]:
    words = set(re.findall(r"[a-z0-9]+", text.lower()))
    return frozenset(words - _NOISE) or frozenset(words)


def likeness(one: str, other: str) -> Fraction:
    """How alike two names are: words of both by words of either, 0 to 1; words that most names have do not count."""
    mine, theirs = _words(one), _words(other)
    return Fraction(len(mine & theirs), len(mine | theirs)) if mine or theirs else Fraction(0)


def best_by_name(name: str, names: Mapping[str, Iterable[str]]) -> tuple[str, Fraction]:
    """Which code of `names` (each with its long and short name) is most like `name`, and how much."""
    alike = {code: max(likeness(name, each) for each in known) for code, known in names.items()}
    code = max(alike, key=alike.__getitem__)
    return code, alike[code]


def fits(name: str, code: str, names: Mapping[str, Iterable[str]]) -> str:
    """ "" where `name` may be that of `code`; else the code it rather is, or "?" where it is like none."""
    if not name.strip():
        return ""
    own = max(likeness(name, each) for each in names[code])
    best, much = best_by_name(name, names)
    if own >= much:
        return "" if own > 0 else "?"
    return best if much - own >= CLEARLY or own == 0 else ""
