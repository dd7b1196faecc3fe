"""The government's own levels: determined, as the ministry gave them, and frozen."""

from fractions import Fraction

from django.conf import settings
from django.db import models
from django.db.models import Q

from assessments.models.periods import Period
from indicators.fields import LevelField
from indicators.models import Indicator


class Determination(models.Model):
    """Penetapan nilai Pemda: the government's level of one indicator in a period, fixed by a coordinator.

    `suggested` is the suggestion that stood when it was fixed (None: there was none); `reason` is there
    wherever the level differs from it.
    """

    period = models.ForeignKey(Period, models.CASCADE, related_name="determinations")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="determinations")
    level = LevelField("nilai Pemda")
    suggested = LevelField("usulan", null=True, blank=True)
    reason = models.TextField("alasan", blank=True)
    determined_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    determined_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["period", "indicator__order"]
        constraints = [
            models.UniqueConstraint(fields=["period", "indicator"], name="determination_once"),
            models.CheckConstraint(condition=Q(level__gte=0, level__lte=10), name="determination_level_plausible"),
            models.CheckConstraint(
                condition=Q(suggested__isnull=False, level=models.F("suggested")) | ~Q(reason=""),
                name="determination_other_than_suggested_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.indicator_id} = {self.level}"


class ExternalLevel(models.Model):
    """Nilai eksternal: what the ministry's evaluation gave, beside the government's own."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="external_levels")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="external_levels")
    level = LevelField("nilai eksternal")
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        ordering = ["period", "indicator__order"]
        constraints = [
            models.UniqueConstraint(fields=["period", "indicator"], name="external_level_once"),
            models.CheckConstraint(condition=Q(level__gte=0, level__lte=10), name="external_level_plausible"),
        ]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.indicator_id} = {self.level}"


class PemdaResult(models.Model):
    """Hasil Pemda: an immutable revision of the government's index, every indicator determined.

    `snapshot` is the shape of `assessments.pemda_snapshot`; `digest` is the SHA-256 of its canonical JSON. Only
    `superseded_at` is ever set later, when a newer revision replaces the row.
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="pemda_results")
    revision = models.PositiveSmallIntegerField()
    instrument_code = models.CharField(max_length=60)
    instrument_version = models.PositiveIntegerField()
    formula_version = models.CharField(max_length=20)
    index_exact = models.CharField(max_length=80)  # "1403/400"
    predicate = models.CharField(max_length=60)
    snapshot = models.JSONField()
    digest = models.CharField(max_length=64)
    finalised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finalised_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["period", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["period", "revision"], name="pemda_result_revision_once"),
            models.UniqueConstraint(
                fields=["period"], condition=Q(superseded_at=None), name="pemda_result_one_in_force"
            ),
            models.CheckConstraint(condition=~Q(index_exact=""), name="pemda_result_has_index"),
        ]

    def __str__(self) -> str:
        return f"Hasil Pemda {self.period} revisi {self.revision}"

    @property
    def index(self) -> Fraction:
        return Fraction(self.index_exact)
