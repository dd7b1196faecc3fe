"""What was true when a period was finalised."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from assessments.models.assessments import Assessment


class Result(models.Model):
    """Hasil: an immutable revision of one assessment, with everything a report needs.

    `snapshot` is the shape of `assessments.snapshot`; `digest` is the SHA-256 of its canonical
    JSON. Only `superseded_at` is ever set later, when a newer revision replaces the row.
    """

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="results")
    revision = models.PositiveSmallIntegerField()
    instrument_code = models.CharField(max_length=60)
    instrument_version = models.PositiveIntegerField()
    formula_version = models.CharField(max_length=20)
    is_complete = models.BooleanField()  # False: tidak selesai
    reason = models.TextField(blank=True)
    assigned_count = models.PositiveSmallIntegerField()
    answered_count = models.PositiveSmallIntegerField()
    self_exact = models.CharField(max_length=80, blank=True)
    verified_exact = models.CharField(max_length=80, blank=True)
    predicate = models.CharField(max_length=60, blank=True)
    snapshot = models.JSONField()
    digest = models.CharField(max_length=64)
    finalised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finalised_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["assessment", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "revision"], name="result_revision_once"),
            models.UniqueConstraint(
                fields=["assessment"], condition=Q(superseded_at=None), name="result_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(is_complete=True) | (Q(verified_exact="") & ~Q(reason="")),
                name="result_incomplete_has_reason_and_no_verified_index",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment} revisi {self.revision}"
