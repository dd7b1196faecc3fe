"""Background work: e-mails of notifications, and the end of old ones. Each task calls one function."""

from celery import shared_task

from accounts import mails


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
