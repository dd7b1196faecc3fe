"""Lists of agencies and people that are brought in from a file."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User


class ImportDraft(models.Model):
    """A list that somebody brought in and has not confirmed: what it would change, row by row."""

    class Subject(models.TextChoices):
        AGENCIES = "agencies", "OPD"
        PEOPLE = "people", "Pengguna"

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    subject = models.CharField(max_length=10, choices=Subject)
    file_name = models.CharField(max_length=200)
    rows = models.JSONField()
    ignored = models.JSONField(default=list)  # list[str]: columns that mean nothing here
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(subject__in=["agencies", "people"]), name="import_subject_known")
        ]

    def __str__(self) -> str:
        return self.file_name
