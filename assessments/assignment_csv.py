"""Assignments as a sheet: one line an assigned cell, semicolons, for Excel and LibreOffice. No query, no Django."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEADERS = ("Kode OPD", "Nama OPD", "Kode indikator", "Nama indikator", "Peran")
LABELS = {"pic": "PIC", "support": "Pendukung"}
_COLUMNS = {
    "slug": ("kodeopd", "slug", "slugopd", "kodeperangkatdaerah", "kodeagency"),
    "agency": ("namaopd", "opd", "perangkatdaerah", "namaperangkatdaerah", "namasingkat", "instansi"),
    "code": ("kodeindikator", "indikator", "nomorindikator", "noindikator", "noindikatorspbe", "kode"),
    "role": ("peran", "penugasan", "jenispenugasan", "jenis", "status"),
}
_ROLES: dict[str, str | None] = {
    **dict.fromkeys(("pic", "penanggungjawab", "koordinator"), "pic"),
    **dict.fromkeys(("pendukung", "support", "p", "s"), "support"),
    **dict.fromkeys(("kosong", "hapus", "tidakditugaskan"), None),
}
#: A sheet may take such a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Lines that may come besides one for each agency and indicator; what is longer than that repeats itself.
SPARE_LINES = 1_000
TOO_MANY = "Berkas ini berisi lebih banyak baris daripada pasangan OPD dan indikator. Periksa berkasnya."


@dataclass(frozen=True)
class LineError:
    line: int
    text: str


@dataclass(frozen=True)
class Sheet:
    """What a file says: the kind (None: taken away) by (agency id, indicator code). `lines`: those with content."""

    cells: Mapping[tuple[int, str], str | None]
    errors: tuple[LineError, ...]
    lines: int


def write(rows: Iterable[Sequence[str]]) -> bytes:
    """The rows (agency code, name, indicator code, name, kind) as UTF-8 with a mark, so that Excel reads it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADERS)
    for *texts, kind in rows:
        writer.writerow([*map(_safe, texts), LABELS[kind]])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def read(data: bytes, agencies: Mapping[str, Iterable[int]], codes: Iterable[str]) -> Sheet:
    """What the file says. `agencies` maps what agencies go by (see `names`) to the ids of those who do."""
    text = decode(data)
    if text is None:
        return Sheet(
            {}, (LineError(1, "Berkas ini bukan teks CSV. Simpan sebagai CSV (UTF-8), lalu unggah lagi."),), 0
        )
    known = {code.casefold(): code for code in codes}
    most = len({pk for ids in agencies.values() for pk in ids}) * len(known) + SPARE_LINES
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    errors: list[LineError] = []
    cells: dict[tuple[int, str], str | None] = {}
    first: dict[tuple[int, str], int] = {}
    places: dict[str, int] | None = None
    lines = 0
    try:
        for row in reader:
            values = [value.strip().removeprefix("'") for value in row]
            if not any(values):
                continue
            if places is None:
                places = _places(values)
                if missing := _absent(places):
                    errors.append(LineError(reader.line_num, missing))
                    break
                continue
            lines += 1
            if lines > most:
                errors.append(LineError(reader.line_num, TOO_MANY))
                break
            found = _cell(values, places, agencies, known)
            if isinstance(found, str):
                errors.append(LineError(reader.line_num, found))
                continue
            cell, kind = found
            if cell in cells and cells[cell] != kind:
                errors.append(
                    LineError(
                        reader.line_num,
                        f"OPD dan indikator ini sudah ada pada baris {first[cell]} dengan peran lain.",
                    )
                )
            elif cell not in cells:
                cells[cell], first[cell] = kind, reader.line_num
    except csv.Error:
        errors.append(LineError(reader.line_num, "Baris ini tidak dapat dibaca sebagai CSV."))
    if places is None:
        errors.append(LineError(1, "Berkas ini kosong."))
    elif not lines and not errors:
        errors.append(LineError(1, "Berkas ini hanya berisi judul kolom."))
    return Sheet(cells, tuple(errors), lines)


def names(agencies: Iterable[tuple[int, str, str, str]]) -> dict[str, set[int]]:
    """From (id, code, name, short name): who goes by each of them. An exact code means one agency only."""
    rows = list(agencies)
    found: dict[str, set[int]] = {}
    for pk, *texts in rows:
        for text in texts:
            found.setdefault(key(text), set()).add(pk)
    return found | {slug.casefold(): {pk} for pk, slug, *_ in rows}


def key(text: str) -> str:
    """A name as it is compared: without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", text.casefold())


def decode(data: bytes) -> str | None:
    """The text of a CSV as offices save it; None where it is none (a workbook, a picture)."""
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if data.startswith(b"PK\x03\x04") or (b"\x00" in data[:2000] and not is_wide):
        return None
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _delimiter(text: str) -> str:
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(";,\t", key=head.count)


def _places(values: Sequence[str]) -> dict[str, int]:
    heads = [key(value) for value in values]
    return {
        name: next(place for place, head in enumerate(heads) if head in words)
        for name, words in _COLUMNS.items()
        if any(head in words for head in heads)
    }


def _absent(places: Mapping[str, int]) -> str:
    needed = {"code": "Kode indikator", "role": "Peran"}
    missing = [label for name, label in needed.items() if name not in places]
    if "slug" not in places and "agency" not in places:
        missing.insert(0, "Kode OPD")
    if not missing:
        return ""
    return f"Judul kolom tidak ditemukan: {', '.join(missing)}. Baris pertama harus berisi judul kolom."


def _cell(
    values: Sequence[str], places: Mapping[str, int], agencies: Mapping[str, Iterable[int]], known: Mapping[str, str]
) -> tuple[tuple[int, str], str | None] | str:
    """The cell and its kind, or what is wrong with the line."""

    def value(name: str) -> str:
        place = places.get(name)
        return values[place] if place is not None and place < len(values) else ""

    named = value("slug") or value("agency")
    if not named:
        return "OPD belum diisi."
    ids = list(agencies.get(named.casefold()) or agencies.get(key(named), ()))
    if not ids:
        return f"OPD “{named[:80]}” tidak dikenal."
    if len(ids) > 1:
        return f"OPD “{named[:80]}” cocok dengan beberapa OPD. Pakai kodenya."
    typed = value("code")
    code = known.get(typed.casefold()) or known.get(_number(typed))
    if code is None:
        return f"Indikator “{typed[:40]}” tidak dikenal." if typed else "Indikator belum diisi."
    role = value("role")
    if key(role) not in _ROLES:
        return f"Peran “{role[:40]}” tidak dikenal. Isi PIC, Pendukung, atau Kosong." if role else "Peran belum diisi."
    return (ids[0], code), _ROLES[key(role)]


def _number(text: str) -> str:
    """ "07" and "7,0" as sheets write 7."""
    found = re.fullmatch(r"0*(\d+)(?:[.,]0+)?", text)
    return found[1] if found else text.casefold()
