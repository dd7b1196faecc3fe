"""Documents of an agency and the evidence that points to them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Agency
from assessments.models.answers import Answer
from indicators.fields import LevelField


class Document(models.Model):
    """A document in an agency's library. Serves many answers and many years."""

    class Kind(models.TextChoices):
        PERATURAN = "peraturan", "Peraturan"
        KEPUTUSAN = "keputusan", "Keputusan"
        SURAT = "surat", "Surat"
        SURAT_EDARAN = "surat_edaran", "Surat edaran"
        SOP = "sop", "SOP"
        PEDOMAN = "pedoman", "Pedoman"
        LAPORAN = "laporan", "Laporan"
        NOTULA = "notula", "Notula"
        BERITA_ACARA = "berita_acara", "Berita acara"
        PERJANJIAN = "perjanjian", "Perjanjian"
        DAFTAR = "daftar", "Daftar"
        DOKUMEN_TEKNIS = "dokumen_teknis", "Dokumen teknis"
        TANGKAPAN_LAYAR = "tangkapan_layar", "Tangkapan layar"
        LAIN = "lain", "Lainnya"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="documents")
    title = models.CharField("judul", max_length=200)
    number = models.CharField("nomor", max_length=120, blank=True)
    date = models.DateField("tanggal dokumen", null=True, blank=True)
    valid_until = models.DateField("berlaku sampai", null=True, blank=True)
    kind = models.CharField("jenis", max_length=20, choices=Kind, default=Kind.LAIN)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)  # of the details, counted up by every edit

    class Meta:
        ordering = ["agency", "title"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(date=None) | Q(valid_until__gte=F("date")),
                name="document_validity_in_order",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="document_has_title"),
        ]

    def __str__(self) -> str:
        return self.title


class DocumentVersion(models.Model):
    """One state of a document: a stored file or a link. Never changed; a new state is a new version."""

    class Preview(models.TextChoices):
        NONE = "none", "Tanpa pratinjau"
        PENDING = "pending", "Sedang dibuat"
        READY = "ready", "Siap"
        FAILED = "failed", "Gagal"

    class Scan(models.TextChoices):
        """What the virus scanner said. Only NONE and CLEAN may be opened."""

        NONE = "none", "Tidak diperiksa"
        PENDING = "pending", "Sedang diperiksa"
        CLEAN = "clean", "Bersih"
        INFECTED = "infected", "Berbahaya"

    document = models.ForeignKey(Document, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(default=1)
    file = models.FileField(max_length=200, blank=True)  # generated name; the original is text only
    url = models.URLField("tautan", max_length=1000, blank=True)
    original_name = models.CharField(max_length=255, blank=True)
    content_type = models.CharField(max_length=120, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    page_count = models.PositiveIntegerField(null=True)
    preview = models.CharField(max_length=10, choices=Preview, default=Preview.NONE)
    queued_at = models.DateTimeField(null=True, editable=False)  # when its pictures were asked for again
    has_text = models.BooleanField(null=True)  # a PDF with a text layer; None: not a PDF, or not looked at yet
    is_encrypted = models.BooleanField(default=False)  # a PDF; without page_count: it opens with a password only
    scan = models.CharField(max_length=10, choices=Scan, default=Scan.NONE)
    scanned_at = models.DateTimeField(null=True)
    finding = models.CharField(max_length=200, blank=True)  # what the scanner called it
    change = models.CharField("yang berubah", max_length=300, blank=True)  # since the version before
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["document", "number"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="version_number_once"),
            models.CheckConstraint(
                condition=(Q(file="") & ~Q(url="")) | (~Q(file="") & Q(url="")), name="version_is_file_or_link"
            ),
            models.CheckConstraint(condition=Q(file="") | ~Q(sha256=""), name="version_file_has_digest"),
            models.CheckConstraint(
                condition=Q(scan__in=["none", "pending", "clean", "infected"]), name="version_scan_known"
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="version_by_digest")]

    def __str__(self) -> str:
        return f"{self.document} (versi {self.number})"

    @property
    def is_link(self) -> bool:
        return bool(self.url)

    @property
    def is_open(self) -> bool:
        """Whether the file may be opened at all: it does not wait for the virus scanner, nor was it found infected."""
        return self.scan in (self.Scan.NONE, self.Scan.CLEAN)


class PagePreview(models.Model):
    """A page of a version as a picture, made by the worker."""

    version = models.ForeignKey(DocumentVersion, models.CASCADE, related_name="pages")
    page = models.PositiveIntegerField()  # from 1
    file = models.FileField(max_length=200)
    width = models.PositiveIntegerField()  # pixels
    height = models.PositiveIntegerField()

    class Meta:
        ordering = ["version", "page"]
        constraints = [models.UniqueConstraint(fields=["version", "page"], name="preview_page_once")]

    def __str__(self) -> str:
        return f"{self.version_id}, {self.page}"


class Evidence(models.Model):
    """Bukti dukung: an answer points to one version of a document."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="evidence")
    version = models.ForeignKey(DocumentVersion, models.PROTECT, related_name="evidence")
    pages = models.CharField("halaman", max_length=60, blank=True)
    level = LevelField("mendukung level", null=True, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    on_behalf = models.BooleanField(default=False)  # added for the agency by a coordinator

    class Meta:
        ordering = ["answer", "id"]
        verbose_name_plural = "evidence"
        constraints = [
            models.UniqueConstraint(fields=["answer", "version"], name="evidence_once_per_answer"),
            models.CheckConstraint(
                condition=Q(level=None) | Q(level__gte=0, level__lte=10), name="evidence_level_plausible"
            ),
        ]

    def __str__(self) -> str:
        return f"Bukti {self.pk}"


class Upload(models.Model):
    """A file on its way in parts, for whom the line breaks. The parts lie outside the storage until it is whole."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    agency = models.ForeignKey(Agency, models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()  # bytes, as announced
    received = models.PositiveBigIntegerField(default=0)  # bytes there
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="upload_not_more_than_announced")
        ]
        indexes = [models.Index(fields=["changed_at"], name="upload_by_change")]

    def __str__(self) -> str:
        return self.name


class CarryOver(models.Model):
    """What an agency said of one thing of an earlier year: still valid, or not. Nothing is copied without a row."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="carried")
    source_answer = models.ForeignKey(Answer, models.PROTECT, null=True, related_name="+")
    source_evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    is_valid = models.BooleanField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(source_answer=None, source_evidence__isnull=False)
                | Q(source_answer__isnull=False, source_evidence=None),
                name="carry_over_of_one_thing",
            ),
            models.UniqueConstraint(fields=["answer", "source_answer"], name="carry_over_of_answer_once"),
            models.UniqueConstraint(fields=["answer", "source_evidence"], name="carry_over_of_evidence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.answer_id}: {'masih berlaku' if self.is_valid else 'tidak berlaku'}"
