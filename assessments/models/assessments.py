"""The assessment of one agency in one period."""

from datetime import datetime
from fractions import Fraction

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Agency
from accounts.permissions import Rights
from assessments.models.periods import Period


class Status(models.TextChoices):
    DRAFT = "draft", "Draf"
    SUBMITTED = "submitted", "Diajukan"
    RETURNED = "returned", "Dikembalikan"
    APPROVED = "approved", "Disetujui"
    FINAL = "final", "Final"
    CANCELLED = "cancelled", "Dibatalkan"


#: The states from which on reviewers and leaders may look.
HANDED_IN = (Status.SUBMITTED, Status.RETURNED, Status.APPROVED, Status.FINAL)


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, rights: Rights) -> "AssessmentQuerySet":
        """What `rights` may know of at all (PRODUCT: not visible is 404)."""
        if rights.is_coordinator:
            return self
        seen = Q(agency_id__in=rights.operator_of | rights.verifier_at)
        if rights.is_verifier or rights.is_leader:
            seen |= Q(status__in=HANDED_IN)
        return self.filter(seen)

    def handed_in(self) -> "AssessmentQuerySet":
        """Those of which `Assessment.was_handed_in` holds."""
        return self.filter(status__in=HANDED_IN, round__gt=0)

    def with_wrote(self, rights: Rights) -> "AssessmentQuerySet":
        """Annotate `wrote`: whether the person wrote anything in the assessment."""
        from assessments.models.answers import Contributor

        return self.annotate(wrote=Exists(Contributor.objects.filter(assessment=OuterRef("pk"), user=rights.user_id)))

    def found_by(self, rights: Rights) -> "AssessmentQuerySet":
        """What `rights` may know of, with `wrote` and all that pages and API ask of an assessment."""
        found = self.visible_to(rights).with_wrote(rights)
        return found.select_related("period__instrument", "agency", "submitted_by")


class Assessment(models.Model):
    """Penilaian: the state of one agency's hand-in, and its totals kept up with every change."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="assessments")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="assessments")
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    revision = models.PositiveIntegerField(default=1)  # grows with every change below this row
    round = models.PositiveSmallIntegerField(default=0)  # how often it was handed in
    extended_until = models.DateTimeField(null=True, blank=True)
    mend_by = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finalised_at = models.DateTimeField(null=True)

    # Totals. The exact index is text: "1403/400"; empty where there is none.
    assigned_count = models.PositiveSmallIntegerField(default=0)
    answered_count = models.PositiveSmallIntegerField(default=0)
    decided_count = models.PositiveSmallIntegerField(default=0)
    returned_count = models.PositiveSmallIntegerField(default=0)
    self_exact = models.CharField(max_length=80, blank=True)
    self_predicate = models.CharField(max_length=60, blank=True)
    verified_exact = models.CharField(max_length=80, blank=True)
    verified_predicate = models.CharField(max_length=60, blank=True)
    # Every level in one text, for tables over many agencies: see `assessments.levels`. Empty where there is none.
    self_levels = models.TextField(blank=True)
    verified_levels = models.TextField(blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-period__year", "agency__name"]
        constraints = [
            models.UniqueConstraint(fields=["period", "agency"], name="assessment_once_per_period"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="assessment_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["submitted", "returned", "approved"]) | Q(submitted_at__isnull=False),
                name="assessment_submitted_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="returned") | Q(mend_by__isnull=False), name="assessment_returned_has_mend_by"
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(approved_at__isnull=False), name="assessment_approved_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="final") | Q(finalised_at__isnull=False), name="assessment_final_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "submitted_at"], name="assessment_queue"),
            models.Index(fields=["period", "status"], name="assessment_by_period"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} – {self.period}"

    @property
    def was_handed_in(self) -> bool:
        """By the agency. What froze before its first hand-in (round 0) was not, even when it is reopened."""
        return self.status in HANDED_IN and self.round > 0

    @property
    def has_imported_levels(self) -> bool:
        """Verified levels of a past year that was brought in: nobody here approved, so nobody decided on them."""
        return self.approved_at is None and bool(self.verified_levels)

    @property
    def due_at(self) -> datetime:
        """Until when the agency may work on it: the mend-by time once returned, else its deadline."""
        if self.status == Status.RETURNED and self.mend_by:
            return self.mend_by
        return self.extended_until or self.period.deadline

    @property
    def self_index(self) -> Fraction | None:
        return Fraction(self.self_exact) if self.self_exact else None

    @property
    def verified_index(self) -> Fraction | None:
        return Fraction(self.verified_exact) if self.verified_exact else None
