"""Small real files of every accepted kind, made in memory."""

import io
import zipfile

from PIL import Image
from pypdf import PdfWriter

_MAIN = {
    "docx": ("word/document.xml", "wordprocessingml.document.main+xml"),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet.main+xml"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation.main+xml"),
}


def pdf(pages: int = 1, password: str = "") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def archive(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return out.getvalue()


def office(extension: str, extra: dict[str, bytes] | None = None, types: str = "") -> bytes:
    part, main = _MAIN[extension]
    listing = (
        f'<Types><Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{main}"/>'
    )
    return archive({"[Content_Types].xml": f"{listing}{types}</Types>".encode(), part: b"<x/>", **(extra or {})})


def locked_archive() -> bytes:
    """A ZIP whose only entry says that it is encrypted."""
    data = bytearray(archive({"rahasia.pdf": b"%PDF-1.4"}))
    data[6] |= 0x1
    data[data.rindex(b"PK\x01\x02") + 8] |= 0x1
    return bytes(data)


def broken_listing(method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A DOCX whose list of contents is damaged where it is packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        made.writestr("[Content_Types].xml", b"<Types>" + bytes(range(256)) * 8)
    data = bytearray(out.getvalue())
    data[49:] = b"\xff" * 30 + data[79:]
    return bytes(data)
