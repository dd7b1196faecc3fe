"""What the portal tells a person: behind the bell, and by e-mail where they want it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User


class NotificationKind(models.TextChoices):
    DEADLINE = "deadline", "Batas waktu"
    HANDED_IN = "handed_in", "Penilaian diajukan"
    RETURNED = "returned", "Penilaian dikembalikan"
    APPROVED = "approved", "Penilaian disetujui"
    PERIOD = "period", "Periode penilaian"
    FOLLOW_UP = "follow_up", "Tindak lanjut"
    REPORT = "report", "Laporan"
    ACCOUNT = "account", "Akun dan keamanan"


class Notification(models.Model):
    """Pemberitahuan: one thing told to one person. The same `key` is told them once."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=12, choices=NotificationKind)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    path = models.CharField(max_length=300, blank=True)  # address within the portal, from "/"
    key = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    is_shown = models.BooleanField(default=True)  # behind the bell; False: by e-mail only
    read_at = models.DateTimeField(null=True)
    email_wanted = models.BooleanField(default=False)
    emailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="notification_once"),
            models.CheckConstraint(condition=Q(kind__in=NotificationKind.values), name="notification_kind_known"),
        ]
        indexes = [
            models.Index(fields=["user"], condition=Q(read_at=None, is_shown=True), name="notification_unread"),
            models.Index(fields=["user", "-created_at"], name="notification_newest"),
            models.Index(
                fields=["created_at"], condition=Q(email_wanted=True, emailed_at=None), name="notification_to_mail"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class NotificationChoice(models.Model):
    """How a person wants to be told of one kind. No row: both behind the bell and by e-mail."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=12, choices=NotificationKind)
    in_app = models.BooleanField(default=True)
    by_email = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notification_choice_once"),
            models.CheckConstraint(condition=Q(kind__in=NotificationKind.values), name="notification_choice_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind}"
