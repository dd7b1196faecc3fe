"""What hides in archives, Office files, PDFs and pictures, and that it is found."""

import io
import stat
import zipfile

import pytest
from PIL import Image
from pypdf import PdfWriter
from weasyprint import HTML

from assessments.tests.files import archive, office, pdf, picture
from assessments.tests.test_uploads import inspect, refusal

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
VBA = OLE + "_VBA_PROJECT".encode("utf-16-le") + b"\0" * 100
EXE = b"MZ\x90\x00" + b"\0" * 200
RUNS = "memuat berkas yang tidak diterima"
NESTED = "memuat arsip lain"
MACROS = "memuat makro"


def written(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for info, content in entries:
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, content)
    return out.getvalue()


def relations(kind: str, target: str, mode: str = "") -> bytes:
    return (
        '<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'relationships/{kind}" Target="{target}"{mode}/></Relationships>'
    ).encode()


@pytest.mark.parametrize(
    "name",
    [
        "a.exe",
        "b.dll",
        "c.bat",
        "d.cmd",
        "e.ps1",
        "f.vbs",
        "g.js",
        "h.jar",
        "i.apk",
        "j.msi",
        "k.scr",
        "l.lnk",
        "m.sh",
        "n.hta",
        "o.docm",
        "p.xlsm",
        "q.html",
        "r.svg",
        "s.xll",
        "t.exe.",
        "u.exe..",
        "folder/V.EXE",
        "folder\\w.exe",
        "laporan.pdf.exe",
    ],
)
def test_what_runs_is_known_by_its_name(name):
    assert RUNS in refusal(archive({name: b"isi"}), "arsip.zip")


@pytest.mark.parametrize(
    "content",
    [
        EXE,
        b"\x7fELF\x02\x01\x01" + b"\0" * 60,
        b"#!/bin/sh\nrm -rf /\n",
        b"\xca\xfe\xba\xbe\0\0\0\x34",
        b"L\0\0\0\x01\x14\x02\0" + b"\0" * 60,
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"\xef\xbb\xbf  \n<HTML><body>",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"<!-- surat --><svg onload=alert(1)>",
        b"<?php system($_GET[0]);",
        "\ufeff<html>".encode("utf-16-le"),
    ],
    ids=lambda content: repr(content[:12]),
)
@pytest.mark.parametrize("name", ["surat.pdf", "catatan", "tabel.csv"])
def test_what_runs_is_known_by_its_content_whatever_it_is_called(content, name):
    assert RUNS in refusal(archive({name: content}), "arsip.zip")


@pytest.mark.parametrize(
    "name, content",
    [
        ("dalam.zip", archive({"a.pdf": pdf()})),
        ("dalam.dat", archive({"a.exe": EXE})),
        ("foto.jpg", archive({"a.exe": EXE})),
        ("dalam.pdf", b"Rar!\x1a\x07\x01\0" + b"\0" * 50),
        ("dalam.pdf", b"7z\xbc\xaf\x27\x1c" + b"\0" * 50),
        ("dalam.pdf", b"\x1f\x8b\x08\0" + b"\0" * 50),
        ("dalam.tar", b"isi"),
    ],
)
def test_an_archive_in_an_archive_is_not_looked_into_but_refused(name, content):
    assert NESTED in refusal(archive({name: content}), "arsip.zip")


def test_plain_things_in_an_archive_are_taken():
    content = archive(
        {
            "SK/SK Tim SPBE.pdf": pdf(2),
            "foto.jpg": picture(),
            "notula.docx": office("docx"),
            "tabel.csv": b"a;b\n1;2\n",
            "catatan.txt": b"MoU dan <penjelasan> singkat",
            "lama.doc": OLE,
        }
    )
    assert inspect(content, "arsip.zip").extension == "zip"


@pytest.mark.parametrize(
    "name", ["../luar.pdf", "a/../../b.pdf", "/etc/a.pdf", "C:\\a.pdf", "a.txt:b.pdf", "a\nb.pdf"]
)
def test_a_name_that_leads_elsewhere_is_refused(name):
    assert "nama folder yang tidak wajar" in refusal(archive({name: b""}), "arsip.zip")


def test_a_link_to_another_file_is_refused():
    link = zipfile.ZipInfo("sandi.txt")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    assert "penunjuk ke berkas lain" in refusal(written((link, b"/etc/passwd")), "arsip.zip")


def test_two_files_of_one_name_are_refused():
    content = written((zipfile.ZipInfo("a.pdf"), b"satu"), (zipfile.ZipInfo("A.PDF"), b"dua"))
    assert "nama yang sama" in refusal(content, "arsip.zip")


class TestBombs:
    def lying(self, claimed: int, content: bytes) -> bytes:
        """An entry that unpacks to more than both of its headers claim."""
        data = bytearray(archive({"a.pdf": content}))
        for at in (22, data.rindex(b"PK\x01\x02") + 24):
            data[at : at + 4] = claimed.to_bytes(4, "little")
        return bytes(data)

    def test_what_unpacks_to_more_than_it_claims_is_refused_where_it_passes_its_claim(self):
        assert "terlalu besar setelah dibuka" in refusal(self.lying(10, b"x" * 5_000_000), "arsip.zip")

    def test_what_unpacks_to_less_is_damaged(self):
        assert "rusak atau terpotong" in refusal(self.lying(9_000, b"x" * 5_000), "arsip.zip")

    def test_entries_that_share_their_bytes_are_refused(self):
        """As the densest bombs do: the whole of the second entry lies in the first one's content."""
        inner = written((zipfile.ZipInfo("b.pdf"), b"x" * 4_000))
        record = inner[: inner.index(b"PK\x01\x02")]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
            made.writestr("a.pdf", record)
        outer = out.getvalue()
        at, end = outer.rindex(b"PK\x01\x02"), outer.rindex(b"PK\x05\x06")
        second = bytearray(inner[len(record) : inner.rindex(b"PK\x05\x06")])
        second[42:46] = (30 + len("a.pdf")).to_bytes(4, "little")
        close = bytearray(outer[end:])
        close[8:12] = b"\x02\0\x02\0"
        close[12:16] = (end - at + len(second)).to_bytes(4, "little")
        bomb = outer[:end] + bytes(second) + bytes(close)
        with zipfile.ZipFile(io.BytesIO(bomb)) as opened:
            assert opened.namelist() == ["a.pdf", "b.pdf"]
        assert "tidak wajar" in refusal(bomb, "arsip.zip")

    def test_a_way_of_packing_nobody_reads_is_refused(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as made:
            made.writestr("a.pdf", pdf())
        assert "cara yang tidak dikenal" in refusal(out.getvalue(), "arsip.zip")

    def test_an_office_file_is_no_place_for_a_bomb_either(self):
        content = office("docx", {"word/media/nol.bin": b"\0" * (60 * 1024 * 1024)})
        assert "terlalu besar setelah dibuka" in refusal(content, "naskah.docx")


@pytest.mark.parametrize(
    "extra",
    [
        {"word/vbaProject.bin": VBA},
        {"word/VBAPROJECT.BIN": b"x"},
        {"word/lain.bin": VBA},
        {
            "word/_rels/document.xml.rels": relations("vbaProject", "gambar.bin").replace(
                b"relationships/vba", b"x/vba"
            )
        },
        {"xl/macrosheets/sheet1.xml": b"<x/>"},
        {"word/embeddings/tabel.xlsm": b"PK\x03\x04"},
    ],
    ids=["usual", "capitals", "renamed", "by relation", "excel 4", "embedded"],
)
def test_macros_are_found_wherever_they_lie(extra):
    assert MACROS in refusal(office("docx", extra), "naskah.docx")


def test_a_macro_file_under_another_name_is_found():
    content = office("docx", types='<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>')
    assert MACROS in refusal(content, "naskah.docx")


@pytest.mark.parametrize("extension", ["docx", "xlsx", "pptx"])
def test_macros_in_an_office_file_in_an_archive_are_found(extension):
    content = archive({f"folder/a.{extension}": office(extension, {"x/vbaProject.bin": VBA})})
    said = refusal(content, "arsip.zip")
    assert MACROS in said
    assert f"arsip.zip › a.{extension}" in said


def test_macros_in_an_old_office_file_in_an_archive_are_found():
    assert "bermakro" in refusal(archive({"lama.xls": VBA}), "arsip.zip")


@pytest.mark.parametrize(
    "extra, said",
    [
        (
            {"word/_rels/settings.xml.rels": relations("attachedTemplate", "http://a.id/x", ' TargetMode="External"')},
            "dibuka dari alamat lain",
        ),
        (
            {"word/_rels/document.xml.rels": relations("oleObject", "file://a/x.exe", ' TargetMode="External"')},
            "dibuka dari alamat lain",
        ),
        ({"word/embeddings/oleObject1.bin": OLE + "Ole10Native".encode("utf-16-le")}, "dapat dijalankan"),
        ({"word/media/gambar.png": EXE}, "dapat dijalankan"),
        ({"word/_rels/document.xml.rels": relations("control", "activeX1.xml")}, "dapat dijalankan"),
    ],
)
def test_what_an_office_file_would_load_or_run_is_refused(extra, said):
    assert said in refusal(office("docx", extra), "naskah.docx")


def test_links_and_tables_in_an_office_file_are_taken():
    extra = {
        "word/_rels/document.xml.rels": relations("hyperlink", "https://jdih.example.go.id", ' TargetMode="External"'),
        "word/embeddings/tabel.xlsx": office("xlsx"),
        "word/embeddings/oleObject1.bin": OLE,
    }
    assert inspect(office("docx", extra), "naskah.docx").extension == "docx"


class TestDisguises:
    @pytest.mark.parametrize(
        "front", [b"<html><script>alert(1)</script>", b"MZ" + b"\0" * 60, b"GIF89a", b"PK\x03\x04"]
    )
    def test_a_pdf_behind_something_else_is_refused(self, front):
        assert "ada isi lain di depan PDF-nya" in refusal(front + pdf(), "surat.pdf")

    def test_blanks_before_a_pdf_do_no_harm(self):
        assert inspect(b"\xef\xbb\xbf\r\n" + pdf(), "surat.pdf").page_count == 1

    @pytest.mark.parametrize(
        "name, content", [("surat.pdf", pdf()), ("foto.jpg", picture()), ("foto.png", picture("PNG"))]
    )
    def test_an_archive_behind_something_else_is_refused(self, name, content):
        hidden = io.BytesIO(content)
        hidden.seek(0, 2)
        with zipfile.ZipFile(hidden, "a") as made:
            made.writestr("a.exe", EXE)
            made.comment = b"%%EOF"
        assert "arsip ZIP yang disisipkan" in refusal(hidden.getvalue(), name)

    @pytest.mark.parametrize("name", ["surat.pdf", "foto.png", "foto.jpg", "naskah.docx", "arsip.zip"])
    @pytest.mark.parametrize(
        "content", [b"<html><body>", b'<svg xmlns="http://www.w3.org/2000/svg"/>', b"<?xml?><x/>"]
    )
    def test_markup_is_nothing_that_is_accepted(self, name, content):
        assert "isinya bukan" in refusal(content + b" " * 500, name)

    def test_a_program_attached_to_a_pdf_is_found(self):
        writer = PdfWriter()
        writer.add_blank_page(595, 842)
        writer.add_attachment("pasang.exe", EXE)
        out = io.BytesIO()
        writer.write(out)
        assert "terlampir program" in refusal(out.getvalue(), "surat.pdf")


class TestPdfFacts:
    def test_a_pdf_with_text_says_so(self):
        content = HTML(string="<p>" + "Surat keputusan tentang tim koordinasi SPBE. " * 5).write_pdf()
        assert inspect(content, "surat.pdf").has_text is True

    def test_a_scan_says_so(self):
        out = io.BytesIO()
        Image.new("RGB", (600, 800), "white").save(out, "PDF")
        checked = inspect(out.getvalue(), "pindai.pdf")
        assert (checked.page_count, checked.has_text, checked.is_encrypted) == (1, False, False)

    def test_a_restricted_pdf_opens_and_is_known_as_encrypted(self):
        writer = PdfWriter()
        writer.add_blank_page(595, 842)
        writer.encrypt("", "pemilik", algorithm="RC4-128")
        out = io.BytesIO()
        writer.write(out)
        checked = inspect(out.getvalue(), "batas.pdf")
        assert (checked.page_count, checked.is_encrypted) == (1, True)
