"""People, agencies and the dated memberships that join them."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac


class User(AbstractUser):
    """A person with an account. What they may do follows from their current memberships.

    `session_serial` is part of every session's fingerprint and `link_serial` of every one-time
    password link: counting one up ends what was given out before.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField("nama lengkap", max_length=150)
    position = models.CharField("jabatan", max_length=150, blank=True)
    session_serial = models.PositiveIntegerField(default=0, editable=False)
    link_serial = models.PositiveIntegerField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)  # of the details, counted up by every edit
    # The newest link that goes out by e-mail at a manager's wish: asked for, and handed to the mail server.
    invited_at = models.DateTimeField(null=True, editable=False)
    invitation_sent_at = models.DateTimeField(null=True, editable=False)
    reset_sent_at = models.DateTimeField(null=True, editable=False)  # the last link that the person asked for

    class Meta:
        ordering = ["name", "username"]
        constraints = [
            # Phones write the first letter large: log-in ignores case, so names must differ without it.
            models.UniqueConstraint(Lower("username"), name="user_username_once_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def invitation(self) -> str:
        """Of the newest link that went out by e-mail and was not used: "sending", "late" (it should have gone out
        long ago), "sent" or "expired". Empty where there is none."""
        now = timezone.now()
        if self.invited_at is None:
            return ""
        if self.invitation_sent_at is None:
            return "sending" if now - self.invited_at < timedelta(minutes=10) else "late"
        lasts = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        return "sent" if now - self.invitation_sent_at < lasts else "expired"

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def get_session_auth_hash(self) -> str:
        return self._session_fingerprint()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_fingerprint(secret)

    def _session_fingerprint(self, secret: str | bytes | None = None) -> str:
        held = f"{self.password}:{self.session_serial}"
        return salted_hmac("accounts.session", held, secret=secret, algorithm="sha256").hexdigest()


class AgencyQuerySet(models.QuerySet["Agency"]):
    def valid_on(self, day: date) -> "AgencyQuerySet":
        """Agencies that exist on `day`."""
        return self.filter(valid_from__lte=day).filter(Q(valid_until=None) | Q(valid_until__gte=day))


class Agency(models.Model):
    """Perangkat daerah (OPD). Never deleted: it ends, and may have a successor."""

    class Kind(models.TextChoices):
        SEKRETARIAT = "sekretariat", "Sekretariat"
        BAGIAN = "bagian", "Bagian"
        INSPEKTORAT = "inspektorat", "Inspektorat"
        BADAN = "badan", "Badan"
        DINAS = "dinas", "Dinas"
        SATUAN = "satuan", "Satuan"
        RUMAH_SAKIT = "rumah_sakit", "Rumah sakit"
        KECAMATAN = "kecamatan", "Kecamatan"
        LAIN = "lain", "Lainnya"

    slug = models.SlugField("kode", max_length=60, unique=True)
    name = models.CharField("nama", max_length=200, unique=True)
    short_name = models.CharField("nama singkat", max_length=60)
    kind = models.CharField("jenis", max_length=20, choices=Kind)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="induk"
    )
    valid_from = models.DateField("berlaku sejak", default=date(2000, 1, 1))
    valid_until = models.DateField("berlaku sampai", null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors", verbose_name="penerus"
    )
    version = models.PositiveIntegerField(default=1, editable=False)  # of the details, counted up by every edit

    objects = AgencyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="agency_validity_in_order"
            ),
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("id")), name="agency_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(successor=None) | ~Q(successor=F("id")), name="agency_not_its_own_successor"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OPERATOR = "operator", "Operator OPD"
    VERIFIER = "verifier", "Verifikator"
    COORDINATOR = "coordinator", "Koordinator penilaian"
    LEADER = "leader", "Pimpinan"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self, day: date | None = None) -> "MembershipQuerySet":
        day = day or timezone.localdate()
        return self.filter(valid_from__lte=day).filter(Q(valid_until=None) | Q(valid_until__gte=day))


class Membership(models.Model):
    """One role of one person at one agency, from a day until a day (both inclusive)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name="pengguna")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="memberships", verbose_name="OPD")
    role = models.CharField("peran", max_length=20, choices=Role)
    valid_from = models.DateField("sejak", default=timezone.localdate)
    valid_until = models.DateField("sampai", null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["user", "agency", "role", "valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="membership_validity_in_order",
            ),
            models.UniqueConstraint(
                fields=["user", "agency", "role"],
                condition=Q(valid_until=None),
                name="membership_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()}, {self.agency.short_name})"
