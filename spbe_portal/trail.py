"""Once a day: anchor the audit trail, read it through, and say so where it is not whole."""

import logging

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, NotificationKind, Role, User
from accounts.services.notifications import notify
from audit.anchors import make_anchor
from audit.models import Verification
from audit.verification import keep, verify

log = logging.getLogger(__name__)


def watch() -> Verification:
    """Make today's anchor, verify everything and keep the outcome; coordinators and administrators are told once
    a day of what is wrong."""
    make_anchor()
    verdict = verify()
    with transaction.atomic():
        kept = keep(verdict)
        if verdict.problems:
            first = "\n".join(f"- {problem}" for problem in kept.problems)
            notify(
                _who_must_know(),
                kind=NotificationKind.ACCOUNT,
                title=f"Jejak audit tidak utuh: {kept.problem_count} masalah",
                text=f"Pemeriksaan harian menemukan:\n{first}\nMinta administrator sistem menjalankan verify_chain.",
                key=f"trail:{timezone.localdate()}",
                path=reverse("audit_trail"),
            )
    for problem in verdict.problems:
        log.error("Audit trail: %s", problem)
    log.info("Audit trail: %s events read, %s problems", kept.events, kept.problem_count)
    return kept


def _who_must_know() -> list[User]:
    coordinators = Membership.objects.current().filter(role=Role.COORDINATOR).values("user")
    return list(User.objects.filter(Q(pk__in=coordinators) | Q(is_superuser=True), is_active=True).order_by("pk"))
