"""Workbooks are read back: figures as numbers, texts as texts, sums that can be recomputed."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from io import BytesIO

import openpyxl
import pytest

from reports.rows import DocumentRow, EvidenceUse
from reports.sheets.agency import write_agency_report
from reports.tests.sample import empty_report, final_report, submitted_report, unfinished_report


def book_of(report):
    return openpyxl.load_workbook(BytesIO(write_agency_report(report)))


def table(sheet):
    """The rows of a table as dicts by header."""
    rows = list(sheet.iter_rows(values_only=True))
    top = 0 if len([cell for cell in rows[0] if cell]) > 1 else 1
    return [dict(zip(rows[top], row, strict=True)) for row in rows[top + 1 :]]


def facts(sheet):
    return {row[0]: row[1] for row in sheet.iter_rows(values_only=True)}


def test_the_sheets_are_those_of_the_report():
    names = ["Ringkasan", "Aspek dan domain", "Indikator", "Verifikasi", "Rekomendasi", "Bukti dukung", "Tentang"]
    assert book_of(final_report()).sheetnames == names
    assert book_of(submitted_report()).sheetnames == [name for name in names if name != "Bukti dukung"]


@pytest.mark.parametrize("build", [final_report, submitted_report, unfinished_report, empty_report])
def test_the_index_can_be_recomputed_from_the_rows(build):
    report = build()
    book = book_of(report)
    rows = [row for row in table(book["Indikator"]) if row["Level dihitung"] is not None]
    index = sum(row["Level dihitung"] * row["Bobot dihitung"] for row in rows) / sum(
        row["Bobot dihitung"] for row in rows
    )
    name = "Indeks verifikasi" if report.is_verified else "Indeks mandiri"
    assert facts(book["Ringkasan"])[f"{name} (internal OPD)"] == pytest.approx(float(report.main_index.value))
    assert index == pytest.approx(float(report.main_index.value), abs=1e-12)
    assert sum(row["Level x bobot"] for row in rows) == pytest.approx(
        sum(row["Level dihitung"] * row["Bobot dihitung"] for row in rows)
    )


def test_an_aspect_can_be_recomputed_from_its_indicators():
    report = final_report()
    book = book_of(report)
    for part in table(book["Aspek dan domain"]):
        if part["Bagian"] == "Aspek":
            rows = [
                row for row in table(book["Indikator"])
                if row["Aspek"] == part["Nama"] and row["Level dihitung"] is not None
            ]  # fmt: skip
            value = sum(row["Level x bobot"] for row in rows) / sum(row["Bobot dihitung"] for row in rows)
            assert (part["Nama"], part["Verifikasi"]) == (part["Nama"], pytest.approx(value))


def test_figures_are_numbers_in_full_and_shown_with_two_decimals():
    third = Fraction(10, 3)
    report = final_report()
    parts = (replace(report.aspects[0], weight=third, self_value=third), *report.aspects[1:])
    sheet = book_of(replace(report, aspects=parts))["Aspek dan domain"]
    headers = [cell.value for cell in sheet[1]]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[2].value == "Aspek")
    weight, value = row[headers.index("Bobot")], row[headers.index("Mandiri")]
    assert (weight.number_format, value.number_format) == ("0.00", "0.00")
    assert [cell.value for cell in (weight, value)] == [pytest.approx(float(third), rel=1e-15)] * 2
    levels = [cell.value for cell in book_of(report)["Indikator"]["F"][1:]]
    assert {type(level) for level in levels if level is not None} == {int}


@pytest.mark.parametrize("start", ["=1+1", "+62 812", "-", "@SUM(A1)", "\t=2", '=HYPERLINK("http://x")', "http://x"])
def test_nothing_that_somebody_typed_is_a_formula_or_a_link(start):
    report = final_report()
    document = DocumentRow("B1", start, start, None, start, (EvidenceUse("1", start),), file_name=start, link=start)
    note = replace(report.review_notes[0], note=start, reply=start)
    book = book_of(replace(report, agency=start, documents=(document,), review_notes=(note,)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    assert book["Bukti dukung"]["B2"].value == start
    assert book["Ringkasan"]["B1"].value == start
    assert book["Verifikasi"]["H2"].value == start


def test_a_text_longer_than_a_cell_is_cut_and_says_so():
    report = final_report()
    note = replace(report.review_notes[0], note="x" * 40_000)
    cell = book_of(replace(report, review_notes=(note,)))["Verifikasi"]["H2"].value
    assert (len(cell), cell[-1]) == (32_767, "…")


def test_headers_stay_in_view_and_can_be_filtered_by():
    for sheet in book_of(final_report()):
        if sheet.title not in ("Ringkasan", "Tentang"):
            assert (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref[:3]) == (sheet.title, "C2", "A1:")


def test_what_is_not_final_says_so_on_every_sheet_on_screen_and_on_paper():
    for build, mark in ((submitted_report, "DRAF"), (unfinished_report, "TIDAK SELESAI")):
        for sheet in book_of(build()):
            assert (sheet["A1"].value, sheet.oddHeader.right.text) == (mark, f"&B{mark}")
    for sheet in book_of(final_report()):
        assert "DRAF" not in str(sheet["A1"].value)


def test_the_code_and_the_address_of_its_check_are_there():
    report = final_report()
    book = book_of(report)
    about = facts(book["Tentang"])
    assert (about["Kode dokumen"], about["Periksa keaslian"]) == (report.code, report.check_url)
    assert isinstance(about["Dibuat"], datetime)
    assert [sheet.title for sheet in book if report.code not in (sheet.oddFooter.left.text or "")] == []
    assert book.properties.title == report.title


def test_writing_makes_no_query(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        write_agency_report(empty_report())
