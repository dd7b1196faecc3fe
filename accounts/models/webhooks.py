"""Addresses of other systems that are told when something happens, and what they were told."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User


class WebhookEvent(models.TextChoices):
    """What a webhook can be told of."""

    SUBMITTED = "assessment.submitted", "Penilaian diajukan"
    RETURNED = "assessment.returned", "Penilaian dikembalikan"
    APPROVED = "assessment.approved", "Penilaian disetujui"
    FINALISED = "period.finalised", "Periode difinalkan"
    REPORT_READY = "report.ready", "Laporan siap diunduh"


class Webhook(models.Model):
    """An address that is told of `events` (values of `WebhookEvent`). `sealed_secret` signs (`accounts.sealing`)."""

    name = models.CharField("nama", max_length=100)
    url = models.CharField("alamat", max_length=500)
    sealed_secret = models.TextField()
    events = models.JSONField(default=list)
    is_active = models.BooleanField("aktif", default=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)
    # Removed ones keep their row: what was delivered stays told, and what writes a delivery meanwhile does not fail.
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One message to one webhook: waiting for its next attempt, delivered, or given up. Never changed once over."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Menunggu"
        DELIVERED = "delivered", "Terkirim"
        FAILED = "failed", "Gagal"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40, choices=WebhookEvent)
    payload = models.JSONField()
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    answer = models.PositiveSmallIntegerField(null=True)  # HTTP status of the last attempt
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "delivered", "failed"]), name="webhook_delivery_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="waiting") | Q(next_attempt_at__isnull=False), name="webhook_waiting_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting") | Q(finished_at__isnull=False), name="webhook_over_has_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "next_attempt_at"], name="webhook_deliveries_waiting"),
            models.Index(fields=["webhook", "-created_at"], name="webhook_deliveries_of_one"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"
