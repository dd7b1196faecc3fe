"""Pictures of evidence, made by the worker: browsers show no PDF inside a sandboxed frame."""

import logging
import time
import uuid
import warnings
from datetime import datetime, timedelta
from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from PIL import Image, ImageOps

from assessments import pdfs
from assessments.models import DocumentVersion, PagePreview

logger = logging.getLogger(__name__)

MAX_PAGES = 30
WIDTH = 1000  # pixels
MAX_HEIGHT = 3000
MAX_PIXELS_PNG = 50_000_000  # a PNG is unpacked whole; a JPEG is read at a smaller size
ENOUGH = 40  # seconds; no further page is begun after them
PICTURED = ("application/pdf", "image/jpeg", "image/png")
STUCK_AFTER = timedelta(minutes=5)
#: A file that waits for the virus scanner is not opened here either.
OPEN = (DocumentVersion.Scan.NONE, DocumentVersion.Scan.CLEAN)
LOOK_SECONDS = 10.0  # for text in a PDF where the upload found none in time


def state_for(content_type: str) -> str:
    """What a new version's preview starts as."""
    return DocumentVersion.Preview.PENDING if content_type in PICTURED else DocumentVersion.Preview.NONE


def is_stuck(version: DocumentVersion) -> bool:
    """Waiting for so long that its task must have been lost."""
    asked_at = version.queued_at or version.uploaded_at
    if version.scan not in OPEN:
        return False  # its turn comes when it was scanned
    return version.preview == DocumentVersion.Preview.PENDING and timezone.now() - asked_at > STUCK_AFTER


def stuck(now: datetime) -> QuerySet[DocumentVersion]:
    """The same as a query."""
    before = now - STUCK_AFTER
    return DocumentVersion.objects.filter(
        Q(queued_at__lt=before) | Q(queued_at=None, uploaded_at__lt=before),
        preview=DocumentVersion.Preview.PENDING,
        scan__in=OPEN,
    )


def make(version_id: int) -> None:
    """Make the pictures of one version. Doing it twice does no harm.

    What cannot be decoded is kept as `failed`. A storage that does not answer is not the file's
    fault: its error is raised, the version stays `pending` and is asked for again later.
    """
    version = DocumentVersion.objects.filter(pk=version_id).first()
    if version is None or version.preview in (DocumentVersion.Preview.NONE, DocumentVersion.Preview.READY):
        return
    if version.scan not in OPEN:
        return
    with version.file.open("rb") as source:
        data = source.read()
    try:
        _look_for_text(version, data)
        pictures = _pictures(version, data)
    except pdfs.LockedPdf:
        DocumentVersion.objects.filter(pk=version_id, preview=DocumentVersion.Preview.PENDING).update(
            preview=DocumentVersion.Preview.NONE, is_encrypted=True
        )
        return
    except Exception:
        # Whatever a stranger's file does to the decoders, the file itself stays and can be downloaded.
        logger.exception("No preview of document version %s", version_id)
        DocumentVersion.objects.filter(pk=version_id, preview=DocumentVersion.Preview.PENDING).update(
            preview=DocumentVersion.Preview.FAILED
        )
        return
    stored: list[PagePreview] = []
    try:
        for number, (picture, suffix, width, height) in enumerate(pictures, start=1):
            name = default_storage.save(f"previews/{version_id}/{uuid.uuid4().hex}.{suffix}", ContentFile(picture))
            stored.append(PagePreview(version=version, page=number, file=name, width=width, height=height))
        is_ours = _keep(version_id, stored)
    except BaseException:
        _delete(stored)
        raise
    if not is_ours:
        _delete(stored)


def _look_for_text(version: DocumentVersion, data: bytes) -> None:
    """What the upload had no time for, and what older rows were never asked."""
    if version.content_type == "application/pdf" and version.has_text is None:
        found = pdfs.facts(BytesIO(data), seconds=LOOK_SECONDS)
        DocumentVersion.objects.filter(pk=version.pk).update(has_text=found.has_text, is_encrypted=found.is_restricted)


def _keep(version_id: int, pages: list[PagePreview]) -> bool:
    """Whether these pictures are the ones kept: another worker may have been quicker."""
    with transaction.atomic():
        version = DocumentVersion.objects.select_for_update().get(pk=version_id)
        if version.preview == DocumentVersion.Preview.READY or version.scan not in OPEN:
            return False
        old = list(PagePreview.objects.filter(version=version))
        PagePreview.objects.filter(version=version).delete()
        PagePreview.objects.bulk_create(pages)
        version.preview = DocumentVersion.Preview.READY
        version.save(update_fields=["preview"])
        transaction.on_commit(lambda: _delete(old), robust=True)  # its failure would look like ours
        return True


def _delete(pages: list[PagePreview]) -> None:
    """A file that cannot be deleted stays behind; it does no harm."""
    for page in pages:
        try:
            default_storage.delete(str(page.file.name))
        except OSError:
            logger.exception("The picture %s was not deleted", page.file.name)


def _pictures(version: DocumentVersion, data: bytes) -> list[tuple[bytes, str, int, int]]:
    """(content, suffix, width, height) of every page shown."""
    if version.content_type == "application/pdf":
        found: list[tuple[bytes, str, int, int]] = []
        count = min(version.page_count or MAX_PAGES, MAX_PAGES, pdfs.page_count(BytesIO(data)))
        begun = time.monotonic()
        for number in range(count):
            if found and time.monotonic() - begun > ENOUGH:
                logger.warning("%s of %s pages of document version %s in time", number, count, version.pk)
                break
            picture = pdfs.page_picture(BytesIO(data), number, width=WIDTH, max_height=MAX_HEIGHT)
            found.append(_encoded(picture.convert("RGB"), "png"))
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(BytesIO(data), formats=["JPEG", "PNG"]) as picture:
            return [_reduced(picture)]


def _reduced(picture: Image.Image) -> tuple[bytes, str, int, int]:
    width, height = picture.size
    if picture.format == "PNG" and width * height > MAX_PIXELS_PNG:
        raise ValueError(f"a PNG of {width} x {height} pixels")
    picture.draft("RGB", (WIDTH, WIDTH))
    suffix = "png" if picture.format == "PNG" else "jpg"
    upright = ImageOps.exif_transpose(picture)
    scale = min(1.0, WIDTH / upright.width, MAX_HEIGHT / upright.height)
    if scale < 1:
        size = (max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))
        upright = upright.convert("RGBA" if _is_transparent(upright) else "RGB").resize(size, Image.Resampling.LANCZOS)
    if _is_transparent(upright):
        paper = Image.new("RGB", upright.size, "white")
        paper.paste(upright.convert("RGBA"), mask=upright.convert("RGBA").getchannel("A"))
        upright = paper
    return _encoded(upright.convert("RGB"), suffix)


def _is_transparent(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _encoded(picture: Image.Image, suffix: str) -> tuple[bytes, str, int, int]:
    out = BytesIO()
    if suffix == "png":
        picture.save(out, "PNG")
    else:
        picture.save(out, "JPEG", quality=82)  # without the camera's metadata
    return out.getvalue(), suffix, picture.width, picture.height
