"""The one door to PDFium, which must not be used by two threads at once."""

import threading
from pathlib import Path
from typing import BinaryIO

import pypdfium2
from PIL import Image

_LOCK = threading.Lock()
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD


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
