"""Lists of levels that are brought in from a file: what they would change, until that is confirmed."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from assessments.models.assessments import Assessment
from assessments.models.periods import Period


class SheetDraftQuerySet(models.QuerySet["SheetDraft"]):
    def kept(self) -> "SheetDraftQuerySet":
        """Those that can still be confirmed."""
        return self.filter(self._young())

    def over(self) -> "SheetDraftQuerySet":
        """Those that nobody confirmed in time."""
        return self.exclude(self._young())

    @staticmethod
    def _young() -> Q:
        now = timezone.now()
        young = Q(pk__in=[])
        for subject, time in SheetDraft.KEPT_FOR.items():
            young |= Q(subject=subject, created_at__gte=now - time)
        return young


class SheetDraft(models.Model):
    """A sheet that somebody brought in and has not confirmed: what it would change, row by row."""

    class Subject(models.TextChoices):
        WORKING_PAPER = "working_paper", "Kertas kerja"
        EXTERNAL = "external", "Hasil kementerian"
        HISTORY = "history", "Riwayat"

    #: How long it is kept; a working paper over a weekend, since a deadline may be put off.
    KEPT_FOR: ClassVar[dict[str, timedelta]] = {
        Subject.WORKING_PAPER: timedelta(days=7),
        Subject.EXTERNAL: timedelta(days=1),
        Subject.HISTORY: timedelta(days=1),
    }

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    subject = models.CharField(max_length=20, choices=Subject)
    assessment = models.ForeignKey(Assessment, models.CASCADE, null=True, related_name="+")
    period = models.ForeignKey(Period, models.CASCADE, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    rows = models.JSONField()
    ignored = models.JSONField(default=list)  # list[str]: columns that mean nothing here
    created_at = models.DateTimeField(default=timezone.now)

    objects = SheetDraftQuerySet.as_manager()

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

    @property
    def kept_until(self) -> datetime:
        return self.created_at + self.KEPT_FOR[self.subject]
