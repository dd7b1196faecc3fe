"""The append-only record of who changed what."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Event(models.Model):
    """One change, written in the transaction that made it. Rows are never updated or deleted.

    `stream` names the thing whose history the event belongs to ("assessment:12", "period:3"),
    `subject_*` the thing that changed. `before` and `after` hold the changed fields only; long
    texts enter as digest and difference (see `audit.diff`).
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey("accounts.Agency", models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    stream = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=60)
    subject_label = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["stream", "id"], name="event_by_stream"),
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}:{self.subject_id}"

    def save(self, *args, **kwargs) -> None:
        if self.pk is not None:
            raise TypeError("An event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("An event is never deleted.")
