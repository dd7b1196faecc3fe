"""Background work: pictures of evidence, reminders, sweeping. Each task calls one function."""

from celery import shared_task
from django.utils import timezone

from assessments import previews, reminders
from assessments.services import uploads


@shared_task(soft_time_limit=60, time_limit=90)  # seconds
def make_previews(version_id: int) -> None:
    """Pictures of one document version.

    The limits hold where the worker has child processes. The worker of a desk has none (`--pool solo`)
    and ignores them; there `previews` alone bounds the work: so many pages, pixels and seconds.
    """
    previews.make(version_id)


@shared_task
def remind_of_follow_ups() -> None:
    """On the schedule once a day; running it again does no harm."""
    reminders.send_reminders()


@shared_task
def sweep_uploads() -> None:
    """On the schedule once an hour; running it again does no harm."""
    uploads.sweep(timezone.now())
