"""Pictures: JPEG and PNG."""

import warnings
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from assessments.uploads.names import disguised, refuse

MAX_PIXELS = 120_000_000


def check_picture(file: BinaryIO, name: str, extension: str, head: bytes) -> None:
    if not (head.startswith(b"\xff\xd8\xff") if extension == "jpg" else head.startswith(b"\x89PNG\r\n\x1a\n")):
        raise disguised(name, extension, head)
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
