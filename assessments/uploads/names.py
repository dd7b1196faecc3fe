"""What is accepted by name, names made harmless, and how a refusal is worded."""

import unicodedata
from pathlib import PurePosixPath

import filetype
from django.conf import settings

from assessments.errors import Invalid
from spbe_portal.formatting import size_id

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

NAME_MAX = 120  # characters kept of a file's name

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


def broken(name: str) -> Invalid:
    return refuse(
        f"Berkas “{name}” rusak atau terpotong: isinya tidak dapat dibuka. Buat ulang berkasnya, lalu unggah kembali."
    )


def extension_of(name: str) -> str:
    return name.rpartition(".")[2].lower().strip() if "." in name else ""


def not_accepted(name: str, extension: str) -> str:
    start = f"Berkas “{name}” tidak dapat diterima: "
    if not extension:
        return f"{start}namanya tanpa akhiran jenis. Beri nama dengan akhiran, misalnya .pdf, lalu unggah kembali."
    advice = _INSTEAD.get(extension) or "Simpan sebagai PDF lalu unggah kembali."
    return f"{start}jenis .{extension} tidak termasuk yang diterima ({TYPES_TEXT}). {advice}"


def disguised(name: str, extension: str, head: bytes) -> Invalid:
    """The content is not what the name says."""
    found = filetype.guess(head)
    real = "jpg" if found and found.extension == "jpeg" else found.extension if found else ""
    kind = extension.upper()
    start = f"Berkas “{name}” tidak dapat diterima: isinya bukan {kind} walau namanya berakhiran .{extension}. "
    if real in ("jpg", "png", "pdf"):
        return refuse(f"{start}Isinya {real.upper()}: ubah akhiran namanya menjadi .{real}, lalu unggah kembali.")
    return refuse(f"{start}Simpan ulang sebagai {kind} lalu unggah kembali.")
