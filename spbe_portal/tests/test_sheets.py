"""Lists as files: what is read, what is refused."""

import io
import zipfile

import openpyxl
import pytest

from spbe_portal import sheets
from spbe_portal.sheets import Unreadable


def table(text: str) -> sheets.Table:
    content = text.encode()
    return sheets.read(io.BytesIO(content), "daftar.csv", len(content))


def xlsx(*rows: list) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("divider", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_as_offices_save_it(divider, encoding):
    text = f"Nama{divider}Fungsi\r\n\r\n“Surat”{divider}Café\r\n"
    content = text.encode(encoding)
    assert sheets.read(io.BytesIO(content), "a.csv", len(content)) == [
        (1, ["Nama", "Fungsi"]),
        (3, ["“Surat”", "Café"]),
    ]


def test_a_cell_over_two_lines_keeps_the_line_numbers_right():
    assert table('Nama;Fungsi\n"a\nb";x\nc;y\n') == [(1, ["Nama", "Fungsi"]), (2, ["a b", "x"]), (4, ["c", "y"])]


def test_numbers_and_empty_rows_of_a_workbook():
    content = xlsx(["Nama", "Tahun"], [None, None], ["e-Surat", 2025.0], ["SIMPEG", 2024])
    assert sheets.read(io.BytesIO(content), "a.xlsx", len(content)) == [
        (1, ["Nama", "Tahun"]),
        (3, ["e-Surat", "2025"]),
        (4, ["SIMPEG", "2024"]),
    ]


def test_a_formula_is_never_computed():
    content = xlsx(["Nama", "Fungsi"], ["e-Surat", '=HYPERLINK("http://x.example","klik")'])
    assert sheets.read(io.BytesIO(content), "a.xlsx", len(content))[1] == (2, ["e-Surat"])


@pytest.mark.parametrize(
    "content, name, said",
    [
        (b"", "a.csv", "kosong"),
        (b"PK\x03\x04rusak", "a.xlsx", "utuh"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "XLS lama"),
        (b"%PDF-1.4", "a.pdf", "Unggah XLSX atau CSV"),
        (b"a;\x00b", "a.csv", "bukan CSV"),
        (b" ; ;\n\n", "a.csv", "Tidak ada isi"),
        (b"a" + b";a" * 50, "a.csv", "kolom"),
    ],
)
def test_what_cannot_be_read_is_said(content, name, said):
    with pytest.raises(Unreadable, match=said):
        sheets.read(io.BytesIO(content), name, len(content))


def test_a_long_list_a_large_file_and_a_bomb_are_refused_before_they_are_unpacked(monkeypatch):
    with pytest.raises(Unreadable, match="Terlalu banyak baris"):
        table("Nama;Fungsi\n" + "a;b\n" * (sheets.MAX_ROWS + 1))
    with pytest.raises(Unreadable, match="terlalu besar"):
        sheets.read(io.BytesIO(b"a"), "a.csv", sheets.MAX_BYTES + 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(5):
            archive.writestr(f"xl/worksheets/sheet{part}.xml", b"0" * 10_000_000)
    assert out.tell() < 100_000
    monkeypatch.setattr(sheets, "load_workbook", lambda *args, **kwargs: pytest.fail("it was opened"))
    with pytest.raises(Unreadable, match="setelah dibuka"):
        sheets.read(out, "a.xlsx", out.tell())


@pytest.mark.parametrize(
    "part, before, repeated, after, times",
    [
        (
            "xl/worksheets/sheet1.xml",
            "<worksheet><sheetData><row>",
            "<c/>",
            "</row></sheetData></worksheet>",
            500_000,
        ),
        ("xl/styles.xml", "<styleSheet><cellXfs>", "<xf/>", "</cellXfs></styleSheet>", 60_000),
    ],
)
def test_a_small_file_of_very_many_cells_or_styles_is_refused_before_it_is_read(
    monkeypatch, part, before, repeated, after, times
):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, before + repeated * times + after)
    assert out.tell() < 10_000
    monkeypatch.setattr(sheets, "load_workbook", lambda *args, **kwargs: pytest.fail("it was opened"))
    with pytest.raises(Unreadable, match="setelah dibuka"):
        sheets.read(out, "a.xlsx", out.tell())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_part_that_declares_entities_is_refused(monkeypatch, encoding):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/styles.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode(encoding))
    monkeypatch.setattr(sheets, "load_workbook", lambda *args, **kwargs: pytest.fail("it was opened"))
    with pytest.raises(Unreadable, match="utuh"):
        sheets.read(out, "a.xlsx", out.tell())


def test_a_workbook_as_large_as_allowed_is_read():
    content = xlsx(["Nama", *(f"Kolom {n}" for n in range(39))], *([f"Aplikasi {n}", *range(39)] for n in range(2000)))
    assert len(sheets.read(io.BytesIO(content), "a.xlsx", len(content))) == sheets.MAX_ROWS + 1


def test_as_many_rows_as_allowed_are_read():
    assert len(table("Nama;Fungsi\n" + "a;b\n" * sheets.MAX_ROWS)) == sheets.MAX_ROWS + 1
