"""Lists as files: read a CSV or XLSX that somebody brought in, write one that opens in any office program.

Reading takes text and nothing else: formulas are never computed (of a formula the file's own last value is taken),
links and macros are not looked at, and a sheet is refused before it is unpacked where it would grow too large.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

import xlsxwriter
from openpyxl import load_workbook

from spbe_portal.formatting import count_id, size_id

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 40 * 1024 * 1024
MAX_PARTS = 500
#: Of the sheets and their texts, and of all other parts: each tag costs the reader 10 to 40 microseconds and half a
#: kilobyte of memory, and a thousand of them pack into a few bytes.
MAX_TAGS, MAX_OTHER_TAGS = 400_000, 50_000
MAX_ROWS = 2000
MAX_COLUMNS = 40
MAX_CELL = 2000  # characters

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
#: What office programs take for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Limits:
    """How much of a file is read."""

    size: int = MAX_BYTES
    rows: int = MAX_ROWS
    columns: int = MAX_COLUMNS
    tags: int = MAX_TAGS
    unpacked: int = MAX_UNPACKED


USUAL = Limits()
TOO_LARGE = f"Berkas terlalu besar: paling besar {size_id(MAX_BYTES)}."

Table = list[tuple[int, list[str]]]  # (line number in the file, cells)
Cleaner = Callable[[str], str]


class Unreadable(Exception):
    """The file cannot be taken; the message is for the person who brought it."""


def read(file: BinaryIO, name: str, size: int, limits: Limits = USUAL) -> Table:
    """The rows of the first sheet that hold anything, with the numbers they have in the file. Raises `Unreadable`."""
    content = _content(file, size, limits)
    if _is_csv(content, name):
        table = _read_csv(content, _tidied, limits)
    else:
        table = _read_xlsx(content, (), _tidied, limits)[""]
    if not table:
        raise Unreadable("Tidak ada isi dalam lembar pertama berkas ini.")
    return table


def read_sheets(file: BinaryIO, name: str, size: int, titles: Sequence[str]) -> dict[str, Table]:
    """The sheets of these titles with each cell as it was typed: line breaks are kept and nothing is cut.

    Where the file has none of them (a CSV never has), its first sheet under the empty title. Raises `Unreadable`.
    """
    content = _content(file, size, USUAL)
    if _is_csv(content, name):
        return {"": _read_csv(content, str, USUAL)}
    return _read_xlsx(content, titles, str, USUAL)


def _content(file: BinaryIO, size: int, limits: Limits) -> bytes:
    if size > limits.size:
        raise Unreadable(
            TOO_LARGE if limits == USUAL else f"Berkas terlalu besar: paling besar {size_id(limits.size)}."
        )
    file.seek(0)
    content = file.read(limits.size + 1)
    if not content:
        raise Unreadable("Berkas ini kosong (0 byte). Periksa berkasnya, lalu unggah kembali.")
    return content


def _is_csv(content: bytes, name: str) -> bool:
    """False: a workbook. Raises `Unreadable` for anything else."""
    if content[:4] == b"PK\x03\x04":
        return False
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable("Berkas ini XLS lama atau terkunci kata sandi. Simpan sebagai XLSX tanpa kata sandi.")
    if not name.lower().endswith((".csv", ".txt")):
        raise Unreadable("Jenis berkas ini tidak dapat dibaca. Unggah XLSX atau CSV.")
    return True


def _read_xlsx(content: bytes, titles: Sequence[str], cleaned: Cleaner, limits: Limits) -> dict[str, Table]:
    """The sheets of these titles, or the first under the empty title where there is none of them."""
    broken = "Berkas ini bukan XLSX yang utuh. Simpan ulang dari aplikasi lembar sebar, lalu unggah kembali."
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            too_much = _is_too_much(archive, limits)
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError, OSError):
        raise Unreadable(broken) from None
    if too_much:
        raise Unreadable("Isi berkas ini terlalu besar setelah dibuka. Salin datanya ke berkas baru, lalu unggah.")
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            if not book.worksheets:
                raise Unreadable("Berkas ini tidak mempunyai lembar data.")
            wanted = {sheet.title: sheet for sheet in book.worksheets if sheet.title in titles}
            chosen = wanted or {"": book.worksheets[0]}
            return {title: _rows(sheet, cleaned, limits) for title, sheet in chosen.items()}
        finally:
            book.close()
    except Unreadable:
        raise
    except Exception:
        # A damaged sheet makes the reader raise nearly anything: that is about the file, and said of the file.
        raise Unreadable(broken) from None


def _rows(sheet: Any, cleaned: Cleaner, limits: Limits) -> Table:
    sheet.reset_dimensions()  # what the file says of its own size is not to be believed
    rows = sheet.iter_rows(max_col=limits.columns + 1, values_only=True)
    return _kept(((number, [_text(cell) for cell in row]) for number, row in enumerate(rows, 1)), cleaned, limits)


def _is_too_much(archive: zipfile.ZipFile, limits: Limits) -> bool:
    """Whether reading the workbook would take more than a list within `limits` ever does.

    Raises `ValueError` where a part declares entities, as no office program writes them.
    """
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > limits.unpacked:
        return True
    in_sheets = others = 0
    for part in parts:
        content = archive.read(part)
        if b"<!DOCTYPE" in content.replace(b"\x00", b""):
            raise ValueError(part.filename)
        if part.filename.startswith(("xl/worksheets/", "xl/sharedStrings")):
            in_sheets += content.count(b"<")
        else:
            others += content.count(b"<")
    return in_sheets > limits.tags or others > MAX_OTHER_TAGS


def _read_csv(content: bytes, cleaned: Cleaner, limits: Limits) -> Table:
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable("Huruf dalam berkas ini tidak dapat dibaca. Simpan sebagai CSV UTF-8 atau XLSX.")
    if "\x00" in text:
        raise Unreadable("Berkas ini bukan CSV. Simpan sebagai CSV UTF-8 atau XLSX.")
    head = text[:4000].splitlines()[:1]
    first = head[0] if head else ""
    if first.lower().startswith("sep=") and len(first) == 5:
        divider, text = first[4], text.split("\n", 1)[-1]
    else:
        divider = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=divider)

    def rows() -> Iterable[tuple[int, list[str]]]:
        line = 1
        for row in reader:
            yield line, [_unguarded(cell) for cell in row]
            line = reader.line_num + 1

    try:
        return _kept(rows(), cleaned, limits)
    except csv.Error:
        raise Unreadable("Berkas ini bukan CSV yang utuh. Simpan ulang sebagai CSV UTF-8 atau XLSX.") from None


def _tidied(cell: str) -> str:
    """A cell of a list: one line, and no longer than any of them may be."""
    return " ".join(cell.split())[:MAX_CELL]


def _kept(rows: Iterable[tuple[int, list[str]]], cleaned: Cleaner, limits: Limits) -> Table:
    """Rows that hold anything. Stops reading where there are too many."""
    table: Table = []
    empty = 0
    for number, row in rows:
        cells = [cleaned(cell) for cell in row]
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            empty += 1
            if empty > limits.rows:
                break  # formatted down to the last line of the sheet
            continue
        if len(cells) > limits.columns:
            raise Unreadable(
                f"Baris {number} mempunyai lebih dari {limits.columns} kolom. Pakai templat yang tersedia."
            )
        if len(table) > limits.rows:
            raise Unreadable(
                f"Terlalu banyak baris: paling banyak {count_id(limits.rows)}. Bagi menjadi beberapa berkas."
            )
        table.append((number, cells))
    return table


def _text(cell: Any) -> str:
    """A cell as it reads."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "ya" if cell else "tidak"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return f"{cell:%Y-%m-%d}"
    return str(cell)


def write_xlsx(head: Sequence[str], rows: Iterable[Sequence[str | int | None]], *, title: str) -> bytes:
    """A workbook of one sheet. Every text is a text: nothing in it is ever taken for a formula or a link."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        _fill(book, book.add_worksheet(title[:31]), head, rows)
    return out.getvalue()


def write_template(
    head: Sequence[str],
    lists: dict[str, list[str]],
    help_rows: Iterable[Sequence[str]],
    *,
    title: str,
) -> bytes:
    """An empty list on a sheet `title`, closed columns to choose from (`lists` by heading), and a sheet of help."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(title)
        _fill(book, sheet, head, [])
        aside = book.add_worksheet("Petunjuk")
        aside.set_column(0, 0, 24)
        aside.set_column(1, 2, 60, book.add_format({"text_wrap": True}))
        for line, row in enumerate(help_rows):
            for column, cell in enumerate(row):
                aside.write_string(line, column, cell)
        choices = book.add_worksheet("Pilihan")
        for column, (heading, values) in enumerate(lists.items()):
            choices.write_string(0, column, heading)
            choices.set_column(column, column, 34)
            for line, value in enumerate(values, 1):
                choices.write_string(line, column, value)
            letter = chr(ord("A") + column)
            where = head.index(heading)
            source = f"=Pilihan!${letter}$2:${letter}${len(values) + 1}"
            sheet.data_validation(1, where, MAX_ROWS, where, {"validate": "list", "source": source})
    return out.getvalue()


def _fill(book: Any, sheet: Any, head: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> None:
    bold = book.add_format({"bold": True, "bg_color": "#E9F1FC", "bottom": 1})
    for column, heading in enumerate(head):
        sheet.write_string(0, column, heading, bold)
        sheet.set_column(column, column, max(14, min(40, len(heading) + 14)))
    last = 0
    for last, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(last, column, cell)
            elif cell:
                sheet.write_string(last, column, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(last, 1), len(head) - 1)


def write_csv(head: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> bytes:
    """UTF-8 with semicolons, as office programs set to Indonesian read it; `read` takes it back unchanged."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(["" if cell is None else guarded(str(cell)) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def guarded(text: str) -> str:
    """A text that a program would compute gets an apostrophe in front, and so does one that begins with it."""
    return f"'{text}" if text.startswith((*_FORMULA, "'")) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith((*_FORMULA, "'")) else text
