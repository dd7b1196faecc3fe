"""Which files are accepted, and what a refused one is told."""

import hashlib
import io
import struct
import zlib

import pytest
from PIL import ImageFile

from assessments import uploads
from assessments.errors import Invalid
from assessments.tests.files import archive, locked_archive, office, pdf, picture


def inspect(content: bytes, name: str) -> uploads.Checked:
    return uploads.inspect(io.BytesIO(content), name, len(content))


def refusal(content: bytes, name: str) -> str:
    with pytest.raises(Invalid) as refused:
        inspect(content, name)
    assert list(refused.value.errors) == ["file"]
    return refused.value.message


@pytest.mark.parametrize(
    "name, content, extension, pages",
    [
        ("Laporan.pdf", pdf(3), "pdf", 3),
        ("Foto.JPG", picture("JPEG"), "jpg", None),
        ("foto.jpeg", picture("JPEG"), "jpg", None),
        ("layar.png", picture("PNG"), "png", None),
        ("naskah.docx", office("docx"), "docx", None),
        ("tabel.xlsx", office("xlsx"), "xlsx", None),
        ("paparan.pptx", office("pptx"), "pptx", None),
        ("berkas.zip", archive({"a.pdf": pdf(), "folder/b.jpg": picture()}), "zip", None),
    ],
)
def test_every_listed_kind_is_accepted_with_its_digest_and_pages(name, content, extension, pages):
    checked = inspect(content, name)
    assert checked == uploads.Checked(
        name=name,
        extension=extension,
        content_type=uploads.TYPES[extension],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        page_count=pages,
    )


def test_the_file_is_left_at_its_start():
    file = io.BytesIO(pdf())
    uploads.inspect(file, "a.pdf", len(file.getvalue()))
    assert file.tell() == 0


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("palsu.pdf", b"MZ" + b"\0" * 900, "isinya bukan PDF walau namanya berakhiran .pdf"),
        ("foto.pdf", picture("PNG"), "Isinya PNG: ubah akhiran namanya menjadi .png"),
        ("foto.png", picture("JPEG"), "Isinya JPG: ubah akhiran namanya menjadi .jpg"),
        ("foto.jpg", b"<html><script>alert(1)</script></html>", "isinya bukan JPG"),
        ("naskah.docx", archive({"a.txt": b"a"}), "isinya bukan DOCX"),
        ("naskah.docx", office("xlsx"), "isinya bukan DOCX"),
        ("arsip.zip", pdf(), "isinya bukan ZIP"),
        (
            "naskah.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            "terkunci kata sandi atau masih berformat lama",
        ),
    ],
)
def test_content_that_is_not_what_the_name_says_is_refused(name, content, said):
    assert said in refusal(content, name)


@pytest.mark.parametrize(
    "name, said",
    [
        ("lama.doc", "Buka di Word lalu simpan sebagai PDF atau DOCX."),
        ("makro.xlsm", "Berkas bermakro tidak diterima."),
        ("foto.heic", "Simpan fotonya sebagai JPG"),
        ("arsip.rar", "Buat ulang arsipnya sebagai ZIP."),
        ("gambar.svg", "Simpan sebagai PDF lalu unggah kembali."),
        ("tanpa-akhiran", "namanya tanpa akhiran jenis"),
        ("laporan.pdf.exe", "jenis .exe tidak termasuk yang diterima"),
    ],
)
def test_other_kinds_are_refused_with_the_way_out(name, said):
    assert said in refusal(pdf(), name)


def test_an_empty_file_is_refused():
    assert "kosong (0 byte)" in refusal(b"", "kosong.pdf")


def test_a_file_over_the_limit_is_refused(settings):
    settings.EVIDENCE_MAX_BYTES = 500
    assert "paling besar 500 byte" in refusal(pdf(3) + b"\0" * 500, "besar.pdf")


def test_a_pdf_with_a_password_is_refused():
    assert "terkunci kata sandi" in refusal(pdf(password="rahasia"), "kunci.pdf")


def test_a_pdf_cut_short_is_refused():
    assert "terpotong" in refusal(pdf(2)[:-40], "potong.pdf")


def test_a_pdf_that_does_not_open_is_refused():
    assert "rusak" in refusal(b"%PDF-1.4\nbukan pdf\n%%EOF\n", "rusak.pdf")


@pytest.mark.parametrize("kind, name", [("JPEG", "a.jpg"), ("PNG", "a.png")])
def test_a_picture_cut_short_is_refused_even_where_pillow_forgives_it(kind, name, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    content = picture(kind, (400, 400), **({"quality": 95} if kind == "JPEG" else {}))
    assert "rusak atau terpotong" in refusal(content[: len(content) // 2], name)


def test_a_photo_with_a_film_behind_it_is_whole():
    assert inspect(picture("JPEG", (400, 400)) + b"film" * 5_000, "foto.jpg").extension == "jpg"


def test_a_picture_of_too_many_pixels_is_refused_without_unpacking_it():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    assert "120 megapiksel" in refusal(bomb, "bom.png")


@pytest.mark.parametrize(
    "content",
    [
        office("docx", {"word/vbaProject.bin": b"x"}),
        office("docx", types='<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'),
    ],
)
def test_macros_are_refused(content):
    assert "memuat makro" in refusal(content, "makro.docx")


@pytest.mark.parametrize(
    "entries, said",
    [
        ({}, "kosong"),
        ({"folder/jalan.exe": b"MZ"}, "“jalan.exe”"),
        ({"halaman.HTML": b"<html>"}, "program, skrip, atau halaman web"),
        ({"a.pdf": b"", "b/logo.svg": b"<svg/>"}, "“logo.svg”"),
        ({"dalam.zip": b"PK"}, "memuat arsip lain"),
        ({"../../etc/passwd.pdf": b""}, "alamat berkas yang tidak wajar"),
        ({"/etc/a.pdf": b""}, "alamat berkas yang tidak wajar"),
        ({"C:\\a.pdf": b""}, "alamat berkas yang tidak wajar"),
        ({"nol.pdf": b"\0" * (60 * 1024 * 1024)}, "terlalu besar setelah dibuka"),
        ({f"{n}.pdf": b"" for n in range(2_001)}, "2.001 berkas"),
    ],
)
def test_archives_with_what_nobody_should_open_are_refused(entries, said):
    assert said in refusal(archive(entries), "arsip.zip")


def test_a_file_without_extension_in_an_archive_is_no_program():
    assert inspect(archive({"run": b"", "catatan": b""}), "arsip.zip").extension == "zip"


def test_a_locked_archive_is_refused():
    assert "terkunci kata sandi" in refusal(locked_archive(), "arsip.zip")


def test_a_broken_archive_is_refused():
    assert "rusak atau terpotong" in refusal(archive({"a.pdf": pdf()})[:60], "arsip.zip")


@pytest.mark.parametrize(
    "raw, clean",
    [
        ("laporan.pdf", "laporan.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\budi\\SK Tim.pdf", "SK Tim.pdf"),
        ("a\x00b\r\nc.pdf", "ab c.pdf"),
        ("foto\u202egpj.exe", "fotogpj.exe"),
        ("  banyak    spasi .pdf ", "banyak spasi.pdf"),
        ("", "berkas"),
        ("/", "berkas"),
        (".pdf", "pdf"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
    ],
)
def test_names_are_made_harmless_and_keep_their_extension(raw, clean):
    assert uploads.clean_name(raw) == clean


def test_a_title_is_the_name_without_its_extension():
    assert uploads.title_of("SK_Tim_SPBE 2026.pdf") == "SK Tim SPBE 2026"
