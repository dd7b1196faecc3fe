"""Which files are accepted as evidence: one allow-list for pages and API, by extension *and* by content.

Nothing here writes. Every refusal is an `Invalid` (key "file") that says what is wrong and what to do.
"""

import hashlib
import logging
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

import filetype
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from PIL import Image, UnidentifiedImageError

from assessments import pdfs
from assessments.errors import Invalid
from spbe_portal.formatting import count_id, size_id

logger = logging.getLogger(__name__)

_OFFICE = "application/vnd.openxmlformats-officedocument."
#: Extension -> content type. `.jpeg` is stored as `.jpg`.
TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "docx": _OFFICE + "wordprocessingml.document",
    "xlsx": _OFFICE + "spreadsheetml.sheet",
    "pptx": _OFFICE + "presentationml.presentation",
    "zip": "application/zip",
}
ACCEPT = ",".join(f".{extension}" for extension in [*TYPES, "jpeg"])  # for <input type="file">
TYPES_TEXT = "PDF, JPG, PNG, DOCX, XLSX, PPTX, atau ZIP"
FILES_PER_REQUEST = 4  # without script, several files come in one form

NAME_MAX = 120  # characters kept of a file's name
MAX_PIXELS = 120_000_000
ZIP_MAX_ENTRIES = 2_000
ZIP_MAX_TOTAL = 500 * 1024 * 1024  # bytes, unpacked
ZIP_MAX_RATIO = 200  # unpacked to packed, of what is large
_BLOCK = 1024 * 1024

#: What people try, and how they get to something acceptable.
_INSTEAD = {
    "doc": "Buka di Word lalu simpan sebagai PDF atau DOCX.",
    "xls": "Buka di Excel lalu simpan sebagai PDF atau XLSX.",
    "ppt": "Buka di PowerPoint lalu simpan sebagai PDF atau PPTX.",
    "docm": "Berkas bermakro tidak diterima. Simpan sebagai PDF atau DOCX.",
    "xlsm": "Berkas bermakro tidak diterima. Simpan sebagai PDF atau XLSX.",
    "pptm": "Berkas bermakro tidak diterima. Simpan sebagai PDF atau PPTX.",
    "heic": "Simpan fotonya sebagai JPG terlebih dahulu.",
    "heif": "Simpan fotonya sebagai JPG terlebih dahulu.",
    "webp": "Simpan gambarnya sebagai PNG atau JPG.",
    "gif": "Simpan gambarnya sebagai PNG atau JPG.",
    "bmp": "Simpan gambarnya sebagai PNG atau JPG.",
    "tif": "Simpan hasil pindaiannya sebagai PDF.",
    "tiff": "Simpan hasil pindaiannya sebagai PDF.",
    "rar": "Buat ulang arsipnya sebagai ZIP.",
    "7z": "Buat ulang arsipnya sebagai ZIP.",
    "odt": "Simpan sebagai PDF atau DOCX.",
    "ods": "Simpan sebagai PDF atau XLSX.",
    "odp": "Simpan sebagai PDF atau PPTX.",
    "mp4": "Unggah videonya ke penyimpanan instansi, lalu lampirkan tautannya.",
    "mov": "Unggah videonya ke penyimpanan instansi, lalu lampirkan tautannya.",
    "mkv": "Unggah videonya ke penyimpanan instansi, lalu lampirkan tautannya.",
    "txt": "Simpan sebagai PDF.",
    "html": "Simpan halamannya sebagai PDF, atau lampirkan tautannya.",
    "htm": "Simpan halamannya sebagai PDF, atau lampirkan tautannya.",
}
#: Never inside a ZIP: what runs, what a browser would run, and archives nobody looked into.
_RUNS = frozenset(
    """
    exe com bat cmd ps1 psm1 vbs vbe vb js jse mjs wsf wsh hta msi msp mst scr pif cpl jar apk app dmg pkg deb rpm
    sh bash run elf so dll sys ocx reg lnk url inf php phtml asp aspx jsp py pl rb html htm xhtml mht mhtml svg xml
    xsl swf chm docm xlsm xlsb pptm dotm xltm ppam xlam iso img vhd
    """.split()  # noqa: SIM905
)
_ARCHIVES = frozenset({"zip", "rar", "7z", "tar", "gz", "tgz", "bz2", "xz", "cab", "arj", "lzh"})
_MAIN_PART = {
    "docx": b"wordprocessingml.document.main+xml",
    "xlsx": b"spreadsheetml.sheet.main+xml",
    "pptx": b"presentationml.presentation.main+xml",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Office files, and new ones locked by a password


@dataclass(frozen=True)
class Checked:
    """An accepted file: its own name made harmless, what it is, its digest and length."""

    name: str
    extension: str
    content_type: str
    size: int
    sha256: str
    page_count: int | None


def refuse(text: str) -> Invalid:
    return Invalid({"file": text})


def too_large(name: str) -> Invalid:
    return refuse(
        f"Berkas “{clean_name(name)}” terlalu besar: paling besar {size_id(settings.EVIDENCE_MAX_BYTES)}. Perkecil "
        "berkasnya (misalnya pindai ulang dengan resolusi lebih rendah), atau lampirkan tautan."
    )


def clean_name(raw: str) -> str:
    """The last part of a file's name without anything a screen or a disk would trip over.

    Paths, control and direction characters go; a long name is shortened and keeps its extension.
    """
    last = unicodedata.normalize("NFC", raw.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(" " if c.isspace() else c for c in last)
    kept = "".join(c for c in kept if unicodedata.category(c)[0] != "C")
    kept = " ".join(kept.split()).strip(". ")
    if not kept:
        return "berkas"
    stem, dot, extension = kept.rpartition(".")
    if not dot or len(extension) > 10:
        return kept[:NAME_MAX].strip()
    return f"{stem[: NAME_MAX - len(extension) - 1].strip() or 'berkas'}.{extension}"


def title_of(name: str) -> str:
    """What a document is called until somebody says better: its file's name without extension."""
    stem = PurePosixPath(clean_name(name)).stem.replace("_", " ")
    return " ".join(stem.split()) or "Berkas"


def inspect(file: BinaryIO, raw_name: str, size: int) -> Checked:
    """Look at an uploaded file; raises `Invalid` where it is not accepted. Leaves it at its start."""
    name = clean_name(raw_name)
    extension = "jpg" if _extension(name) == "jpeg" else _extension(name)
    if extension not in TYPES:
        raise refuse(_not_accepted(name, extension))
    if size == 0:
        raise refuse(f"Berkas “{name}” kosong (0 byte). Periksa berkasnya di komputer Anda, lalu unggah kembali.")
    if size > settings.EVIDENCE_MAX_BYTES:
        raise too_large(name)
    try:
        pages = _check_content(file, name, extension, size)
    except Invalid:
        raise
    except Exception:
        # A damaged file makes decoders raise nearly anything (zlib.error, EOFError, struct.error,
        # NotImplementedError, "negative seek value"): that is about the file, and said of the file.
        logger.warning("A .%s of %s bytes could not be read", extension, size, exc_info=True)
        raise _broken(name) from None
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    return Checked(name, extension, TYPES[extension], size, digest.hexdigest(), pages)


def _check_content(file: BinaryIO, name: str, extension: str, size: int) -> int | None:
    """Whether the content is what the extension says, and whole; the number of pages of a PDF."""
    file.seek(0)
    head = file.read(4096)
    if extension == "pdf":
        return _check_pdf(file, name, head, size)
    if extension in ("jpg", "png"):
        _check_picture(file, name, extension, head)
    elif extension == "zip":
        _check_zip(file, name, head)
    else:
        _check_office(file, name, extension, head)
    return None


def _broken(name: str) -> Invalid:
    return refuse(
        f"Berkas “{name}” rusak atau terpotong: isinya tidak dapat dibuka. Buat ulang berkasnya, lalu unggah kembali."
    )


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower().strip() if "." in name else ""


def _not_accepted(name: str, extension: str) -> str:
    start = f"Berkas “{name}” tidak dapat diterima: "
    if not extension:
        return f"{start}namanya tanpa akhiran jenis. Beri nama dengan akhiran, misalnya .pdf, lalu unggah kembali."
    advice = _INSTEAD.get(extension) or "Simpan sebagai PDF lalu unggah kembali."
    return f"{start}jenis .{extension} tidak termasuk yang diterima ({TYPES_TEXT}). {advice}"


def _disguised(name: str, extension: str, head: bytes) -> Invalid:
    """The content is not what the name says."""
    found = filetype.guess(head)
    real = "jpg" if found and found.extension == "jpeg" else found.extension if found else ""
    kind = extension.upper()
    start = f"Berkas “{name}” tidak dapat diterima: isinya bukan {kind} walau namanya berakhiran .{extension}. "
    if real in ("jpg", "png", "pdf"):
        return refuse(f"{start}Isinya {real.upper()}: ubah akhiran namanya menjadi .{real}, lalu unggah kembali.")
    return refuse(f"{start}Simpan ulang sebagai {kind} lalu unggah kembali.")


def _check_pdf(file: BinaryIO, name: str, head: bytes, size: int) -> int:
    if b"%PDF-" not in head[:1024]:
        raise _disguised(name, "pdf", head)
    file.seek(max(0, size - 4096))
    if b"%%EOF" not in file.read():
        raise refuse(
            f"Berkas “{name}” tampaknya terpotong: bagian akhirnya tidak ada. Unduh atau simpan ulang "
            "PDF-nya, lalu unggah kembali."
        )
    file.seek(0)
    try:
        pages = pdfs.page_count(file)
    except pdfs.LockedPdf:
        raise refuse(
            f"Berkas “{name}” terkunci kata sandi sehingga verifikator tidak dapat membacanya. Simpan PDF "
            "tanpa kata sandi, lalu unggah kembali."
        ) from None
    except pdfs.BrokenPdf:
        raise refuse(
            f"Berkas “{name}” rusak: PDF-nya tidak dapat dibuka. Simpan ulang sebagai PDF, lalu unggah kembali."
        ) from None
    if not pages:
        raise refuse(f"Berkas “{name}” tidak memuat satu halaman pun. Simpan ulang sebagai PDF, lalu unggah kembali.")
    return pages


def _check_picture(file: BinaryIO, name: str, extension: str, head: bytes) -> None:
    if not (head.startswith(b"\xff\xd8\xff") if extension == "jpg" else head.startswith(b"\x89PNG\r\n\x1a\n")):
        raise _disguised(name, extension, head)
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=["JPEG", "PNG"]) as picture:
                width, height = picture.size
                if width * height <= MAX_PIXELS:
                    if extension == "png":
                        picture.verify()
                    else:  # at an eighth of the size: quick, and the decoder has seen it
                        picture.draft("RGB", (max(1, width // 8), max(1, height // 8)))
                        picture.load()
                        if not _ends(file):
                            raise OSError("cut short")
    except Image.DecompressionBombError:
        width = height = MAX_PIXELS
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise refuse(
            f"Berkas “{name}” rusak atau terpotong: gambarnya tidak dapat dibuka. Simpan ulang gambarnya, "
            "lalu unggah kembali."
        ) from None
    if width * height > MAX_PIXELS:
        raise refuse(
            f"Gambar “{name}” terlalu besar ukurannya (lebih dari {MAX_PIXELS // 1_000_000} megapiksel). "
            "Perkecil gambarnya, lalu unggah kembali."
        )


def _ends(file: BinaryIO) -> bool:
    """Whether a JPEG has its end marker after the picture itself (phones append a film to it).

    Pillow cannot be asked: whether it forgives a picture cut short is one switch for the whole
    process, and WeasyPrint turns it on.
    """
    file.seek(0)
    data = file.read()
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker = data[at + 1]
        if marker == 0xDA:  # from here on the coded picture, in which FF D9 is the end alone
            return data.find(b"\xff\xd9", at) >= 0
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def _opened_zip(file: BinaryIO, name: str) -> zipfile.ZipFile:
    file.seek(0)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise _broken(name) from None


def _check_sizes(entries: list[zipfile.ZipInfo], name: str) -> None:
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > ZIP_MAX_ENTRIES:
        raise refuse(
            f"Berkas “{name}” memuat {count_id(len(entries))} berkas; paling banyak "
            f"{count_id(ZIP_MAX_ENTRIES)}. Lampirkan hanya yang diperlukan."
        )
    if total > ZIP_MAX_TOTAL or (total > 50 * 1024 * 1024 and total > packed * ZIP_MAX_RATIO):
        raise refuse(
            f"Berkas “{name}” tidak dapat diterima: isinya terlalu besar setelah dibuka "
            f"(paling besar {size_id(ZIP_MAX_TOTAL)}). Kurangi isinya, lalu unggah kembali."
        )


def _check_zip(file: BinaryIO, name: str, head: bytes) -> None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise _disguised(name, "zip", head)
    with _opened_zip(file, name) as archive:
        entries = archive.infolist()
        files = [entry for entry in entries if not entry.is_dir()]
        if not files:
            raise refuse(f"Arsip “{name}” kosong. Masukkan berkasnya ke arsip, lalu unggah kembali.")
        _check_sizes(entries, name)
        for entry in entries:
            path = entry.filename.replace("\\", "/")
            shown = clean_name(path.rstrip("/") or "berkas")
            if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":":
                raise refuse(
                    f"Arsip “{name}” tidak dapat diterima: memuat nama folder yang tidak wajar "
                    f"(“{shown}”). Buat ulang arsipnya, lalu unggah kembali."
                )
            if entry.is_dir():
                continue
            if entry.flag_bits & 0x1:
                raise refuse(
                    f"Arsip “{name}” terkunci kata sandi sehingga verifikator tidak dapat membacanya. Buat "
                    "ulang tanpa kata sandi, lalu unggah kembali."
                )
            inner = _extension(path.rsplit("/", 1)[-1])
            if inner in _RUNS:
                raise refuse(
                    f"Arsip “{name}” memuat berkas yang tidak diterima (“{shown}”): program, skrip, atau "
                    "halaman web. Keluarkan berkas itu dari arsip, lalu unggah kembali."
                )
            if inner in _ARCHIVES:
                raise refuse(
                    f"Arsip “{name}” memuat arsip lain (“{shown}”). Masukkan isinya langsung, lalu unggah kembali."
                )


def _check_office(file: BinaryIO, name: str, extension: str, head: bytes) -> None:
    kind = extension.upper()
    if head.startswith(_OLE):
        raise refuse(
            f"Berkas “{name}” terkunci kata sandi atau masih berformat lama. Simpan ulang sebagai {kind} "
            "tanpa kata sandi, lalu unggah kembali."
        )
    if not head.startswith(b"PK\x03\x04"):
        raise _disguised(name, extension, head)
    with _opened_zip(file, name) as archive:
        entries = archive.infolist()
        _check_sizes(entries, name)
        names = {entry.filename.lower() for entry in entries}
        types = b""
        if "[Content_Types].xml" in archive.namelist():
            listing = archive.getinfo("[Content_Types].xml")
            types = archive.read(listing) if listing.file_size <= _BLOCK else b""
        if b"macroEnabled" in types or any(entry.endswith("vbaproject.bin") for entry in names):
            raise refuse(
                f"Berkas “{name}” memuat makro, jadi tidak diterima. Simpan ulang sebagai PDF, atau sebagai "
                f"{kind} tanpa makro."
            )
        if _MAIN_PART[extension] not in types:
            raise _disguised(name, extension, head)


class LimitedUploadHandler(FileUploadHandler):
    """Stops reading what is too large before it fills the disk; comes before Django's own handlers.

    A whole request larger than a form of `FILES_PER_REQUEST` files is refused unread (413). A single
    file over the limit is skipped, and its name kept in `request.too_large_files` for the view.
    """

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > settings.EVIDENCE_MAX_BYTES * FILES_PER_REQUEST + _BLOCK:
            raise RequestDataTooBig("Kiriman terlalu besar.")

    def new_file(self, *args, **kwargs) -> None:
        super().new_file(*args, **kwargs)
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.seen += len(raw_data)
        if self.seen > settings.EVIDENCE_MAX_BYTES:
            names = [*getattr(self.request, "too_large_files", []), self.file_name or ""]
            setattr(self.request, "too_large_files", names)  # noqa: B010
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def max_bytes() -> int:
    """The largest file accepted now."""
    return settings.EVIDENCE_MAX_BYTES
