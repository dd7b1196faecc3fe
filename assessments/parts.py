"""Where the parts of uploads lie until they are whole, and how they go away again."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from assessments.models import Upload

KEPT = timedelta(hours=24)


def path_of(upload: Upload) -> Path:
    return Path(settings.UPLOAD_DIR) / f"{upload.key.hex}.part"


def remove(upload: Upload) -> None:
    """Row and file; the file only once the row is gone for good."""
    path = path_of(upload)
    Upload.objects.filter(pk=upload.pk).delete()
    # What cannot be removed now is swept later: no answer fails for it.
    transaction.on_commit(lambda: path.unlink(missing_ok=True), robust=True)


def sweep(now: datetime) -> int:
    """Remove uploads that nobody continued for a day, and files without an upload. How many went."""
    old = now - KEPT
    gone = 0
    for pk in Upload.objects.filter(changed_at__lt=old).values_list("pk", flat=True):
        with transaction.atomic():
            # Asked again under the lock: it may have gone on meanwhile.
            upload = Upload.objects.select_for_update().filter(pk=pk, changed_at__lt=old).first()
            if upload:
                remove(upload)
                gone += 1
    known = {f"{key.hex}.part" for key in Upload.objects.values_list("key", flat=True)}
    for path in Path(settings.UPLOAD_DIR).glob("*"):
        try:
            is_old = path.stat().st_mtime < old.timestamp()
        except FileNotFoundError:
            continue
        if is_old and path.name not in known:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
