"""PDF: whole, nothing hidden in front of it or behind, and what is worth a warning."""

import re
import zipfile
from typing import BinaryIO, NamedTuple

from assessments import pdfs
from assessments.uploads.contents import RUNS
from assessments.uploads.names import disguised, extension_of, refuse

#: How long an upload waits for the answer whether a PDF has text; the worker looks again (see `previews`).
LOOK_SECONDS = 0.1
_HEADER = re.compile(rb"\A(?:\xef\xbb\xbf)?[\0\t\n\f\r ]*%PDF-")


class PdfFacts(NamedTuple):
    page_count: int | None = None  # None: not a PDF, or one that opens with a password only
    has_text: bool | None = None
    is_encrypted: bool = False


def check_pdf(file: BinaryIO, name: str, head: bytes, size: int) -> PdfFacts:
    """One that opens with a password only is accepted, and warned of (see `assessments.quality`)."""
    if b"%PDF-" not in head[:1024]:
        raise disguised(name, "pdf", head)
    if not _HEADER.match(head):
        raise refuse(
            f"Berkas “{name}” tidak dapat diterima: ada isi lain di depan PDF-nya. Buka berkasnya, cetak atau simpan "
            "ulang sebagai PDF, lalu unggah kembali."
        )
    file.seek(max(0, size - 4096))
    if b"%%EOF" not in file.read():
        raise refuse(
            f"Berkas “{name}” tampaknya terpotong: bagian akhirnya tidak ada. Unduh atau simpan ulang "
            "PDF-nya, lalu unggah kembali."
        )
    refuse_hidden_archive(file, name)
    file.seek(0)
    try:
        found = pdfs.facts(file, seconds=LOOK_SECONDS)
    except pdfs.LockedPdf:
        return PdfFacts(is_encrypted=True)
    except pdfs.BrokenPdf:
        raise refuse(
            f"Berkas “{name}” rusak: PDF-nya tidak dapat dibuka. Simpan ulang sebagai PDF, lalu unggah kembali."
        ) from None
    if not found.page_count:
        raise refuse(f"Berkas “{name}” tidak memuat satu halaman pun. Simpan ulang sebagai PDF, lalu unggah kembali.")
    for attached in found.attached:
        if extension_of(attached.rstrip(". ")) in RUNS:
            raise refuse(
                f"Berkas “{name}” tidak dapat diterima: di dalamnya terlampir program, skrip, atau halaman web. "
                "Simpan ulang PDF-nya tanpa lampiran itu, lalu unggah kembali."
            )
    return PdfFacts(found.page_count, found.has_text, found.is_restricted)


def refuse_hidden_archive(file: BinaryIO, name: str) -> None:
    """A file that is an archive as well: what it shows depends on who opens it."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            is_archive = bool(archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return
    if is_archive:
        raise refuse(
            f"Berkas “{name}” tidak dapat diterima: ada arsip ZIP yang disisipkan di dalamnya. Simpan ulang berkasnya "
            "dari aplikasi pembuatnya, lalu unggah kembali."
        )
