"""The workbooks of the government, read back and reckoned again by other means."""

from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import pytest
from openpyxl import load_workbook

from reports.sheets.government import write_brief, write_minutes, write_pemda_report
from reports.tests.sample_government import brief, draft_pemda, final_pemda, minutes

SHEETS = [
    "Ringkasan", "Domain dan aspek", "47 indikator", "Sebaran OPD", "OPD", "Tren", "Rekomendasi", "Peta jalan",
    "Tindak lanjut", "Jejak audit", "Tentang",
]  # fmt: skip


def book_of(content):
    return load_workbook(BytesIO(content))


def table(book, name):
    """The rows of a sheet as dicts by the heads, whatever stands above them."""
    rows = [row for row in book[name].iter_rows(values_only=True) if row[0] != "DRAF"]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def reckoned(rows):
    """The index by exact weights, without our scoring."""
    weights = [Fraction(row["Bobot tepat"]) for row in rows]
    return sum((Fraction(row["Level dihitung"]) * w for row, w in zip(rows, weights, strict=True)), Fraction(0)) / sum(
        weights
    )


@pytest.mark.parametrize("make", [final_pemda, draft_pemda])
def test_every_index_can_be_reckoned_again_from_the_sheets(make):
    report = make()
    book = book_of(write_pemda_report(report))
    rows = table(book, "47 indikator")
    assert len(rows) == 47
    figures = {row["Besaran"]: row for row in table(book, "Ringkasan")}
    assert reckoned(rows) == Fraction(figures["Indeks SPBE"]["Nilai tepat"]) == report.index.value
    assert figures["Indeks SPBE"]["Nilai"] == pytest.approx(float(report.index.value), abs=1e-12)
    for group in table(book, "Domain dan aspek"):
        of_group = [row for row in rows if row[group["Jenis"]] == group["Kode"]]
        assert reckoned(of_group) == Fraction(group["Nilai tepat"])
        assert sum(row["Bobot"] for row in of_group) == pytest.approx(group["Bobot"])
        assert len(of_group) == group["Indikator"]
        assert sum(row["Nilai Pemda"] is not None for row in of_group) == group["Ditetapkan"]


def test_levels_and_weights_are_numbers():
    for row in table(book_of(write_pemda_report(final_pemda())), "47 indikator"):
        assert isinstance(row["Nilai Pemda"], int)
        assert isinstance(row["Bobot"], int | float)
        assert row["Level x bobot"] == pytest.approx(row["Nilai Pemda"] * row["Bobot"])


def test_the_report_has_its_sheets_in_order():
    assert book_of(write_pemda_report(final_pemda())).sheetnames == [name for name in SHEETS if name != "Jejak audit"]
    assert "Jejak audit" in book_of(write_minutes(minutes())).sheetnames
    for content in (write_brief(brief()), write_minutes(minutes())):
        names = book_of(content).sheetnames
        assert names == [name for name in SHEETS if name in names]
        assert {"Ringkasan", "Domain dan aspek", "47 indikator", "Tentang"} <= set(names)


def test_counts_of_agencies_total_their_list():
    book = book_of(write_pemda_report(final_pemda()))
    lines = table(book, "OPD")
    spread = table(book, "Sebaran OPD")
    for row in spread:
        column = "Predikat" if row["Kelompok"] == "Predikat indeks internal" else "Keadaan"
        assert row["OPD"] == sum(line[column] == row["Nama"] for line in lines)
    assert [line["OPD"] for line in lines] == sorted(line["OPD"] for line in lines)


def test_the_gains_of_the_way_lead_to_its_end():
    report = final_pemda()
    book = book_of(write_pemda_report(report))
    figures = {row["Besaran"]: row for row in table(book, "Ringkasan")}
    rises = table(book, "Peta jalan")
    start, end = (figures[f"Jalan ke target: {name}"]["Nilai"] for name in ("titik awal", "indeks akhir"))
    assert start + sum(row["Tambahan indeks"] for row in rises) == pytest.approx(end)
    assert sum(row["Upaya"] for row in rises) == figures["Jalan ke target: upaya"]["Nilai"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "https://contoh.example", "\t=1", "{=1}"])
def test_what_people_typed_is_never_a_formula_or_a_link(text):
    report = final_pemda()
    line = replace(report.follow_ups[0], text=text, agency=text)
    row = replace(report.indicators[0], short_name=text, reason=text, pics=(text,))
    report = replace(
        report,
        government=text,
        follow_ups=(line,),
        indicators=(row, *report.indicators[1:]),
        agencies=(replace(report.agencies[0], name=text, reason=text),),
    )
    book = book_of(write_pemda_report(report))
    for sheet in book:
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
    assert table(book, "Tindak lanjut")[0]["Rekomendasi"] == text


def test_a_draft_says_so_on_every_sheet():
    draft, final = (book_of(write_pemda_report(make())) for make in (draft_pemda, final_pemda))
    assert {sheet["A1"].value for sheet in draft} == {"DRAF"}
    assert "DRAF" not in {sheet["A1"].value for sheet in final}
    told = {row[0]: row[1] for row in draft["Tentang"].iter_rows(values_only=True)}
    assert told["Keadaan"] == "DRAF: 9 dari 47 indikator belum ditetapkan; angka masih dapat berubah."
