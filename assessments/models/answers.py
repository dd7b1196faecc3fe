"""One agency's answer to one indicator, and the decisions on it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from assessments.models.assessments import Assessment
from indicators.fields import LevelField
from indicators.models import Indicator


class Answer(models.Model):
    """Jawaban: level, explanation and evidence for one assigned indicator.

    `version` counts changes of level and text (what two people can overwrite); `changed_at`
    moves with any change, evidence included.
    """

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="answers")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="answers")
    self_level = LevelField("nilai mandiri", null=True, blank=True)
    fact = models.TextField("fakta", blank=True)
    analysis = models.TextField("analisis", blank=True)
    not_applicable = models.BooleanField("tidak relevan", default=False)
    not_applicable_reason = models.TextField("alasan tidak relevan", blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    on_behalf = models.BooleanField(default=False)  # the last change was made for the agency by a coordinator

    class Meta:
        ordering = ["assessment", "indicator__order"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "indicator"], name="answer_once"),
            models.CheckConstraint(
                condition=Q(self_level=None) | Q(self_level__gte=0, self_level__lte=10), name="answer_level_plausible"
            ),
            models.CheckConstraint(
                condition=Q(not_applicable=False) | Q(self_level=None), name="answer_not_applicable_has_no_level"
            ),
        ]

    def __str__(self) -> str:
        return f"Jawaban {self.indicator}"

    @property
    def is_answered(self) -> bool:
        return self.not_applicable or self.self_level is not None


class Contributor(models.Model):
    """Somebody who wrote in an assessment, and therefore never reviews it."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="contributors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assessment", "user"], name="contributor_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.assessment_id}"


class DecisionKind(models.TextChoices):
    ACCEPT = "accept", "Diterima"
    ADJUST = "adjust", "Disesuaikan"
    RETURN = "return", "Dikembalikan"


class ReturnReason(models.TextChoices):
    WRONG_DOCUMENT = "wrong_document", "Dokumen tidak sesuai"
    NOT_SIGNED = "not_signed", "Belum disahkan atau ditandatangani"
    OUTSIDE_PERIOD = "outside_period", "Di luar periode penilaian"
    ILLEGIBLE = "illegible", "Tidak terbaca"
    LEVEL_NOT_MET = "level_not_met", "Kriteria level belum terpenuhi"
    OTHER = "other", "Lainnya"


class Review(models.Model):
    """Verifikasi: a reviewer's decision on an answer.

    One row per answer is current. A decision is published when the whole is returned or approved;
    a published row is history: deciding again makes a new row.
    """

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="reviews")
    round = models.PositiveSmallIntegerField()
    decision = models.CharField(max_length=10, choices=DecisionKind)
    verified_level = LevelField("nilai verifikasi", null=True, blank=True)  # empty: accepted as not relevant
    reason = models.CharField(max_length=20, choices=ReturnReason, blank=True)
    note = models.TextField("catatan", blank=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    is_published = models.BooleanField(default=False)
    seen = models.CharField(max_length=64, blank=True, default="", editable=False)  # a return: `content_digest`
    reply = models.TextField("tanggapan OPD", blank=True)
    replied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    replied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["answer", "id"]
        constraints = [
            models.UniqueConstraint(fields=["answer"], condition=Q(is_current=True), name="review_one_current"),
            models.CheckConstraint(condition=Q(decision__in=DecisionKind.values), name="review_decision_known"),
            models.CheckConstraint(
                condition=~Q(decision="adjust") | (Q(verified_level__isnull=False) & ~Q(note="")),
                name="review_adjust_has_level_and_note",
            ),
            models.CheckConstraint(
                condition=~Q(decision="return") | (Q(verified_level=None) & ~Q(reason="") & ~Q(note="")),
                name="review_return_has_reason_and_note",
            ),
            models.CheckConstraint(
                condition=Q(verified_level=None) | Q(verified_level__gte=0, verified_level__lte=10),
                name="review_level_plausible",
            ),
            models.CheckConstraint(condition=Q(reply="") | Q(replied_at__isnull=False), name="review_reply_has_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_decision_display()}: {self.answer}"
