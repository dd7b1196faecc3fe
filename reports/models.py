"""Reports as background jobs: the row is the truth, the queue only a hint."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Subquery, When

from accounts.permissions import Rights
from assessments.models import Assessment, PemdaResult, Period, Result
from assessments.models import Status as AssessmentStatus
from assessments.models.assessments import HANDED_IN
from assessments.permissions import can_see_pemda

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
        """The reports this person may know of, by kind. What is not named here is nobody's but the coordinators'."""
        if rights.is_coordinator:
            return self
        own = rights.operator_of | rights.verifier_at
        seen = Q(kind=ReportJob.Kind.AGENCY, assessment__agency_id__in=own)
        if rights.is_verifier or rights.is_leader:
            # They see nothing of a draft of another agency, so neither a report made of one.
            seen |= Q(kind=ReportJob.Kind.AGENCY, assessment__status__in=HANDED_IN, data_status__in=HANDED_IN)
        if can_see_pemda(rights):
            seen |= Q(kind__in=OF_THE_GOVERNMENT)
            # What is in a batch depends on who asked for it; and their rights may have shrunk since.
            inside = BatchPart.objects.filter(batch=OuterRef("pk"), job__status=ReportJob.Status.DONE)
            inside = inside.exclude(Q(job__assessment__agency_id__in=own) | Q(job__data_status__in=HANDED_IN))
            asked = Q(kind=ReportJob.Kind.BATCH, requested_by=rights.user_id)
            seen |= asked & (~Q(status=ReportJob.Status.DONE) | Q(~Exists(inside)))
        return self.filter(seen)

    def with_results(self) -> "ReportJobQuerySet":
        """Each with `superseded_at` and `is_complete` of the result it is made of; None for drafts."""
        of_agency = Result.objects.filter(assessment=OuterRef("assessment"), revision=OuterRef("result_revision"))
        of_pemda = PemdaResult.objects.filter(period=OuterRef("period"), revision=OuterRef("result_revision"))
        return self.annotate(
            superseded_at=Case(
                When(assessment=None, then=Subquery(of_pemda.values("superseded_at"))),
                default=Subquery(of_agency.values("superseded_at")),
            ),
            is_complete=Subquery(of_agency.values("is_complete")),
        )


class ReportJob(models.Model):
    """One report: asked for, being made, ready, failed or stopped.

    `key` says of what data, by which rules and in which layout it is made: while a job with a key is neither
    failed nor stopped, the same request gives that job. `data_status` is the assessment's state when the data was
    read (empty for the kinds without one), and `result_revision` the revision of the `Result` or `PemdaResult` it
    is made of, once final. `shown_subject` and `shown_index` are what the document says, kept when it was made.
    """

    class Kind(models.TextChoices):
        AGENCY = "agency", "Laporan penilaian OPD"
        PEMDA = "pemda", "Laporan konsolidasi Pemda"
        BRIEF = "brief", "Ringkasan satu halaman"
        MINUTES = "minutes", "Berita Acara verifikasi"
        BATCH = "batch", "Semua laporan OPD"
        PACKAGE = "package", "Paket nasional"

    class Format(models.TextChoices):
        PDF = "pdf", "PDF"
        XLSX = "xlsx", "XLSX"
        ZIP = "zip", "ZIP"

    class Status(models.TextChoices):
        QUEUED = "queued", "Menunggu giliran"
        RUNNING = "running", "Sedang dibuat"
        DONE = "done", "Siap diunduh"
        FAILED = "failed", "Gagal"
        CANCELLED = "cancelled", "Dihentikan"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField("kode dokumen", max_length=40, unique=True)
    kind = models.CharField("jenis", max_length=20, choices=Kind)
    format = models.CharField("bentuk", max_length=4, choices=Format, default=Format.PDF)
    period = models.ForeignKey(Period, models.PROTECT, related_name="reports")
    assessment = models.ForeignKey(Assessment, models.PROTECT, null=True, related_name="reports")
    key = models.CharField(max_length=64)
    data_status = models.CharField(max_length=12, choices=AssessmentStatus, blank=True)
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
    #: Of files this job had before, that were lost and made again: copies of those are genuine too.
    earlier_sha256 = models.TextField(blank=True)
    shown_subject = models.CharField("nama dalam dokumen", max_length=300, blank=True)
    shown_index = models.CharField("indeks dalam dokumen", max_length=100, blank=True)
    signed_by = models.CharField("penanda tangan", max_length=300, blank=True)

    parts: models.ManyToManyField = models.ManyToManyField(
        "self", symmetrical=False, through="BatchPart", through_fields=("batch", "job"), related_name="batches"
    )

    #: Of a batch: how many reports are in it, once all are asked for.
    part_count = models.PositiveIntegerField(null=True)

    objects = ReportJobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~Q(status__in=["failed", "cancelled"]), name="report_once_per_data"
            ),
            models.CheckConstraint(
                condition=Q(kind="agency", assessment__isnull=False, data_status__in=AssessmentStatus.values)
                | Q(
                    kind__in=["pemda", "brief", "minutes", "batch", "package"], assessment__isnull=True, data_status=""
                ),
                name="report_kind_known_and_agencys_of_an_assessment",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["batch", "package"], format="zip")
                | (~Q(kind__in=["batch", "package"]) & Q(format__in=["pdf", "xlsx"])),
                name="report_format_known_and_archives_are_zip",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "done", "failed", "cancelled"]),
                name="report_status_known",
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
            models.Index(fields=["period", "-created_at"], name="report_by_period"),
            models.Index(fields=["sha256"], name="report_by_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.code}"

    @property
    def data_state(self) -> str:
        """How far the assessment was when the data was read, in words; of the government: final or not yet."""
        if self.data_status:
            return DATA_STATES[AssessmentStatus(self.data_status)]
        return "belum final" if self.is_draft else "final"

    @property
    def is_batch(self) -> bool:
        return self.kind == self.Kind.BATCH

    @property
    def is_package(self) -> bool:
        return self.kind == self.Kind.PACKAGE

    @property
    def is_archive(self) -> bool:
        """A ZIP of other files: stopped while it is made too, and with no code printed in it."""
        return self.is_batch or self.is_package

    @property
    def is_waiting(self) -> bool:
        """Not finished either way: worth looking again."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)


#: Kinds that speak of the government as a whole.
OF_THE_GOVERNMENT = (ReportJob.Kind.PEMDA, ReportJob.Kind.BRIEF, ReportJob.Kind.MINUTES)


class BatchPart(models.Model):
    """One agency's report within a batch. `is_own`: made for the batch alone, so it goes when the batch is stopped."""

    batch = models.ForeignKey(ReportJob, models.CASCADE, related_name="batch_parts")
    job = models.ForeignKey(ReportJob, models.PROTECT, related_name="in_batches")
    is_own = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "job"], name="batch_part_once")]

    def __str__(self) -> str:
        return f"{self.job_id} in {self.batch_id}"
