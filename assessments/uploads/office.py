"""Office files: what they say they are, without macros, programs or pages loaded from elsewhere."""

import re
import zipfile
from typing import BinaryIO

from assessments.uploads import archives
from assessments.uploads.contents import LONGEST_MARK, OLE, ZIP, has_macros, has_package, is_program
from assessments.uploads.names import broken, disguised, extension_of, refuse

_MAIN_PART = {
    "docx": b"wordprocessingml.document.main+xml",
    "xlsx": b"spreadsheetml.sheet.main+xml",
    "pptx": b"presentationml.presentation.main+xml",
}
#: In the list of contents or in the relations of a part: something that runs, under whatever name it lies.
_RUNNING = re.compile(
    rb"macroenabled|vbaproject|vbadata|ms-excel\.(?:intl)?macrosheet|xlmacrosheet|xlintlmacrosheet", re.IGNORECASE
)
_CONTROLS = re.compile(rb"relationships/control\b|ms-office\.activeX", re.IGNORECASE)
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>", re.IGNORECASE)
_OUTSIDE = re.compile(rb"""TargetMode\s*=\s*["']External["']""", re.IGNORECASE)
_LOADED = re.compile(
    rb"relationships/(?:attachedTemplate|oleObject|frame|subDocument|externalLinkPath/xl)", re.IGNORECASE
)
_EMBEDDED_MACROS = ("docm", "xlsm", "xlsb", "pptm", "dotm", "xltm", "potm")
_PART_MAX = 4 * 1024 * 1024  # bytes of a list or of relations
_BLOCK = 256 * 1024


def check_office(file: BinaryIO, name: str, extension: str, head: bytes) -> None:
    kind = extension.upper()
    if head.startswith(OLE):
        raise refuse(
            f"Berkas “{name}” terkunci kata sandi atau masih berformat lama. Simpan ulang sebagai {kind} "
            "tanpa kata sandi, lalu unggah kembali."
        )
    if not head.startswith(ZIP):
        raise disguised(name, extension, head)
    with archives.opened(file, name) as archive:
        types = b""
        if "[Content_Types].xml" in archive.namelist():
            types = _part(archive, archive.getinfo("[Content_Types].xml"), name)
        archives.check_frame(file, archive, name)
        parts = [entry for entry in archive.infolist() if not entry.is_dir()]
        if _RUNNING.search(types) or any(_is_macro(entry) for entry in parts):
            raise _macros(name, kind)
        if _MAIN_PART[extension] not in types:
            raise disguised(name, extension, head)
        if _CONTROLS.search(types):
            raise _active(name, kind)
        for entry in parts:
            if entry.filename.lower().endswith(".rels"):
                _check_relations(_part(archive, entry, name), name, kind)
            else:
                _check_part(file, entry, name, kind)


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    if entry.file_size > _PART_MAX:
        raise broken(name)
    return _plain(archive.read(entry))


def _plain(text: bytes) -> bytes:
    """XML may be written in UTF-16, where a pattern of bytes finds nothing."""
    return text.replace(b"\0", b"") if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text[:64] else text


def _is_macro(entry: zipfile.ZipInfo) -> bool:
    path = entry.filename.lower().replace("\\", "/")
    return path.endswith(("vbaproject.bin", "vbadata.xml")) or "/macrosheets/" in path


def _check_relations(text: bytes, name: str, kind: str) -> None:
    if _RUNNING.search(text):
        raise _macros(name, kind)
    if _CONTROLS.search(text):
        raise _active(name, kind)
    for relation in _RELATION.findall(text):
        if _OUTSIDE.search(relation) and _LOADED.search(relation):
            raise refuse(
                f"Berkas “{name}” memuat templat atau objek yang dibuka dari alamat lain. Simpan ulang sebagai PDF, "
                f"atau sebagai {kind} tanpa templat luar, lalu unggah kembali."
            )


def _check_part(file: BinaryIO, entry: zipfile.ZipInfo, name: str, kind: str) -> None:
    """Unpacked to its end; what runs in it is looked for where it may lie: in what is no XML."""
    if extension_of(entry.filename) in _EMBEDDED_MACROS:
        raise _macros(name, kind)
    end, is_old, is_first = b"", False, True
    for block in archives.unpacked(file, entry, name):
        if is_first:
            is_first, is_old = False, block.startswith(OLE)
            if is_program(block):
                raise _active(name, kind)
        if is_old and has_macros(end + block):
            raise _macros(name, kind)
        if is_old and has_package(end + block):
            raise _active(name, kind)
        end = block[-LONGEST_MARK:]


def _macros(name: str, kind: str) -> Exception:
    return refuse(
        f"Berkas “{name}” memuat makro, jadi tidak diterima. Simpan ulang sebagai PDF, atau sebagai "
        f"{kind} tanpa makro."
    )


def _active(name: str, kind: str) -> Exception:
    return refuse(
        f"Berkas “{name}” memuat berkas lain atau kontrol yang dapat dijalankan di dalamnya. Simpan ulang sebagai "
        f"PDF, atau sebagai {kind} tanpa objek tersemat, lalu unggah kembali."
    )
