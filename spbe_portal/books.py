"""Workbooks of several sheets: figures as numbers that can be reckoned with, written line by line.

Every text is written as text: nothing that somebody typed becomes a formula or a link.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from io import BytesIO

from django.conf import settings
from django.utils import timezone
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

Cell = str | int | Decimal | Fraction | date | datetime | bool | None

TEXT_MAX = 32_767  # letters in one cell, by Excel's rule
#: Kind of a column -> how its numbers are shown. Numbers are always stored in full.
NUMBER_FORMATS = {
    "text": "General",
    "wrap": "General",
    "level": "General",
    "count": "#,##0",
    "index": "0.00",
    "change": "+0.00;-0.00;0.00",
    "gain": "+0.0000;-0.0000;0.0000",
    "weight": "0.00",
    "date": "d mmmm yyyy",
    "moment": "d mmmm yyyy hh:mm",
}


@dataclass(frozen=True)
class Column:
    """`kind` is one of `NUMBER_FORMATS`; `width` in letters."""

    title: str
    width: int
    kind: str = "text"


class Book:
    """A workbook in the making. `mark` ("DRAF") stands on top of every sheet, and `code` at its foot in print."""

    def __init__(self, *, title: str, author: str, created: datetime, code: str = "", mark: str = ""):
        self._out = BytesIO()
        self._code, self._mark, self._title = code, mark, title
        self._book = Workbook(
            self._out,
            {
                "constant_memory": True,
                "tmpdir": str(settings.FILE_UPLOAD_TEMP_DIR),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        local = timezone.localtime(created).replace(tzinfo=None)
        self._book.set_properties({"title": title, "author": author, "created": local, "comments": code})
        plain = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
        self._head = self._book.add_format(
            {**plain, "bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#DBE7F8", "valign": "vcenter"}
        )
        self._marked = self._book.add_format({**plain, "bold": True, "font_color": "#D50B0B"})
        self._name = self._book.add_format({**plain, "bold": True})
        self._formats = {
            kind: self._book.add_format({**plain, "num_format": shown, "text_wrap": kind == "wrap"})
            for kind, shown in NUMBER_FORMATS.items()
        }

    def table(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
        """A sheet with a header that stays in view and can be filtered by."""
        sheet = self._sheet(name)
        top = self._mark_line(sheet)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        # A header of two lines, however the program reckons heights.
        sheet.set_row(top, 32)
        for place, column in enumerate(columns):
            sheet.write_string(top, place, column.title, self._head)
        sheet.freeze_panes(top + 1, 2 if len(columns) > 3 else 0)
        sheet.repeat_rows(top)
        last = top
        for last, row in enumerate(rows, start=top + 1):
            for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
                self._write(sheet, last, place, cell, column.kind)
        sheet.autofilter(top, 0, max(last, top), len(columns) - 1)

    def facts(self, name: str, facts: Iterable[tuple[str, Cell, str]]) -> None:
        """A sheet of names and values, one a line; the third of each is the value's kind."""
        sheet = self._sheet(name)
        top = self._mark_line(sheet)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 90)
        for number, (label, cell, kind) in enumerate(facts, start=top):
            sheet.write_string(number, 0, label, self._name)
            self._write(sheet, number, 1, cell, kind, left=True)

    def close(self) -> bytes:
        """The finished file."""
        self._book.close()
        return self._out.getvalue()

    def _sheet(self, name: str) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.6, right=0.6)
        # "&" begins a code in headers and footers.
        title, mark = (text.replace("&", "&&")[:100] for text in (self._title, self._mark))
        sheet.set_header(f"&L{title}&R&B{mark}")
        code = f"Kode dokumen {self._code}" if self._code else title
        sheet.set_footer(f"&L{code}&C{name}&RHalaman &P dari &N")
        if self._mark:
            sheet.set_tab_color("#D50B0B")
        return sheet

    def _mark_line(self, sheet: Worksheet) -> int:
        """The row below the mark, or the first row where there is none."""
        if not self._mark:
            return 0
        sheet.write_string(0, 0, self._mark, self._marked)
        return 1

    def _write(self, sheet: Worksheet, row: int, place: int, cell: Cell, kind: str, *, left: bool = False) -> None:
        style = self._left(kind) if left else self._formats[kind]
        match cell:
            case None | "":
                sheet.write_blank(row, place, None, style)
            case bool():
                sheet.write_string(row, place, "ya" if cell else "tidak", style)
            case str():
                text = cell if len(cell) <= TEXT_MAX else cell[: TEXT_MAX - 1] + "…"
                sheet.write_string(row, place, text, style)
            case datetime():
                sheet.write_datetime(row, place, timezone.localtime(cell).replace(tzinfo=None), style)
            case date():
                sheet.write_datetime(row, place, datetime(cell.year, cell.month, cell.day), style)
            case int() | Decimal() | Fraction():
                sheet.write_number(row, place, float(cell), style)

    def _left(self, kind: str):
        key = f"{kind} left"
        if key not in self._formats:
            self._formats[key] = self._book.add_format(
                {"font_name": "Calibri", "font_size": 11, "valign": "top", "align": "left", "text_wrap": True,
                 "num_format": NUMBER_FORMATS[kind]}
            )  # fmt: skip
        return self._formats[key]
