"""Tokens of programs that work for a person, and what they asked for twice."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.people import User


class ApiToken(models.Model):
    """Token API: lets a program act as `user` until `expires_at`. The token itself is shown once and not kept.

    `digest` is its SHA-256. `fingerprint` is the person's (`User.get_session_auth_hash`) when it was made: what ends
    all sessions, such as another password or a role that ended, ends it too.
    """

    class Scope(models.TextChoices):
        READ = "read", "Hanya membaca"
        WRITE = "write", "Membaca dan menulis"

    class Origin(models.TextChoices):
        PAGE = "page", "Dibuat di halaman"
        LOG_IN = "log_in", "Dibuat oleh program dengan kata sandi"

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField("nama", max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    beginning = models.CharField(max_length=12)  # of the token, to tell them apart
    fingerprint = models.CharField(max_length=64)
    scope = models.CharField("hak", max_length=10, choices=Scope)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.PAGE)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField("berlaku sampai")
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=["read", "write"]), name="api_token_scope_known"),
            models.CheckConstraint(condition=Q(origin__in=["page", "log_in"]), name="api_token_origin_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="api_token_ends_after_it_begins"),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="api_token_of_person")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.name}"


class IdempotentAnswer(models.Model):
    """What a POST with an `Idempotency-Key` was answered, so that the same request sent again is not done again.

    `fingerprint` is the SHA-256 of method, address and body. `status` is empty while the first is being done.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)  # those the answer needs again: ETag, Location
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_a_person")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_by_age")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.key}"
