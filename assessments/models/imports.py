"""Lists of levels that are brought in from a file: what they would change, until that is confirmed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from assessments.models.assessments import Assessment
from assessments.models.periods import Period


class SheetDraft(models.Model):
    """A sheet that somebody brought in and has not confirmed: what it would change, row by row."""

    class Subject(models.TextChoices):
        WORKING_PAPER = "working_paper", "Kertas kerja"
        EXTERNAL = "external", "Hasil kementerian"
        HISTORY = "history", "Riwayat"

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    subject = models.CharField(max_length=20, choices=Subject)
    assessment = models.ForeignKey(Assessment, models.CASCADE, null=True, related_name="+")
    period = models.ForeignKey(Period, models.CASCADE, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    rows = models.JSONField()
    ignored = models.JSONField(default=list)  # list[str]: columns that mean nothing here
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subject="working_paper", assessment__isnull=False, period=None)
                | Q(subject="external", period__isnull=False, assessment=None)
                | Q(subject="history", period=None, assessment=None),
                name="sheet_draft_of_what_it_changes",
            )
        ]

    def __str__(self) -> str:
        return self.file_name
