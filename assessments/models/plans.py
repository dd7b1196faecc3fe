"""The way to the target, and what is done about it."""

from fractions import Fraction

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import Agency
from assessments.models.answers import Review
from assessments.models.evidence import DocumentVersion
from assessments.models.periods import Period
from indicators.fields import LevelField
from indicators.models import Indicator


class Plan(models.Model):
    """Peta jalan: the rises chosen to reach a target in a period. One plan a period is in force.

    `rules` hold what it was computed with: {"fixed": [codes], "max_step": n or null, "efforts": {"2": 2, ...},
    "indicator_efforts": {code: {"2": 5, ...}}}. `start` says where the levels come from, in words.
    """

    period = models.ForeignKey(Period, models.CASCADE, related_name="plans")
    name = models.CharField("nama", max_length=120)
    target = models.DecimalField("target indeks", max_digits=6, decimal_places=4)
    start = models.CharField("titik awal", max_length=200)
    start_exact = models.CharField(max_length=80)  # "1403/400"
    index_exact = models.CharField(max_length=80)  # once all rises are reached
    predicate = models.CharField(max_length=60)
    effort = models.PositiveIntegerField("upaya")
    rules = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["period"], condition=Q(replaced_at=None), name="plan_one_in_force"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def start_index(self) -> Fraction:
        return Fraction(self.start_exact)

    @property
    def index(self) -> Fraction:
        return Fraction(self.index_exact)


class PlanRise(models.Model):
    """One indicator of a plan and the level it is to reach."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="rises")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    from_level = LevelField("dari level")
    to_level = LevelField("ke level")
    effort = models.PositiveIntegerField("upaya")

    class Meta:
        ordering = ["plan", "indicator__order"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "indicator"], name="plan_rise_once"),
            models.CheckConstraint(condition=Q(to_level__gt=F("from_level")), name="plan_rise_goes_up"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id}: {self.from_level} -> {self.to_level}"


class FollowUp(models.Model):
    """Tindak lanjut: a recommendation that an agency carries out by a day, with proof.

    `period` is where it arose; open ones appear beside the indicator in later periods, matched by instrument and
    indicator code. The owner reports it as done, a coordinator confirms or sends it back.
    """

    class Source(models.TextChoices):
        REVIEW = "review", "Catatan verifikasi"
        PLAN = "plan", "Peta jalan"
        TYPED = "typed", "Rekomendasi lain"

    class Status(models.TextChoices):
        OPEN = "open", "Terbuka"
        REPORTED = "reported", "Menunggu pemeriksaan"
        DONE = "done", "Selesai"
        DROPPED = "dropped", "Dihentikan"

    period = models.ForeignKey(Period, models.PROTECT, related_name="follow_ups")
    indicator = models.ForeignKey(Indicator, models.PROTECT, null=True, blank=True, related_name="follow_ups")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="follow_ups")
    source = models.CharField("asal", max_length=10, choices=Source, default=Source.TYPED)
    review = models.ForeignKey(Review, models.PROTECT, null=True, blank=True, related_name="follow_ups")
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="follow_ups")
    text = models.TextField("rekomendasi")
    aim = LevelField("level yang dituju", null=True, blank=True)
    due_on = models.DateField("tenggat")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    progress = models.PositiveSmallIntegerField(
        "kemajuan (persen)", default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    report = models.TextField("laporan pelaksanaan", blank=True)
    proof = models.ForeignKey(DocumentVersion, models.PROTECT, null=True, blank=True, related_name="follow_ups")
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reported_at = models.DateTimeField(null=True)
    note = models.TextField("catatan koordinator", blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    reminded_on = models.DateField(null=True)  # the last day its owner was reminded by e-mail
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "reported", "done", "dropped"]), name="follow_up_status_known"
            ),
            models.CheckConstraint(condition=Q(source__in=["review", "plan", "typed"]), name="follow_up_source_known"),
            models.CheckConstraint(condition=~Q(text=""), name="follow_up_has_text"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="follow_up_progress_in_percent"),
            models.CheckConstraint(
                condition=~Q(status="reported") | (~Q(report="") & Q(reported_at__isnull=False)),
                name="follow_up_reported_says_what",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["done", "dropped"]) | Q(closed_at__isnull=False),
                name="follow_up_closed_has_time",
            ),
            models.CheckConstraint(condition=~Q(status="dropped") | ~Q(note=""), name="follow_up_dropped_says_why"),
            models.UniqueConstraint(fields=["review"], name="follow_up_once_per_review"),
            models.UniqueConstraint(fields=["plan", "indicator", "agency"], name="follow_up_once_per_rise_and_agency"),
        ]
        indexes = [
            models.Index(fields=["status", "due_on"], name="follow_up_due"),
            models.Index(fields=["agency", "status"], name="follow_up_by_agency"),
        ]

    def __str__(self) -> str:
        return self.text if len(self.text) <= 80 else f"{self.text[:79].rstrip()}…"
