"""What makes two requests the same: a digest of everything a report says, of its format and of who signs it."""

import hashlib
import json

from django.conf import settings

from indicators.scoring import FORMULA_VERSION
from reports.documents import TEMPLATE_VERSION


def data_key(kind: str, *parts: object) -> str:
    """The key of a document: a digest of its data (`parts`) and of what all documents of the portal show."""
    shared = [
        FORMULA_VERSION,
        TEMPLATE_VERSION,
        [settings.GOVERNMENT_NAME, settings.GOVERNMENT_LETTERHEAD, settings.GOVERNMENT_LOGO, settings.TIME_ZONE],
        settings.PUBLIC_URL,
    ]
    text = json.dumps([str(kind), *parts, *shared], separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_key(key: str, file_format: str, signed_by: str = "") -> str:
    """The key of one file of a document: of the unsigned PDF it is the document's own."""
    if file_format == "pdf" and not signed_by:
        return key
    return hashlib.sha256(f"{key}:{file_format}:{signed_by}".encode()).hexdigest()


def check_url(code: str) -> str:
    """Where anyone who holds the document can see whether it is genuine; the QR code on its pages leads there."""
    return f"{settings.PUBLIC_URL}/cek/{code}/"
