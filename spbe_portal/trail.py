"""Once a day: anchor the audit trail, read it through, and say so where it is not whole."""

import logging
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, NotificationKind, Role, User
from accounts.services.notifications import Message, notify_all
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
            notify_all(_messages(kept))
    for problem in verdict.problems:
        log.error("Audit trail: %s", problem)
    log.info("Audit trail: %s events read, %s problems", kept.events, kept.problem_count)
    return kept


def _messages(kept: Verification) -> list[Message]:
    """To coordinators with the way to the trail; administrators may not read it, but are who can look into it."""
    coordinators = Membership.objects.current().filter(role=Role.COORDINATOR).values("user")
    active = User.objects.filter(is_active=True).order_by("pk")
    first = "\n".join(f"- {problem}" for problem in kept.problems)
    told: dict[str, Any] = {
        "kind": NotificationKind.ACCOUNT,
        "title": f"Jejak audit tidak utuh: {kept.problem_count} masalah",
        "text": f"Pemeriksaan harian menemukan:\n{first}\nMinta administrator sistem menjalankan verify_chain.",
        "key": f"trail:{timezone.localdate()}",
    }
    return [
        Message(people=list(active.filter(pk__in=coordinators)), path=reverse("audit_trail"), **told),
        Message(people=list(active.filter(is_superuser=True).exclude(pk__in=coordinators)), **told),
    ]
