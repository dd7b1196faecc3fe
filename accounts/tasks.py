"""Background work: e-mails of notifications and with password links, the end of old rows. Each calls one function."""

from celery import shared_task

from accounts import mails
from accounts.imports import _base as imports
from accounts.services import mailed_links
from accounts.webhooks import deliveries


@shared_task
def send_emails(notification_ids: list[int]) -> None:
    """Each at most once, however often the task runs."""
    mails.send(notification_ids)


@shared_task
def send_unsent_emails() -> None:
    """On the schedule: what a broken broker or mail server left behind."""
    mails.send_unsent()


@shared_task
def clean_up_notifications() -> None:
    """On the schedule once a day."""
    from accounts.services import notifications  # it queues the tasks above

    notifications.clean_up()


@shared_task
def send_invitation(person_id: int, serial: int) -> None:
    """The message with the link of this serial, unless a newer one was made meanwhile."""
    mailed_links.send_invitation(person_id, serial)


@shared_task
def send_unsent_invitations() -> None:
    """On the schedule: what a broken broker or mail server left behind."""
    mailed_links.send_unsent_invitations()


@shared_task
def answer_forgotten(typed: str) -> None:
    """A link to whoever this user name or address belongs to, if to anybody."""
    mailed_links.answer_forgotten(typed)


@shared_task
def clear_sessions() -> None:
    """On the schedule once a day: sessions that ended, and what was noted of them."""
    from accounts.services import sign_ins  # its neighbours queue the tasks above

    sign_ins.clear()


@shared_task
def send_webhook(delivery_id: str) -> None:
    """One attempt, if it is due: sent twice, the second finds it taken."""
    deliveries.attempt(delivery_id)


@shared_task
def take_up_webhooks() -> None:
    """On the schedule: what is due again, and what a lost message or a killed worker left behind."""
    for delivery_id in deliveries.due():
        send_webhook.delay(delivery_id)


@shared_task
def clean_up_webhooks() -> None:
    """On the schedule once a day: what was delivered or given up long ago."""
    deliveries.clean_up()


@shared_task
def clean_up_imports() -> None:
    """On the schedule once a day: lists that nobody confirmed."""
    imports.clean_up()
