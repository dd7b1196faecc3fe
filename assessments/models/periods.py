"""A period of assessment and which agency answers which indicator in it."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import Agency
from accounts.permissions import Rights
from indicators.models import Indicator, Instrument


class PeriodQuerySet(models.QuerySet["Period"]):
    def visible_to(self, rights: Rights) -> "PeriodQuerySet":
        """The periods a person meets on any page: coordinators all; who sees the government's figures those that were
        opened; members of an agency those in which it is assessed."""
        if rights.is_coordinator:
            return self
        seen = Q(pk__in=Period.objects.filter(assessments__agency__in=rights.operator_of | rights.verifier_at))
        if rights.is_verifier or rights.is_leader:
            seen |= Q(status__in=[Period.Status.OPEN, Period.Status.FINAL])
        return self.filter(seen)


class Period(models.Model):
    """Periode penilaian: one instrument, one deadline, many agencies."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Disiapkan"
        OPEN = "open", "Berjalan"
        FINAL = "final", "Final"
        CANCELLED = "cancelled", "Dibatalkan"

    name = models.CharField("nama", max_length=120, unique=True)
    year = models.PositiveSmallIntegerField("tahun", validators=[MinValueValidator(2018), MaxValueValidator(2100)])
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="periods", verbose_name="instrumen")
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    starts_on = models.DateField("mulai")
    deadline = models.DateTimeField("batas waktu pengisian")
    mend_days = models.PositiveSmallIntegerField(
        "hari kerja untuk perbaikan", default=5, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    target = models.DecimalField("target indeks", max_digits=4, decimal_places=2, null=True, blank=True)
    evidence_from = models.DateField("bukti paling lama bertanggal", null=True, blank=True)  # see assessments.quality
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(null=True)
    finalised_at = models.DateTimeField(null=True)
    finalised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finalise_reason = models.TextField(blank=True)
    # A past year brought in from a list: levels only, nothing was filled in or reviewed here.
    is_imported = models.BooleanField("riwayat impor", default=False)
    version = models.PositiveIntegerField(default=1, editable=False)  # of details and agencies, counted up by edits

    objects = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "open", "final", "cancelled"]), name="period_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | Q(opened_at__isnull=False),
                name="period_open_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="final") | Q(finalised_at__isnull=False), name="period_final_has_time"
            ),
            models.CheckConstraint(condition=Q(year__gte=2018, year__lte=2100), name="period_year_plausible"),
            models.CheckConstraint(
                condition=Q(mend_days__gte=1, mend_days__lte=60), name="period_mend_days_plausible"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """Penugasan: this agency answers this indicator in this period, as PIC or in support."""

    class Kind(models.TextChoices):
        PIC = "pic", "PIC"
        SUPPORT = "support", "Pendukung"

    period = models.ForeignKey(Period, models.CASCADE, related_name="assignments")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="assignments")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="assignments")
    kind = models.CharField("peran", max_length=10, choices=Kind, default=Kind.SUPPORT)

    class Meta:
        ordering = ["period", "agency", "indicator"]
        constraints = [
            models.UniqueConstraint(fields=["period", "agency", "indicator"], name="assignment_once"),
            models.CheckConstraint(condition=Q(kind__in=["pic", "support"]), name="assignment_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id}: {self.indicator_id} ({self.kind})"
