"""Reports as background jobs: the row is the truth, the queue only a hint."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from accounts.permissions import Rights
from assessments.models import Assessment, Result
from assessments.models import Status as AssessmentStatus
from assessments.models.assessments import HANDED_IN

#: Letters and digits of document codes: none that look alike on paper (0 O, 1 I L, 2 Z, 5 S, 8 B).
CODE_LETTERS = "34679ACDEFGHJKMNPQRTUVWXY"


DATA_STATES = {
    AssessmentStatus.DRAFT: "belum diajukan",
    AssessmentStatus.SUBMITTED: "menunggu verifikasi",
    AssessmentStatus.RETURNED: "dikembalikan untuk diperbaiki",
    AssessmentStatus.APPROVED: "disetujui, belum difinalkan",
    AssessmentStatus.FINAL: "final",
    AssessmentStatus.CANCELLED: "dibatalkan",
}


def new_code() -> str:
    """The changing part of a document's code, for example "7KQ4-M3XD"."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


class ReportJobQuerySet(models.QuerySet["ReportJob"]):
    def visible_to(self, rights: Rights) -> "ReportJobQuerySet":
        """Reports of assessments this person may see, made of data they may see.

        Reviewers of other agencies and leaders see nothing of a draft, so neither a report made of one.
        """
        if rights.is_coordinator:
            return self
        seen = Q(assessment__agency_id__in=rights.operator_of | rights.verifier_at)
        if rights.is_verifier or rights.is_leader:
            seen |= Q(assessment__status__in=HANDED_IN, data_status__in=HANDED_IN)
        return self.filter(seen)

    def with_results(self) -> "ReportJobQuerySet":
        """Each with `superseded_at` and `is_complete` of the result it is made of; None for drafts."""
        result = Result.objects.filter(assessment=OuterRef("assessment"), revision=OuterRef("result_revision"))
        return self.annotate(
            superseded_at=Subquery(result.values("superseded_at")),
            is_complete=Subquery(result.values("is_complete")),
        )


class ReportJob(models.Model):
    """One report: asked for, being made, ready or failed.

    `key` says of what data, by which rules and in which layout it is made: while a job with a key is not
    failed, the same request gives that job. `data_status` is the assessment's state when the data was read, and
    `result_revision` the revision of the result it is made of, once final.
    """

    class Kind(models.TextChoices):
        AGENCY = "agency", "Laporan penilaian OPD"

    class Status(models.TextChoices):
        QUEUED = "queued", "Menunggu giliran"
        RUNNING = "running", "Sedang dibuat"
        DONE = "done", "Siap diunduh"
        FAILED = "failed", "Gagal"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField("kode dokumen", max_length=40, unique=True)
    kind = models.CharField("jenis", max_length=20, choices=Kind)
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="reports")
    key = models.CharField(max_length=64)
    data_status = models.CharField(max_length=12, choices=AssessmentStatus)
    is_draft = models.BooleanField("draf")
    result_revision = models.PositiveSmallIntegerField("revisi hasil", null=True)

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)  # 0 to 100
    step = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    file = models.FileField(max_length=200, blank=True)  # generated name below reports/
    size = models.PositiveBigIntegerField(default=0)  # bytes
    pages = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    objects = ReportJobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "code"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(status="failed"), name="report_once_per_data"),
            models.CheckConstraint(condition=Q(kind__in=["agency"]), name="report_kind_known"),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "done", "failed"]), name="report_status_known"
            ),
            models.CheckConstraint(
                condition=Q(data_status__in=AssessmentStatus.values), name="report_data_status_known"
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="report_progress_in_percent"),
            models.CheckConstraint(
                condition=~Q(status="done") | (~Q(file="") & ~Q(sha256="") & Q(finished_at__isnull=False)),
                name="report_done_has_file",
            ),
            models.CheckConstraint(
                condition=~Q(status="running") | Q(started_at__isnull=False, heartbeat_at__isnull=False),
                name="report_running_has_heartbeat",
            ),
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(error=""), name="report_failed_says_why"),
        ]
        indexes = [
            models.Index(fields=["status", "queued_at"], name="report_waiting"),
            models.Index(fields=["assessment", "-created_at"], name="report_by_assessment"),
            models.Index(fields=["-created_at", "code"], name="report_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.code}"

    @property
    def data_state(self) -> str:
        """How far the assessment was when the data was read, in words."""
        return DATA_STATES[AssessmentStatus(self.data_status)]

    @property
    def is_waiting(self) -> bool:
        """Not finished either way: worth looking again."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)
