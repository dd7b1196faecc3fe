"""Scanning of evidence for viruses. The row is the truth: `DocumentVersion.scan`.

A new file is `pending` where a scanner is set up (CLAMD), else `none`. Until it is clean nobody opens it, PDFium
neither. An infected file stays in the storage, for whoever has to look into it, and is never given out again.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, NotificationKind, Role, User
from accounts.services.notifications import notify
from assessments import scanner
from assessments.models import DocumentVersion, Evidence, PagePreview
from audit.services import record

logger = logging.getLogger(__name__)

Scan = DocumentVersion.Scan
#: Asked for so long ago that the task must have been lost, or clamd was down.
STUCK_AFTER = timedelta(minutes=5)
AT_ONCE = 50  # what one round of the schedule takes up
TOO_LARGE = "terlalu besar untuk pemeriksa virus"
MISSING = "berkas tidak ada di penyimpanan"


def state_for_new() -> str:
    """What a new file's scan starts as."""
    return Scan.PENDING if scanner.is_configured() else Scan.NONE


def scan(version_id: int) -> bool:
    """Scan one version that waits; whether it is clean now. Doing it twice, or at once, does no harm.

    A scanner that cannot be asked is no fault of the file: it stays pending and is asked for again.
    """
    version = DocumentVersion.objects.filter(pk=version_id, scan=Scan.PENDING).first()
    if version is None or not scanner.is_configured():
        return False
    try:
        with version.file.open("rb") as source:
            finding = scanner.scan(source)  # type: ignore[arg-type]
    except scanner.Unavailable as error:
        logger.warning("Document version %s waits to be scanned: %s", version_id, error)
        return False
    except scanner.TooLarge:
        logger.error("Document version %s is larger than clamd's StreamMaxLength: raise that", version_id)
        _keep_waiting(version_id, TOO_LARGE)
        return False
    except FileNotFoundError:
        logger.error("The file of document version %s is not in the storage", version_id)
        _keep_waiting(version_id, MISSING)
        return False
    return _keep(version_id, finding[:200])


def _keep_waiting(version_id: int, why: str) -> None:
    DocumentVersion.objects.filter(pk=version_id, scan=Scan.PENDING).update(finding=why)


def _keep(version_id: int, finding: str) -> bool:
    """Write the verdict down once, with its event and, where it is bad, to whom it matters."""
    now = timezone.now()
    verdict = Scan.INFECTED if finding else Scan.CLEAN
    with transaction.atomic():
        changes: dict[str, Any] = {"scan": verdict, "scanned_at": now, "finding": finding}
        if finding:
            changes["preview"] = DocumentVersion.Preview.NONE
        else:
            changes["queued_at"] = now  # for its pictures
        if not DocumentVersion.objects.filter(pk=version_id, scan=Scan.PENDING).update(**changes):
            return False  # another worker was quicker
        version = DocumentVersion.objects.select_related("document__agency", "uploaded_by").get(pk=version_id)
        if finding:
            _drop_pictures(version)
            _tell(version)
        record(
            "document.scan",
            version,
            actor=None,
            stream=f"library:{version.document.agency_id}",
            after={
                "document": version.document.title,
                "file": version.original_name,
                "sha256": version.sha256,
                "scan": verdict,
                "finding": finding,
            },
        )
    if finding:
        logger.error("Document version %s is infected: %s", version_id, finding)
    return not finding


def _drop_pictures(version: DocumentVersion) -> None:
    """Made before it was scanned: nobody looks at them either."""
    names = list(PagePreview.objects.filter(version=version).values_list("file", flat=True))
    PagePreview.objects.filter(version=version).delete()

    def remove() -> None:
        for name in names:
            try:
                default_storage.delete(name)
            except OSError:
                logger.exception("The picture %s was not deleted", name)

    transaction.on_commit(remove, robust=True)


def _tell(version: DocumentVersion) -> None:
    """Who uploaded it, and the coordinators."""
    coordinators = Membership.objects.current().filter(role=Role.COORDINATOR).values("user")
    people = list(User.objects.filter(Q(pk__in=coordinators) | Q(pk=version.uploaded_by_id), is_active=True))
    notify(
        people,
        kind=NotificationKind.ACCOUNT,
        title=f"Berkas berbahaya: {version.document.title}",
        text=f"Pemeriksaan virus menemukan “{version.finding}” di dalam {version.original_name} "
        f"({version.document.agency}). Berkas itu tidak dapat dibuka siapa pun. Periksa komputer asalnya, lalu ganti "
        "dengan berkas yang bersih.",
        key=f"scan:{version.pk}",
        path=_where(version),
    )


def _where(version: DocumentVersion) -> str:
    """The answer that it is evidence of, or its page in the library."""
    used = (
        Evidence.objects.filter(version=version)
        .order_by("-id")
        .values_list("answer__assessment_id", "answer__indicator__code")
        .first()
    )
    return f"{reverse('answer', args=used)}#bukti" if used else reverse("document", args=[version.document_id])


def take_up(now: datetime) -> list[int]:
    """Those whose turn it is to be asked for again, stamped as asked for now; none while clamd is down."""
    before = now - STUCK_AFTER
    waiting = DocumentVersion.objects.filter(
        Q(queued_at__lt=before) | Q(queued_at=None, uploaded_at__lt=before), scan=Scan.PENDING
    )
    if not scanner.is_configured() or not waiting.exists():
        return []
    if not scanner.is_alive():
        logger.warning("clamd does not answer: files wait to be scanned")
        return []
    chosen = list(waiting.order_by("queued_at", "pk").values_list("pk", flat=True)[:AT_ONCE])
    # The stamp says which of them are ours: another worker may be asking at this moment.
    waiting.filter(pk__in=chosen).update(queued_at=now)
    return list(DocumentVersion.objects.filter(pk__in=chosen, queued_at=now).values_list("pk", flat=True))


def enqueue_unscanned() -> list[int]:
    """Everything kept before there was a scanner waits for it now: closed until found clean."""
    files = DocumentVersion.objects.filter(scan=Scan.NONE).exclude(file="")
    chosen = list(files.values_list("pk", flat=True))
    for start in range(0, len(chosen), 500):
        files.filter(pk__in=chosen[start : start + 500]).update(scan=Scan.PENDING, queued_at=timezone.now())
    return chosen


def release() -> int:
    """The scanner was given up: what waits for it is open again, unscanned. How many."""
    return DocumentVersion.objects.filter(scan=Scan.PENDING).update(scan=Scan.NONE, finding="")
