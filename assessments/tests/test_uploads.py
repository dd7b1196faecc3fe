"""Which files are accepted, and what a refused one is told."""

import hashlib
import io
import lzma
import random
import struct
import zipfile
import zlib

import pytest
from PIL import ImageFile

from assessments import uploads
from assessments.errors import Invalid
from assessments.tests.files import archive, broken_listing, locked_archive, office, pdf, picture


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
        has_text=False if pages else None,
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


def test_a_pdf_with_a_password_is_accepted_and_known_as_such():
    checked = inspect(pdf(password="rahasia"), "kunci.pdf")
    assert (checked.page_count, checked.has_text, checked.is_encrypted) == (None, None, True)


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
        ({"../../etc/passwd.pdf": b""}, "nama folder yang tidak wajar"),
        ({"/etc/a.pdf": b""}, "nama folder yang tidak wajar"),
        ({"C:\\a.pdf": b""}, "nama folder yang tidak wajar"),
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


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_office_file_damaged_inside_is_refused(method):
    assert "rusak atau terpotong" in refusal(broken_listing(method), "naskah.docx")


@pytest.mark.parametrize(
    "error",
    [
        zlib.error("invalid block type"),
        lzma.LZMAError(),
        EOFError(),
        ValueError("negative seek value -5"),
        NotImplementedError("compression type 99"),
        struct.error(),
        RuntimeError("password required"),
        OSError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_the_unpacking_raises_is_about_the_file(error, monkeypatch):
    def fails(*args):
        raise error

    monkeypatch.setattr(zipfile.ZipFile, "read", fails)
    assert "rusak atau terpotong" in refusal(office("docx"), "naskah.docx")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with some bytes changed, cut out, doubled, blanked or missing at the end."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        end = min(len(data), at + chance.randint(1, 40))
        act = chance.randrange(5)
        if act == 0:
            data[at] = chance.randrange(256)
        elif act == 1:
            data[at:end] = chance.randbytes(end - at)
        elif act == 2:
            data[at:end] = b"\xff" * (end - at)
        elif act == 3:
            data[at:at] = data[at:end]
        elif at > 8:
            del data[at:end]
    return bytes(data)


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.docx", office("docx", {"word/a.xml": bytes(range(256)) * 4})),
        ("a.xlsx", office("xlsx")),
        ("a.zip", archive({"a.pdf": pdf(), "folder/b.jpg": picture()})),
        ("a.pdf", pdf(2)),
        ("a.png", picture("PNG")),
        ("a.jpg", picture("JPEG")),
    ],
)
def test_no_damage_to_a_file_is_a_failure_of_ours(name, content):
    chance = random.Random(47)
    accepted = 0
    for _ in range(150):
        damaged = mutated(content, chance)
        try:
            inspect(damaged, name)
            accepted += 1
        except Invalid:
            pass
    assert accepted < 150  # and nothing else was raised


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
