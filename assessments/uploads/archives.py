"""ZIP archives: what they hold, whether they unpack to what they claim, and nothing that runs.

Every entry is unpacked once, block by block and never further than its own claim, so that a bomb costs no
more than what it claims; and a claim is limited.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from assessments.uploads import office
from assessments.uploads.contents import (
    ARCHIVES,
    LONGEST_MARK,
    OFFICE,
    OLE,
    RUNS,
    ZIP,
    has_macros,
    is_markup,
    is_packed,
    is_program,
)
from assessments.uploads.names import broken, clean_name, disguised, extension_of, refuse
from spbe_portal.formatting import count_id, size_id

MAX_ENTRIES = 2_000
MAX_TOTAL = 500 * 1024 * 1024  # bytes, unpacked
MAX_RATIO = 200  # unpacked to packed, of what is large
LARGE = 50 * 1024 * 1024
MAX_NESTED = 50 * 1024 * 1024  # an Office file inside is looked into up to this size
_HEAD = 4096
_BLOCK = 256 * 1024


def check_zip(file: BinaryIO, name: str, head: bytes) -> None:
    if not head.startswith((ZIP, b"PK\x05\x06")):
        raise disguised(name, "zip", head)
    with opened(file, name) as archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        if not files:
            raise refuse(f"Arsip “{name}” kosong. Masukkan berkasnya ke arsip, lalu unggah kembali.")
        check_frame(file, archive, name)
        for entry in archive.infolist():
            _check_name(entry, name)
        for entry in files:
            _check_entry(file, entry, name)


def opened(file: BinaryIO, name: str) -> zipfile.ZipFile:
    file.seek(0)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise broken(name) from None


def check_frame(file: BinaryIO, archive: zipfile.ZipFile, name: str) -> None:
    """Number, claimed sizes, locks and places of the entries: all that is known before anything is unpacked."""
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        raise refuse(
            f"Berkas “{name}” memuat {count_id(len(entries))} berkas; paling banyak "
            f"{count_id(MAX_ENTRIES)}. Lampirkan hanya yang diperlukan."
        )
    if total > MAX_TOTAL or (total > LARGE and total > packed * MAX_RATIO):
        raise bomb(name)
    if any(entry.flag_bits & 0x2041 for entry in entries):  # encrypted, strongly encrypted, its list encrypted
        raise refuse(
            f"Arsip “{name}” terkunci kata sandi sehingga isinya tidak dapat diperiksa dan verifikator tidak dapat "
            "membacanya. Buat ulang tanpa kata sandi, lalu unggah kembali."
        )
    names = [entry.filename.casefold() for entry in entries]
    if len(set(names)) < len(names):
        raise refuse(
            f"Arsip “{name}” memuat beberapa berkas dengan nama yang sama. Buat ulang arsipnya, lalu unggah kembali."
        )
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:  # two entries that share their bytes: the trick of the densest bombs
            raise bomb(name)
        end = _data_start(file, entry) + entry.compress_size


def bomb(name: str) -> Exception:
    return refuse(
        f"Berkas “{name}” tidak dapat diterima: isinya terlalu besar setelah dibuka "
        f"(paling besar {size_id(MAX_TOTAL)}) atau tidak wajar. Kurangi isinya, buat ulang berkasnya, lalu unggah "
        "kembali."
    )


def _check_name(entry: zipfile.ZipInfo, name: str) -> None:
    path = entry.filename.replace("\\", "/")
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or ":" in path or any(ord(character) < 32 for character in path):
        raise refuse(
            f"Arsip “{name}” tidak dapat diterima: memuat nama folder yang tidak wajar "
            f"(“{_shown(entry)}”). Buat ulang arsipnya, lalu unggah kembali."
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise refuse(
            f"Arsip “{name}” tidak dapat diterima: memuat penunjuk ke berkas lain (“{_shown(entry)}”), bukan "
            "berkasnya. Masukkan berkasnya sendiri, lalu unggah kembali."
        )


def _check_entry(file: BinaryIO, entry: zipfile.ZipInfo, name: str) -> None:
    # Windows drops dots and blanks at the end of a name: "a.exe. " is a.exe there.
    extension = extension_of(entry.filename.replace("\\", "/").rsplit("/", 1)[-1].rstrip(". "))
    if extension in RUNS:
        raise _runs(entry, name)
    if extension in ARCHIVES:
        raise _nested(entry, name)
    blocks = unpacked(file, entry, name)
    first = next(blocks, b"")
    head = first[:_HEAD]
    if is_program(head) or is_markup(head):
        raise _runs(entry, name)
    if extension in OFFICE and head.startswith(ZIP):
        if entry.file_size > MAX_NESTED:
            raise bomb(name)
        inner = io.BytesIO(first + b"".join(blocks))
        office.check_office(inner, f"{name} › {_shown(entry)}", extension, head)
        return
    if is_packed(head):
        raise _nested(entry, name)
    if head.startswith(OLE):
        _refuse_macros(first, blocks, entry, name)
    for _ in blocks:  # to its end: whether it is whole, and no longer than it claims
        pass


def _refuse_macros(block: bytes, rest: Iterator[bytes], entry: zipfile.ZipInfo, name: str) -> None:
    end = b""
    while block:
        if has_macros(end + block):
            raise refuse(
                f"Arsip “{name}” memuat berkas Office bermakro (“{_shown(entry)}”), jadi tidak diterima. Simpan "
                "berkas itu sebagai PDF, lalu buat ulang arsipnya."
            )
        end = block[-LONGEST_MARK:]
        block = next(rest, b"")


def unpacked(file: BinaryIO, entry: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """The content of one entry in blocks. Refuses what is damaged, or longer than it claims."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refuse(
            f"Berkas “{name}” dimampatkan dengan cara yang tidak dikenal. Buat ulang sebagai ZIP biasa (Deflate), "
            "lalu unggah kembali."
        )
    at, left = _data_start(file, entry), entry.compress_size
    is_deflated = entry.compress_type == zipfile.ZIP_DEFLATED
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    crc = length = 0
    pending = b""
    while not (is_deflated and inflate.eof):
        if not pending:
            file.seek(at)
            pending = file.read(min(_BLOCK, left))
            at, left = at + len(pending), left - len(pending)
        if is_deflated:
            block = inflate.decompress(pending, _BLOCK)
            is_done = not block and not pending
            pending = inflate.unconsumed_tail
        else:
            block, pending = pending, b""
            is_done = not block
        if is_done:
            break
        length += len(block)
        if length > entry.file_size:
            raise bomb(name)
        crc = zlib.crc32(block, crc)
        if block:
            yield block
    if length != entry.file_size or crc != entry.CRC or left or (is_deflated and not inflate.eof):
        raise broken(name)


def _data_start(file: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Where the packed bytes begin. Raises where the entry's own header is not there."""
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(ZIP):
        raise zipfile.BadZipFile("no header where the list has one")
    named, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
    if file.read(named) != entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437"):
        raise zipfile.BadZipFile("another name than in the list")
    return entry.header_offset + 30 + named + extra


def _shown(entry: zipfile.ZipInfo) -> str:
    return clean_name(entry.filename.replace("\\", "/").rstrip("/") or "berkas")


def _runs(entry: zipfile.ZipInfo, name: str) -> Exception:
    return refuse(
        f"Arsip “{name}” memuat berkas yang tidak diterima (“{_shown(entry)}”): program, skrip, atau "
        "halaman web. Keluarkan berkas itu dari arsip, lalu unggah kembali."
    )


def _nested(entry: zipfile.ZipInfo, name: str) -> Exception:
    return refuse(
        f"Arsip “{name}” memuat arsip lain (“{_shown(entry)}”). Masukkan isinya langsung, lalu unggah kembali."
    )
