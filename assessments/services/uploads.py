"""Files that arrive in parts, for lines that break: begun, continued, taken when whole, given up, swept away.

The parts of one upload lie in one file outside the storage. Its row says how much of it counts: what lies beyond is
cut off before the next part is written, so a part that came twice, or from two tabs at once, does no harm.
"""

import logging
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments import permissions, uploads
from assessments.errors import Invalid, Refused, Stale
from assessments.models import Upload
from assessments.parts import path_of, remove
from assessments.services._base import require

logger = logging.getLogger(__name__)

IN_PARTS_ABOVE = 10 * 1024 * 1024  # smaller files come in one request
PART_BYTES = 1024 * 1024  # what a client should send at once
PART_MAX_BYTES = 2 * PART_BYTES
OPEN_PER_PERSON = 5
IDLE = timedelta(minutes=10)  # after that an upload gives way to a new one
SPARE_BYTES = 200 * 1024 * 1024  # never filled by uploads

GONE = "Unggahan ini sudah tidak ada. Pilih berkasnya lagi."


@dataclass(frozen=True)
class Whole:
    """An upload that has arrived: its content and the name it came with."""

    file: File
    name: str


def begin(*, user: User, agency_id: int, name: str, size: int) -> Upload:
    """Announce a file; its parts follow. Raises `PermissionDenied`, `Invalid` (key "file") and `Refused`.

    Name, kind and size are checked now, so that nobody sends megabytes for a refusal. A person has few
    uploads open at once: one that rested a while gives way.
    """
    require(permissions.can_keep_library(rights_of(user), agency_id))
    clean, _ = uploads.announced(name, size)
    _require_space(size)
    now = timezone.now()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # counting holds until the row is there
        mine = list(Upload.objects.filter(user=user).order_by("changed_at"))
        resting = [upload for upload in mine if upload.changed_at < now - IDLE]
        for _ in range(len(mine) - OPEN_PER_PERSON + 1):
            if not resting:
                raise Refused(
                    f"Masih ada {OPEN_PER_PERSON} berkas Anda yang sedang diunggah. Tunggu sampai selesai, atau "
                    "batalkan salah satunya."
                )
            remove(resting.pop(0))
        return Upload.objects.create(
            user=user, agency_id=agency_id, name=clean, size=size, created_at=now, changed_at=now
        )


def add_part(*, key: uuid.UUID, user: User, offset: int, part: bytes) -> Upload:
    """Append the part that begins at byte `offset`. Raises `Upload.DoesNotExist`, `Invalid` and `Stale`.

    A part that is there already changes nothing. `Stale` carries the upload as it stands: the sender goes
    on at its `received`.
    """
    if not part or len(part) > PART_MAX_BYTES:
        raise Invalid({"part": "Bagian berkas ini kosong atau terlalu besar."})
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(key=key, user=user)
        if offset + len(part) > upload.size:
            raise Invalid({"part": "Berkas ini lebih besar daripada yang disebut di awal. Pilih berkasnya lagi."})
        there = _length(path_of(upload))
        if there < upload.received:  # the disk lost it: begin where it ends
            logger.warning("Upload %s has %s bytes on disk, not %s", upload.pk, there, upload.received)
            _count(upload, there)
        elif offset == upload.received:
            _write(path_of(upload), offset, part)
            _count(upload, offset + len(part))
            return upload
        elif _is_there(upload, offset, part):
            return upload
    raise Stale(f"Berkas ini sudah sampai pada byte {upload.received}.", upload)


def find(*, key: uuid.UUID, user: User) -> Upload:
    """One's own upload. Raises `Upload.DoesNotExist`, for others' too."""
    return Upload.objects.get(key=key, user=user)


def waiting(*, key: str, user: User, agency_id: int) -> Upload | None:
    """One's own upload for this agency, where all of it is there to be taken."""
    try:
        found = Upload.objects.filter(key=_uuid(key), user=user, agency_id=agency_id).first() if key else None
    except Upload.DoesNotExist:
        return None
    return found if found and found.received == found.size else None


def give_up(*, key: uuid.UUID, user: User) -> None:
    """Forget the upload and what came of it. Raises `Upload.DoesNotExist`."""
    with transaction.atomic():
        remove(Upload.objects.select_for_update().get(key=key, user=user))


@contextmanager
def take(*, key: uuid.UUID | str, user: User, agency_id: int) -> Iterator[Whole]:
    """The whole file, for as long as the block makes something of it; afterwards the upload is gone.

    Gone too where its content is refused (`Invalid`); any other failure keeps it, to be taken again. Raises
    `Upload.DoesNotExist` for another person's or another agency's, and `Invalid` (key "file") before all is there.
    Belongs outside a transaction, like `services.evidence.add_file`, which it is made for.
    """
    upload = Upload.objects.get(key=_uuid(key), user=user, agency_id=agency_id)
    if upload.received < upload.size:
        raise Invalid({"file": f"Berkas “{upload.name}” belum terunggah seluruhnya. Lanjutkan pengunggahannya."})
    try:
        source = path_of(upload).open("rb")
    except FileNotFoundError:
        source = None
    if source is None or _length(path_of(upload)) != upload.size:
        if source:
            source.close()
        with transaction.atomic():
            remove(upload)
        raise Invalid({"file": f"Berkas “{upload.name}” tidak sampai dengan utuh. Unggah kembali."})
    with source:
        try:
            yield Whole(File(source, name=upload.name), upload.name)
        except Invalid:
            with transaction.atomic():
                remove(upload)
            raise
    with transaction.atomic():
        remove(upload)


def _uuid(text: uuid.UUID | str) -> uuid.UUID:
    try:
        return text if isinstance(text, uuid.UUID) else uuid.UUID(text)
    except ValueError:
        raise Upload.DoesNotExist from None


def _require_space(size: int) -> None:
    """Room for the parts and for the stored file made of them."""
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < 2 * size + SPARE_BYTES:
        logger.error("No room for uploads in %s", folder)
        raise Refused("Ruang simpan server hampir penuh, jadi berkas belum dapat diterima. Hubungi pengelola portal.")


def _write(path: Path, offset: int, part: bytes) -> None:
    """The part at its place, and nothing after it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        file.truncate(offset)
        file.seek(offset)
        file.write(part)


def _is_there(upload: Upload, offset: int, part: bytes) -> bool:
    if offset + len(part) > upload.received:
        return False
    with path_of(upload).open("rb") as file:
        file.seek(offset)
        return file.read(len(part)) == part


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _count(upload: Upload, received: int) -> None:
    upload.received, upload.changed_at = received, timezone.now()
    upload.save(update_fields=["received", "changed_at"])
