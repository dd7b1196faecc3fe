"""The agencies' applications and services: what each is for, who uses it, where it runs."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import Agency, User
from accounts.permissions import Rights
from indicators.models import Indicator
from inventory.permissions import can_see_all

FIRST_YEAR, LAST_YEAR = 1980, 2100
#: An entry that nobody confirmed for this long is asked about.
FRESH_FOR = timedelta(days=365)
#: An application last used this many calendar years ago, or earlier, counts as one that nobody uses.
IDLE_YEARS = 2


class Kind(models.TextChoices):
    ADMINISTRATION = "administrasi", "Administrasi pemerintahan"
    PUBLIC = "publik", "Layanan publik"


class Category(models.TextChoices):
    PLANNING = "perencanaan", "Perencanaan"
    BUDGETING = "penganggaran", "Penganggaran"
    FINANCE = "keuangan", "Keuangan dan pajak"
    PROCUREMENT = "pengadaan", "Pengadaan barang dan jasa"
    STAFF = "kepegawaian", "Kepegawaian"
    RECORDS = "kearsipan", "Kearsipan dan persuratan"
    ASSETS = "aset", "Barang milik daerah"
    SUPERVISION = "pengawasan", "Pengawasan internal"
    PERFORMANCE = "kinerja", "Kinerja"
    COMPLAINTS = "pengaduan", "Pengaduan dan survei"
    DATA = "data", "Data dan statistik"
    LAW = "hukum", "Produk hukum"
    LICENSING = "perizinan", "Perizinan"
    POPULATION = "kependudukan", "Kependudukan dan surat keterangan"
    HEALTH = "kesehatan", "Kesehatan"
    EDUCATION = "pendidikan", "Pendidikan dan perpustakaan"
    SOCIAL = "sosial", "Sosial dan ketenagakerjaan"
    TRANSPORT = "perhubungan", "Perhubungan dan lingkungan"
    ICT = "tik", "Pendukung TIK"
    OTHER = "lainnya", "Lainnya"


class Status(models.TextChoices):
    ACTIVE = "aktif", "Aktif"
    INACTIVE = "tidak_aktif", "Tidak aktif"
    UNKNOWN = "tidak_diketahui", "Belum diketahui"


class Hosting(models.TextChoices):
    NATIONAL = "pdn", "Pusat Data Nasional"
    GOVERNMENT = "pusat_data", "Pusat data Pemda"
    AGENCY = "server_opd", "Server OPD"
    OUTSIDE = "luar", "Hosting luar"
    UNKNOWN = "tidak_diketahui", "Belum diketahui"


class ApplicationQuerySet(models.QuerySet["Application"]):
    def visible_to(self, rights: Rights) -> "ApplicationQuerySet":
        """Operators see their own agencies', who sees the government as a whole sees all, others none."""
        if can_see_all(rights):
            return self
        return self.filter(agency__in=rights.operator_of) if rights.operator_of else self.none()


def is_idle_now() -> Q:
    """Said to be inactive, or last used at least `IDLE_YEARS` calendar years ago."""
    return Q(status=Status.INACTIVE) | Q(last_used__lte=timezone.localdate().year - IDLE_YEARS)


def lacks_contact_now() -> Q:
    """Still in use, and nobody to call when something happens to it."""
    return Q(security_contact="") & ~is_idle_now()


def is_unchecked_now() -> Q:
    """Nobody changed or confirmed it for `FRESH_FOR`."""
    return Q(checked_at__lt=unchecked_before())


class Application(models.Model):
    """One application or service of one agency.

    Indicators are rows, not bare codes: the database refuses what no instrument asks. They are those of the default
    instrument; an instrument that asks the same (same code and name) finds them too (see `queries.same_question`).
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="applications", verbose_name="OPD")
    name = models.CharField("nama", max_length=150)
    purpose = models.CharField("fungsi", max_length=300)
    users = models.CharField("pengguna", max_length=200, blank=True)
    kind = models.CharField("jenis", max_length=20, choices=Kind)
    category = models.CharField("kategori", max_length=20, choices=Category)
    status = models.CharField("status", max_length=20, choices=Status, default=Status.UNKNOWN)
    last_used = models.PositiveSmallIntegerField("tahun terakhir dipakai", null=True, blank=True)  # None: unknown
    hosting = models.CharField("hosting", max_length=20, choices=Hosting, default=Hosting.UNKNOWN)
    url = models.URLField("alamat", max_length=300, blank=True)
    security_contact = models.CharField("kontak keamanan", max_length=200, blank=True)  # empty: there is none
    indicators = models.ManyToManyField(
        Indicator, related_name="applications", blank=True, verbose_name="indikator terkait"
    )

    is_candidate = models.BooleanField("calon konsolidasi", default=False)
    candidate_note = models.CharField("catatan konsolidasi", max_length=500, blank=True)
    candidate_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    candidate_at = models.DateTimeField(null=True, editable=False)

    version = models.PositiveIntegerField(default=1, editable=False)  # of the details, counted up by every edit
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    checked_at = models.DateTimeField(default=timezone.now, editable=False)  # changed, or said to be right still

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering = ["agency__name", "name"]
        indexes = [models.Index(fields=["category", "status"], name="application_by_category")]
        constraints = [
            models.UniqueConstraint(F("agency"), Lower("name"), name="application_once_an_agency"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(purpose=""), name="application_named_and_explained"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="application_kind_known"),
            models.CheckConstraint(condition=Q(category__in=Category.values), name="application_category_known"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="application_status_known"),
            models.CheckConstraint(condition=Q(hosting__in=Hosting.values), name="application_hosting_known"),
            models.CheckConstraint(
                condition=Q(last_used=None) | Q(last_used__gte=FIRST_YEAR, last_used__lte=LAST_YEAR),
                name="application_year_possible",
            ),
            models.CheckConstraint(
                condition=Q(is_candidate=False, candidate_note="", candidate_by=None, candidate_at=None)
                | Q(is_candidate=True, candidate_by__isnull=False, candidate_at__isnull=False),
                name="application_candidate_marked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_idle(self) -> bool:
        old = timezone.localdate().year - IDLE_YEARS
        return self.status == Status.INACTIVE or (self.last_used is not None and self.last_used <= old)

    @property
    def lacks_contact(self) -> bool:
        return not self.security_contact and not self.is_idle

    @property
    def is_unchecked(self) -> bool:
        return self.checked_at < unchecked_before()


def unchecked_before() -> datetime:
    return timezone.now() - FRESH_FOR


class ImportDraft(models.Model):
    """A list that somebody brought in and has not confirmed: what it would change, row by row.

    `rows` holds `imports.Row`s as JSON; each changed row knows the version it was compared with.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    rows = models.JSONField()
    ignored = models.JSONField(default=list)  # list[str]: columns that mean nothing here
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.file_name
