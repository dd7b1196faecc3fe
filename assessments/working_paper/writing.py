"""The paper as a workbook. Its bytes depend on what it says and on nothing else."""

import io
from collections.abc import Iterable
from typing import Any

import xlsxwriter
from django.utils import timezone

from assessments.working_paper import (
    FIELDS,
    KEY_SHEET,
    NO,
    SHEET,
    YES,
    Paper,
    PaperRow,
    cell_of,
    mark_of,
    prints_of,
)
from spbe_portal.formatting import count_id, datetime_id, level_id

#: Heading and width; those of `FIELDS` can be filled in, the last two are hidden.
COLUMNS = (
    ("Nomor", 8),
    ("Indikator", 34),
    ("Kriteria", 10),
    (FIELDS["self_level"], 9),
    (FIELDS["fact"], 58),
    (FIELDS["analysis"], 58),
    (FIELDS["not_applicable"], 10),
    (FIELDS["not_applicable_reason"], 30),
    ("Bukti dukung sejauh ini", 38),
    ("Catatan verifikator", 34),
    ("Keadaan", 20),
    ("Aspek", 26),
    ("Versi", 10),
    ("Sidik", 60),
)
_PLACE = {title: place for place, (title, _) in enumerate(COLUMNS)}
_CRITERIA = (
    ("Nomor", 8),
    ("Indikator", 34),
    ("Level", 8),
    ("Nama level", 20),
    ("Kriteria", 70),
    ("Bagi satu OPD (rumusan portal)", 60),
    ("Bukti yang lazim", 50),
    ("Isian", 9),
)
NO_CRITERIA = "Kriteria belum tersedia."
_PLAIN = {"font_name": "Calibri", "font_size": 11, "valign": "top", "text_wrap": True}
_LINE = {"border": 1, "border_color": "#D5D8DE"}
#: Without a password: against slips, not against people.
_PROTECTION = {
    "select_locked_cells": True,
    "select_unlocked_cells": True,
    "format_rows": True,
    "format_columns": True,
    "autofilter": True,
}


def write(paper: Paper) -> bytes:
    """The workbook: what it is and how it is filled in, the rows, the criteria. Nothing in it computes."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        made = timezone.localtime(paper.made_at).replace(tzinfo=None)
        title = f"Kertas kerja {paper.agency}, {paper.period}"
        book.set_properties({"title": title, "created": made})
        styles = _Styles(book)
        _cover(book.add_worksheet("Petunjuk"), paper, styles)
        sheet = book.add_worksheet(SHEET)
        where = _criteria(book.add_worksheet("Kriteria"), paper, styles)
        _rows(sheet, paper, styles, where)
        _key(book.add_worksheet(KEY_SHEET), paper)
        for each in book.worksheets():
            each.set_landscape()
            each.set_paper(9)  # A4
            each.fit_to_pages(1, 0)
            each.set_footer(f"&L{title.replace('&', '&&')[:120]}&RHalaman &P dari &N")
            each.protect("", _PROTECTION)
    return out.getvalue()


class _Styles:
    """How cells look: yellow ones can be filled in, grey ones only say something."""

    def __init__(self, book: Any):
        self.title = book.add_format({"bold": True, "font_size": 18, "font_color": "#083575"})
        self.section = book.add_format({"bold": True, "font_size": 13, "font_color": "#083575"})
        self.label = book.add_format({**_PLAIN, "bold": True})
        self.text = book.add_format({**_PLAIN})
        self.warning = book.add_format({**_PLAIN, "bold": True, "bg_color": "#FFF4D6", "font_color": "#8A5A00"})
        self.head = book.add_format(
            {**_PLAIN, **_LINE, "bold": True, "bg_color": "#083575", "font_color": "#FFFFFF", "valign": "vcenter"}
        )
        self.input_head = book.add_format(
            {**_PLAIN, **_LINE, "bold": True, "bg_color": "#0956C3", "font_color": "#FFFFFF", "valign": "vcenter"}
        )
        self.said = book.add_format({**_PLAIN, **_LINE, "bg_color": "#F4F5F7"})
        self.code = book.add_format({**_PLAIN, **_LINE, "bg_color": "#F4F5F7", "bold": True, "num_format": "@"})
        self.link = book.add_format(
            {**_PLAIN, **_LINE, "bg_color": "#F4F5F7", "font_color": "#0956C3", "underline": 1}
        )
        self.input = book.add_format({**_PLAIN, **_LINE, "bg_color": "#FFFBE6", "locked": False, "num_format": "@"})
        self.choice = book.add_format(
            {**_PLAIN, **_LINE, "bg_color": "#FFFBE6", "locked": False, "align": "center", "bold": True}
        )
        self.said_choice = book.add_format({**_PLAIN, **_LINE, "bg_color": "#F4F5F7", "align": "center"})
        self.plain = book.add_format({**_PLAIN, **_LINE})
        self.strong = book.add_format({**_PLAIN, **_LINE, "bold": True, "top": 2, "top_color": "#A9C6EE"})


def _cover(sheet: Any, paper: Paper, styles: _Styles) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, "Kertas kerja penilaian", styles.title)
    facts = {
        "Perangkat daerah": paper.agency,
        "Periode": paper.period,
        "Instrumen": paper.instrument,
        "Dasar hukum": paper.regulation,
        "Catatan instrumen": paper.caution,
        "Batas waktu": datetime_id(paper.due_at),
        "Status": paper.status,
        "Indikator": count_id(len(paper.rows)),
        "Dibuat": f"{datetime_id(paper.made_at)}, dari isian portal revisi {paper.key.revision}",
    }
    line = 2
    for label, text in facts.items():
        if text:
            sheet.write_string(line, 0, label, styles.label)
            sheet.write_string(line, 1, text, styles.text)
            line += 1
    if paper.lock:
        sheet.write_string(line + 1, 0, "Hanya dibaca", styles.warning)
        sheet.write_string(line + 1, 1, paper.lock, styles.warning)
        line += 2
    line += 1
    sheet.write_string(line, 0, "Cara mengisi", styles.section)
    for number, text in enumerate(_steps(paper), 1):
        sheet.write_string(line + number, 0, str(number), styles.label)
        sheet.write_string(line + number, 1, text, styles.text)
    sheet.write_url(line + number + 2, 0, f"internal:'{SHEET}'!A1", styles.link, "Mulai mengisi")


def _steps(paper: Paper) -> list[str]:
    lowest, highest = level_id(paper.lowest), level_id(paper.highest)
    if paper.whole_levels:
        level = "Level: pilih dari daftar di selnya, atau ketik angkanya. "
    else:
        level = f"Level: ketik angka {lowest} sampai {highest}, paling banyak dua angka di belakang koma. "
    return [
        f"Isi lembar “{SHEET}”. Hanya sel berwarna kuning yang dapat diisi; sel lain dikunci agar tidak berubah tanpa "
        "sengaja.",
        f"{level}Kriteria tiap level ada pada lembar “Kriteria”; tautannya di kolom Kriteria.",
        "Fakta dan Analisis: tulis seperti pada portal. Baris baru di dalam sel: Alt+Enter. Paling banyak "
        f"{count_id(paper.text_max)} karakter tiap sel.",
        f"Indikator yang tidak relevan: pilih {YES} pada kolom Tidak relevan dan tulis alasannya.",
        "Bukti dukung diunggah di portal, tidak lewat berkas ini. Kolomnya hanya menunjukkan yang sudah ada.",
        "Sel yang dikosongkan tidak menghapus isian portal. Untuk menghapus, buka indikatornya di portal.",
        "Simpan sebagai XLSX, lalu unggah di portal: Penilaian, Kertas kerja. Portal menunjukkan baris demi baris apa "
        "yang akan berubah; belum ada yang disimpan sebelum Anda menyetujuinya.",
        "Isian yang diubah di portal sesudah kertas kerja ini dibuat tidak ditimpa begitu saja: keduanya ditunjukkan "
        "dan Anda yang memilih.",
        "Kertas kerja ini hanya untuk perangkat daerah dan periode di atas.",
    ]


def _criteria(sheet: Any, paper: Paper, styles: _Styles) -> dict[str, int]:
    """The sheet of criteria; for each code the line (from 1) where its own begin."""
    _head(sheet, _CRITERIA, styles, set())
    sheet.freeze_panes(1, 2)
    where: dict[str, int] = {}
    line = 1
    for place, row in enumerate(paper.rows, 1):
        where[row.code] = line + 1
        if not row.levels:
            sheet.write_string(line, 2, "", styles.strong)
            sheet.write_string(line, 3, "", styles.strong)
            sheet.write_string(line, 4, NO_CRITERIA, styles.strong)
            sheet.write_string(line, 5, "", styles.strong)
            sheet.write_string(line, 6, "", styles.strong)
            _indicator_cells(sheet, line, row, place, styles)
            line += 1
            continue
        for step in row.levels:
            style = styles.strong if step is row.levels[0] else styles.plain
            if step is row.levels[0]:
                _indicator_cells(sheet, line, row, place, styles)
            else:
                for column in (0, 1, 7):
                    sheet.write_blank(line, column, None, styles.plain)
            sheet.write_number(line, 2, float(step.level), style)
            sheet.write_string(line, 3, step.name, style)
            sheet.write_string(line, 4, step.text or NO_CRITERIA, style)
            sheet.write_string(line, 5, step.agency_text, style)
            sheet.write_string(line, 6, "\n".join(step.hints), style)
            line += 1
    return where


def _indicator_cells(sheet: Any, line: int, row: PaperRow, place: int, styles: _Styles) -> None:
    sheet.write_string(line, 0, row.code, styles.strong)
    sheet.write_string(line, 1, row.name, styles.strong)
    sheet.write_url(line, 7, f"internal:'{SHEET}'!D{place + 1}", styles.link, "Isi")


def _rows(sheet: Any, paper: Paper, styles: _Styles, where: dict[str, int]) -> None:
    _head(sheet, COLUMNS, styles, set(FIELDS.values()))
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    for title in ("Versi", "Sidik"):
        sheet.set_column(_PLACE[title], _PLACE[title], None, None, {"hidden": True})
    for line, row in enumerate(paper.rows, 1):
        said = {
            "Nomor": row.code,
            "Indikator": f"{row.name}\n(nilai dari {row.external_source})" if row.external_source else row.name,
            "Bukti dukung sejauh ini": "\n".join(row.evidence) or "Belum ada.",
            "Catatan verifikator": row.note,
            "Keadaan": row.state,
            "Aspek": row.aspect,
            "Versi": mark_of(paper.key.assessment, row.version),
            "Sidik": prints_of(row.values),
        }
        for title, text in said.items():
            sheet.write_string(line, _PLACE[title], text, styles.code if title == "Nomor" else styles.said)
        link = f"internal:'Kriteria'!A{where[row.code]}"
        sheet.write_url(line, _PLACE["Kriteria"], link, styles.link, "Lihat")
        for name, title in FIELDS.items():
            _input(sheet, line, _PLACE[title], name, row, styles)
        if row.is_open:
            _validate(sheet, line, row, paper)
    sheet.autofilter(0, 0, max(len(paper.rows), 1), _PLACE["Aspek"])


def _input(sheet: Any, line: int, place: int, name: str, row: PaperRow, styles: _Styles) -> None:
    """A cell to fill in; of what is closed only its value."""
    is_choice = name in ("self_level", "not_applicable")
    if row.is_open:
        style = styles.choice if is_choice else styles.input
    else:
        style = styles.said_choice if is_choice else styles.said
    value = row.values[name]
    if name == "self_level" and value is not None:
        sheet.write_number(line, place, float(value), style)
    elif text := cell_of(name, value):
        sheet.write_string(line, place, text, style)
    else:
        sheet.write_blank(line, place, None, style)


def _validate(sheet: Any, line: int, row: PaperRow, paper: Paper) -> None:
    level = _PLACE[FIELDS["self_level"]]
    names = "; ".join(f"{level_id(step)} {name}".strip() for step, name in row.names if name)
    said: dict[str, Any] = {"input_title": f"Level indikator {row.code}"[:32], "input_message": names[:255]}
    if not names:
        said = {}
    lowest, highest = level_id(paper.lowest), level_id(paper.highest)
    if paper.whole_levels:
        rule: dict[str, Any] = {"validate": "list", "source": list(paper.whole_levels)}
        wrong = f"Pilih level {lowest} sampai {highest}, atau kosongkan."
    else:
        rule = {
            "validate": "decimal",
            "criteria": "between",
            "minimum": float(paper.lowest),
            "maximum": float(paper.highest),
        }
        wrong = f"Tulis angka {lowest} sampai {highest}, misalnya {level_id(paper.lowest)},25."
    sheet.data_validation(
        line, level, line, level, {**rule, **said, "error_title": "Level tidak dikenal", "error_message": wrong}
    )
    place = _PLACE[FIELDS["not_applicable"]]
    sheet.data_validation(
        line,
        place,
        line,
        place,
        {
            "validate": "list",
            "source": [YES, NO],
            "error_title": "Tidak relevan",
            "error_message": f"Pilih {YES} bila indikator ini tidak relevan, lalu tulis alasannya.",
        },
    )


def _head(sheet: Any, columns: Iterable[tuple[str, int]], styles: _Styles, inputs: set[str]) -> None:
    sheet.set_row(0, 32)
    for place, (title, width) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, styles.input_head if title in inputs else styles.head)


def _key(sheet: Any, paper: Paper) -> None:
    key = paper.key
    held = {
        "penilaian": str(key.assessment),
        "periode": str(key.period),
        "opd": key.agency,
        "instrumen": key.instrument,
        "revisi": str(key.revision),
    }
    for line, (name, value) in enumerate(held.items()):
        sheet.write_string(line, 0, name)
        sheet.write_string(line, 1, value)
    sheet.very_hidden()
