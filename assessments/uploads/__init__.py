"""Which files are accepted as evidence: one allow-list for pages and API, by extension *and* by content.

Nothing here writes. Every refusal is an `Invalid` (key "file") that says what is wrong and what to do.
"""

import hashlib
import logging
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings

from assessments.errors import Invalid
from assessments.uploads.archives import check_zip
from assessments.uploads.handler import FILES_PER_REQUEST, LimitedUploadHandler
from assessments.uploads.names import (
    ACCEPT,
    TYPES,
    TYPES_TEXT,
    broken,
    clean_name,
    extension_of,
    not_accepted,
    refuse,
    title_of,
    too_large,
)
from assessments.uploads.office import check_office
from assessments.uploads.pdf import PdfFacts, check_pdf, refuse_hidden_archive
from assessments.uploads.pictures import check_picture

__all__ = [
    "ACCEPT",
    "FILES_PER_REQUEST",
    "TYPES",
    "TYPES_TEXT",
    "Checked",
    "LimitedUploadHandler",
    "announced",
    "clean_name",
    "inspect",
    "max_bytes",
    "refuse",
    "title_of",
    "too_large",
]

logger = logging.getLogger(__name__)

_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """An accepted file: its own name made harmless, what it is, its digest and length; of a PDF what is worth saying.

    `has_text` is None for other kinds, and where it takes longer to find out.
    """

    name: str
    extension: str
    content_type: str
    size: int
    sha256: str
    page_count: int | None
    has_text: bool | None = None
    is_encrypted: bool = False


def max_bytes() -> int:
    """The largest file accepted now."""
    return settings.EVIDENCE_MAX_BYTES


def announced(raw_name: str, size: int) -> tuple[str, str]:
    """Name and extension of a file of which only name and size are known yet; raises `Invalid` where not accepted."""
    name = clean_name(raw_name)
    extension = "jpg" if extension_of(name) == "jpeg" else extension_of(name)
    if extension not in TYPES:
        raise refuse(not_accepted(name, extension))
    if size == 0:
        raise refuse(f"Berkas “{name}” kosong (0 byte). Periksa berkasnya di komputer Anda, lalu unggah kembali.")
    if size > settings.EVIDENCE_MAX_BYTES:
        raise too_large(name)
    return name, extension


def inspect(file: BinaryIO, raw_name: str, size: int) -> Checked:
    """Look at an uploaded file; raises `Invalid` where it is not accepted. Leaves it at its start."""
    name, extension = announced(raw_name, size)
    try:
        facts = _check_content(file, name, extension, size)
    except Invalid:
        raise
    except Exception:
        # A damaged file makes decoders raise nearly anything (zlib.error, EOFError, struct.error,
        # NotImplementedError, "negative seek value"): that is about the file, and said of the file.
        logger.warning("A .%s of %s bytes could not be read", extension, size, exc_info=True)
        raise broken(name) from None
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    return Checked(name, extension, TYPES[extension], size, digest.hexdigest(), *facts)


def _check_content(file: BinaryIO, name: str, extension: str, size: int) -> PdfFacts:
    """Whether the content is what the extension says, whole, and nothing else besides."""
    file.seek(0)
    head = file.read(4096)
    if extension == "pdf":
        return check_pdf(file, name, head, size)
    if extension in ("jpg", "png"):
        check_picture(file, name, extension, head)
        refuse_hidden_archive(file, name)
    elif extension == "zip":
        check_zip(file, name, head)
    else:
        check_office(file, name, extension, head)
    return PdfFacts()
