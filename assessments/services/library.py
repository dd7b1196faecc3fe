"""The agency's library of documents: one version for one content, whatever points to it.

The same content is never stored twice for one agency: asking to keep it again gives the version that is there, and
brings its file back should that be lost.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from accounts.models import Agency, User
from accounts.permissions import rights_of
from assessments import previews, scans
from assessments.errors import Invalid, WrongState
from assessments.models import Document, DocumentVersion
from assessments.tasks import make_previews, scan_version
from assessments.uploads import Checked
from audit.services import record

logger = logging.getLogger(__name__)

INFECTED = (
    "Berkas dengan isi yang sama pernah diunggah dan ditemukan mengandung virus, jadi tidak diterima. Periksa "
    "komputer asalnya, lalu unggah berkas yang bersih."
)

OF_DOCUMENT = ("title", "number", "date", "kind")
DETAILS = (*OF_DOCUMENT, "valid_until")


@dataclass(frozen=True)
class Kept:
    """A version of a document; `was_known`: its content was there already; `is_healed`: its file was lost till now."""

    version: DocumentVersion
    was_known: bool
    is_healed: bool


class AlreadyThere(Invalid):
    """The content is in the agency's library already, as `version`."""

    def __init__(self, message: str, version: DocumentVersion, field: str = "file"):
        super().__init__({field: message})
        self.version = version


@dataclass
class Incoming:
    """An accepted file on its way into the library of one agency; `stored` is its name in the storage, if any."""

    agency_id: int
    checked: Checked
    stored: str
    is_used: bool = False

    def keep(self, *, user: User, now: datetime, details: Mapping[str, Any]) -> Kept:
        """The version of this content, made where there is none. Inside the caller's transaction.

        `details` may hold title, number, date, validity and kind of a new document; that one was made is recorded.
        """
        one_at_a_time(self.agency_id)
        version = _known_version(self.agency_id, self.checked.sha256)
        if version is None:
            made = self._version(user, new_document(self.agency_id, user, details), 1)
            note(made.document, user, "document.add", after=described(made))
            return Kept(made, was_known=False, is_healed=False)
        if version.scan == DocumentVersion.Scan.INFECTED:
            raise Invalid({"file": INFECTED})
        self.is_used = bool(self.stored) and _is_lost(version)
        if self.is_used:
            _heal(version, self.stored, now)
        return Kept(version, was_known=True, is_healed=self.is_used)

    def keep_as_next(self, document: Document, *, user: User, change: str) -> DocumentVersion:
        """The content as the next version of a document, whose row is locked, and the library (`one_at_a_time`).

        Raises `AlreadyThere` where the library has it, as a version of this document or of another.
        """
        known = _known_version(self.agency_id, self.checked.sha256)
        if known is not None:
            raise already_there(known, document)
        return self._version(user, document, next_number(document), change)

    def _version(self, user: User, document: Document, number: int, change: str = "") -> DocumentVersion:
        if not self.stored:  # its content was there when it arrived, and was removed since
            raise WrongState("Dokumen dengan isi ini baru saja dihapus dari pustaka. Unggah sekali lagi.")
        self.is_used = True
        version = DocumentVersion.objects.create(
            document=document,
            number=number,
            file=self.stored,
            original_name=self.checked.name,
            content_type=self.checked.content_type,
            size=self.checked.size,
            sha256=self.checked.sha256,
            page_count=self.checked.page_count,
            has_text=self.checked.has_text,
            is_encrypted=self.checked.is_encrypted,
            scan=scans.state_for_new(),
            preview=previews.state_for(self.checked.content_type),
            uploaded_by=user,
            change=change,
        )
        queue_previews(version)
        return version


@contextmanager
def incoming(agency_id: int, file: File, checked: Checked) -> Iterator[Incoming]:
    """Store the file, unless its content is there, for as long as a version is made of it.

    Taken away again where the block fails, or where somebody else stored the same content meanwhile. The
    transaction belongs inside the block: nothing is locked while the file is written.
    """
    stored = ""
    if _is_lost(_known_version(agency_id, checked.sha256)):
        stored = default_storage.save(f"evidence/{agency_id}/{uuid.uuid4().hex}.{checked.extension}", file)
    arriving = Incoming(agency_id, checked, stored)
    try:
        yield arriving
    except BaseException:
        if stored:
            default_storage.delete(stored)
        raise
    if stored and not arriving.is_used:
        default_storage.delete(stored)


def keep_link(agency_id: int, user: User, address: str, details: Mapping[str, Any]) -> Kept:
    """The document of this web address, made where there is none and recorded. Inside the caller's transaction."""
    one_at_a_time(agency_id)
    known = known_link(agency_id, address)
    if known is not None:
        return Kept(known, was_known=True, is_healed=False)
    document = new_document(agency_id, user, details)
    version = DocumentVersion.objects.create(document=document, url=address, uploaded_by=user)
    note(document, user, "document.add", after=described(version))
    return Kept(version, was_known=False, is_healed=False)


def known_link(agency_id: int, address: str) -> DocumentVersion | None:
    found = DocumentVersion.objects.filter(document__agency_id=agency_id, url=address)
    return found.select_related("document").order_by("-id").first()


def new_document(agency_id: int, user: User, details: Mapping[str, Any]) -> Document:
    return Document.objects.create(
        agency_id=agency_id,
        created_by=user,
        **{name: details[name] for name in DETAILS if name in details},
    )


def one_at_a_time(agency_id: int) -> None:
    """Whoever brings something into this library waits for the one before: else both store the same content.

    Taken after assessments and before a document.
    """
    Agency.objects.select_for_update(no_key=True).get(pk=agency_id)


def note(document: Document, user: User, action: str, **details: Any) -> None:
    """One event in the library's stream. Written before those of an assessment in the same transaction."""
    agency = document.agency
    outside = agency.pk not in rights_of(user).operator_of
    record(
        action,
        document,
        actor=user,
        stream=f"library:{agency.pk}",
        on_behalf_of=agency if outside else None,
        **details,
    )


def details_of(document: Document) -> dict[str, Any]:
    return {name: getattr(document, name) for name in DETAILS}


def described(version: DocumentVersion) -> dict[str, Any]:
    """A version and its document, as events tell of them."""
    return {
        **details_of(version.document),
        "document": version.document_id,
        "version": version.number,
        "file": version.original_name,
        "url": version.url,
        "sha256": version.sha256,
        "change": version.change,
    }


def next_number(document: Document) -> int:
    """The number of the version that comes next; the document's row is locked."""
    return (document.versions.aggregate(Max("number"))["number__max"] or 0) + 1


def already_there(known: DocumentVersion, document: Document, field: str = "file") -> AlreadyThere:
    """Why content that is there as `known` cannot be a new version of `document`."""
    if known.document_id == document.pk:
        text = f"Isinya sama persis dengan versi {known.number} dokumen ini, jadi tidak ada yang baru untuk disimpan."
    else:
        text = (
            f"Isinya sudah ada di pustaka sebagai dokumen lain: {in_library(known)}. Pakai dokumen itu, atau pilih "
            "berkas yang lain."
        )
    return AlreadyThere(text, known, field)


def in_library(version: DocumentVersion) -> str:
    """“SK Tim SPBE”, versi 2."""
    return f"“{version.document.title}”, versi {version.number}"


def queue_previews(version: DocumentVersion) -> None:
    """Have the file scanned, or where nobody scans have pictures made, once the row is there.

    A broker that is down does not undo the upload.
    """
    if version.scan == DocumentVersion.Scan.PENDING:
        transaction.on_commit(lambda: scan_version.delay(version.pk), robust=True)
    elif version.preview == DocumentVersion.Preview.PENDING:
        transaction.on_commit(lambda: make_previews.delay(version.pk), robust=True)


def _known_version(agency_id: int, sha256: str) -> DocumentVersion | None:
    return (
        DocumentVersion.objects.select_related("document")
        .filter(document__agency_id=agency_id, sha256=sha256)
        .order_by("-id")
        .first()
    )


def _is_lost(version: DocumentVersion | None) -> bool:
    """Whether the content has to be stored: it is new, or its file is gone from the storage."""
    return version is None or not default_storage.exists(str(version.file.name))


def _heal(version: DocumentVersion, stored: str, now: datetime) -> None:
    """The same content again for a version whose file was lost."""
    logger.warning("The file of document version %s was lost and is there again", version.pk)
    version.file.name = stored
    version.preview = previews.state_for(version.content_type)
    version.queued_at = now
    if version.scan == DocumentVersion.Scan.NONE:
        version.scan = scans.state_for_new()
    version.save(update_fields=["file", "preview", "queued_at", "scan"])
    queue_previews(version)
