"""Where a person is signed in, and who they are to the government's identity provider."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User


class SignIn(models.Model):
    """Sesi: one browser a person is signed in with. The session itself is Django's; this row tells of it.

    A row whose session is gone, or whose `fingerprint` is no longer the person's, tells of nothing any more.
    """

    class Way(models.TextChoices):
        PASSWORD = "password", "Kata sandi"
        OIDC = "oidc", "Akun pemerintah"

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    fingerprint = models.CharField(max_length=64)
    way = models.CharField(max_length=10, choices=Way, default=Way.PASSWORD)
    address = models.CharField(max_length=45)
    browser = models.CharField(max_length=300, blank=True)  # as it calls itself
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-seen_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(way__in=["password", "oidc"]), name="sign_in_way_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.started_at:%Y-%m-%d %H:%M}"


class LinkedIdentity(models.Model):
    """Whom the identity provider (`issuer`) means by `subject`."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["linked_at"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_of_one_person"),
            models.UniqueConstraint(fields=["user", "issuer"], name="identity_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.issuer}"
