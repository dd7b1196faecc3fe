"""The append-only record of who changed what."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Event(models.Model):
    """One change, written in the transaction that made it. Rows are never updated or deleted (`audit.triggers`).

    `stream` names the thing whose history the event belongs to ("assessment:12", "period:3"),
    `subject_*` the thing that changed. `before` and `after` hold the changed fields only; long
    texts enter as digest and difference (see `audit.diff`). The events of a stream are numbered
    from 1 by `position`; `digest` seals the row and the one before it (see `audit.chain`).
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey("accounts.Agency", models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    stream = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=60)
    subject_label = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["stream", "position"], name="event_once_in_its_place")]
        indexes = [
            models.Index(fields=["stream", "id"], name="event_by_stream"),
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_by_subject"),
            models.Index(fields=["action", "id"], name="event_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}:{self.subject_id}"

    def save(self, *args, **kwargs) -> None:
        if self.pk is not None:
            raise TypeError("An event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("An event is never deleted.")


class Chain(models.Model):
    """Head and length of one stream. Locked by whoever writes an event of it; only ever grows."""

    stream = models.CharField(max_length=60, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.stream} {self.count}"


class Anchor(models.Model):
    """Jangkar: what the chains of all streams had come to on one day, linked to the anchor before.

    `heads` holds the streams that grew since then, as {stream: [count, head]}; `streams` and `events`
    are the totals. A stream cut off at its end, chain row and all, no longer fits its anchor.
    """

    day = models.DateField(unique=True)
    at = models.DateTimeField(default=timezone.now)
    heads = models.JSONField(default=dict)
    streams = models.PositiveIntegerField()
    events = models.PositiveIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.digest[:12]}"


class Verification(models.Model):
    """One reading of the whole trail, and what was wrong with it (none: `problems` is empty)."""

    at = models.DateTimeField(default=timezone.now)
    events = models.PositiveIntegerField()
    streams = models.PositiveIntegerField()
    anchors = models.PositiveIntegerField()
    problems = models.JSONField(default=list)  # the first ones, in plain words
    problem_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.problem_count}"
