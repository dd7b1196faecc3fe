"""What the public page says of a document: found by its code or by its file's digest. One query each."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.db.models.fields import BooleanField

from assessments.models import PemdaResult, Result
from reports.models import ReportJob

CURRENT, SUPERSEDED, DRAFT = "current", "superseded", "draft"


@dataclass(frozen=True)
class Genuine:
    """A document of this portal, as anyone may know it."""

    code: str
    kind: str
    subject: str
    period: str
    index: str
    made_at: datetime | None  # as the document itself says it
    pages: int
    format: str
    signed_by: str
    sha256: str
    earlier: tuple[str, ...]
    state: str  # CURRENT, SUPERSEDED or DRAFT
    superseded_at: datetime | None
    is_unfinished: bool
    is_government: bool
    is_batch: bool
    final_exists: bool  # of a draft: a final result has been issued since

    def is_copy(self, digest: str) -> bool:
        """Whether a file with this SHA-256 is the document, unchanged."""
        return bool(digest) and digest in (self.sha256, *self.earlier)


def plain_code(text: str) -> str:
    """The code as it is stored: small letters, spaces and dashes are as one likes. "" where it can be none."""
    plain = re.sub(r"[^A-Z0-9]", "", text.upper()[:80])
    if not re.fullmatch(r"[A-Z]{3}[0-9]{4}[A-Z0-9]{8}", plain):
        return ""
    return f"{plain[:3]}-{plain[3:7]}-{plain[7:11]}-{plain[11:]}"


def by_code(text: str) -> Genuine | None:
    """The document with a code as somebody typed it."""
    code = plain_code(text)
    return _genuine(Q(code=code)) if code else None


def by_digest(digest: str) -> Genuine | None:
    """The document whose file has this SHA-256."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        return None
    return _genuine(Q(sha256=digest)) or _genuine(Q(earlier_sha256__contains=digest))


def _genuine(wanted: Q) -> Genuine | None:
    final = Result.objects.filter(assessment=OuterRef("assessment"), superseded_at=None)
    final_pemda = PemdaResult.objects.filter(period=OuterRef("period"), superseded_at=None)
    newer = ReportJob.objects.filter(
        kind=OuterRef("kind"), period=OuterRef("period"), format=OuterRef("format"), assessment=None,
        is_draft=False, status=ReportJob.Status.DONE, finished_at__gt=OuterRef("finished_at"),
    ).exclude(key=OuterRef("key"))  # fmt: skip
    job = (
        ReportJob.objects.filter(wanted)
        .exclude(sha256="", earlier_sha256="")  # never made, so nobody holds it
        .with_results()
        .annotate(
            final_exists=Case(When(assessment=None, then=Exists(final_pemda)), default=Exists(final)),
            # What is of no numbered result (minutes before the government's is final): the newest one counts.
            has_newer=Case(
                When(assessment=None, result_revision=None, then=Exists(newer)),
                default=Value(False),
                output_field=BooleanField(),
            ),
        )
        .select_related("period")
        .order_by("-finished_at")
        .first()
    )
    if job is None:
        return None
    is_batch = job.is_archive
    state = DRAFT if job.is_draft else SUPERSEDED if job.superseded_at or (job.has_newer and not is_batch) else CURRENT
    return Genuine(
        code=job.code,
        kind=job.get_kind_display(),
        subject=job.shown_subject,
        period=job.period.name,
        index=job.shown_index,
        made_at=job.finished_at if is_batch else job.started_at or job.finished_at,
        pages=job.pages,
        format=job.get_format_display(),
        signed_by=job.signed_by,
        sha256=job.sha256,
        earlier=tuple(job.earlier_sha256.split()),
        state=state,
        superseded_at=job.superseded_at,
        is_government=job.assessment_id is None,
        is_batch=is_batch,
        is_unfinished=job.is_complete is False,
        final_exists=bool(job.final_exists),
    )
