"""The one door to PDFium, which must not be used by two threads at once."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pypdfium2
import pypdfium2.raw
from PIL import Image

_LOCK = threading.Lock()
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
#: Letters and digits on one page from which it counts as text: a scanner's own footer has fewer.
_TEXT_FROM = 40


class BrokenPdf(Exception):
    """PDFium cannot open the file."""


class LockedPdf(BrokenPdf):
    """The file opens with a password only."""


def page_count(source: BinaryIO | Path) -> int:
    """How many pages the PDF has. Raises `LockedPdf`, `BrokenPdf`."""
    with _LOCK:
        document = _open(source)
        try:
            return len(document)
        finally:
            document.close()


@dataclass(frozen=True)
class Facts:
    """What is said of a PDF beside its content.

    `has_text`: some page looked at can be read as text; None where time ran out before one was found.
    `is_restricted`: it is encrypted, though it opens without a password.
    `attached`: names of the files inside it.
    """

    page_count: int
    has_text: bool | None
    is_restricted: bool
    attached: tuple[str, ...]


def facts(source: BinaryIO | Path, *, seconds: float) -> Facts:
    """Look at the PDF and, for text, at its first and some middle pages. Raises `LockedPdf`, `BrokenPdf`."""
    with _LOCK:
        document = _open(source)
        try:
            count = len(document)
            return Facts(
                page_count=count,
                has_text=_has_text(document, count, time.monotonic() + seconds),
                is_restricted=pypdfium2.raw.FPDF_GetSecurityHandlerRevision(document) >= 0,
                attached=tuple(
                    document.get_attachment(number).get_name() for number in range(document.count_attachments())
                ),
            )
        except pypdfium2.PdfiumError as error:
            raise BrokenPdf(str(error)) from error
        finally:
            document.close()


def _has_text(document: pypdfium2.PdfDocument, count: int, until: float) -> bool | None:
    looked_at = sorted({*range(min(count, 5)), *(count * part // 4 for part in (1, 2, 3))})
    for number in looked_at:
        if number and time.monotonic() > until:
            return None
        page = document[number]
        try:
            text = page.get_textpage()
            try:
                letters = sum(
                    chr(pypdfium2.raw.FPDFText_GetUnicode(text, at)).isalnum()
                    for at in range(min(text.count_chars(), 2_000))
                )
            finally:
                text.close()
        finally:
            page.close()
        if letters >= _TEXT_FROM:
            return True
    return False


def page_picture(source: BinaryIO | Path, number: int, *, width: int, max_height: int) -> Image.Image:
    """Page `number` (from 0) as a picture `width` pixels wide, narrower where it would be too high.

    Raises `BrokenPdf`.
    """
    with _LOCK:
        document = _open(source)
        try:
            page = document[number]
            wide, high = page.get_size()
            if wide <= 0 or high <= 0:
                raise BrokenPdf("a page without a size")
            return page.render(scale=min(width / wide, max_height / high), may_draw_forms=False).to_pil()
        except pypdfium2.PdfiumError as error:
            raise BrokenPdf(str(error)) from error
        finally:
            document.close()


def _open(source: BinaryIO | Path) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _WRONG_PASSWORD:
            raise LockedPdf(str(error)) from error
        raise BrokenPdf(str(error)) from error
