"""One notification, one e-mail: in plain text, sent at most once.

A row is claimed by writing the time before the message goes out; where sending fails it is given back, and
`send_unsent` tries again for a day.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Notification

logger = logging.getLogger(__name__)

#: A queued message is normally sent at once: after this long something went wrong.
LATE = timedelta(minutes=5)
#: Later than this it is no news any more, and stays behind the bell.
STALE = timedelta(days=1)
#: Messages one run of `send_unsent` takes up.
AT_ONCE = 200


def send(notification_ids: Iterable[int]) -> int:
    """Send those that wait; how many went out. What fails is logged, given back, and does not stop the others."""
    waiting = Notification.objects.filter(pk__in=list(notification_ids), email_wanted=True, emailed_at=None)
    connection = get_connection()
    try:
        return sum(_sent(row, connection) for row in waiting.select_related("user").order_by("pk"))
    finally:
        connection.close()


def send_unsent() -> int:
    """Send what should have gone out already and is still news; how many went out."""
    now = timezone.now()
    late = Notification.objects.filter(
        email_wanted=True, emailed_at=None, created_at__lt=now - LATE, created_at__gte=now - STALE
    )
    return send(late.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])


def letter(row: Notification) -> EmailMessage:
    """The message as it goes out. Its subject is one line, whatever the title holds."""
    body = render_to_string(
        "accounts/notification_email.txt",
        {
            "person": row.user,
            "row": row,
            "url": settings.PUBLIC_URL,
            "portal_name": f"SPBE Portal, {settings.GOVERNMENT_NAME}",
        },
    )
    return EmailMessage(f"SPBE: {' '.join(row.title.split())}", body, None, [row.user.email])


def _sent(row: Notification, connection: BaseEmailBackend) -> bool:
    mine = Notification.objects.filter(pk=row.pk)
    if not mine.filter(emailed_at=None).update(emailed_at=timezone.now()):
        return False  # another worker was first
    if not row.user.is_active or not row.user.email:
        mine.update(email_wanted=False, emailed_at=None)
        return False
    try:
        message = letter(row)
        message.connection = connection
        message.send()
    except (SMTPException, OSError, ValueError):
        logger.exception("The e-mail of notification %s to user %s was not sent", row.pk, row.user_id)
        mine.update(emailed_at=None)
        return False
    return True
