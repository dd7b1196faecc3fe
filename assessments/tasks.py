"""Background work: pictures of evidence, reminders, sweeping. Each task calls one function."""

from celery import shared_task
from django.utils import timezone

from assessments import deadlines, parts, previews, reminders, scans
from assessments.models import SheetDraft


@shared_task(soft_time_limit=60, time_limit=90)  # seconds
def make_previews(version_id: int) -> None:
    """Pictures of one document version.

    The limits hold where the worker has child processes. The worker of a desk has none (`--pool solo`)
    and ignores them; there `previews` alone bounds the work: so many pages, pixels and seconds.
    """
    previews.make(version_id)


@shared_task(soft_time_limit=300, time_limit=330)  # seconds
def scan_version(version_id: int) -> None:
    """Scan one file for viruses; its pictures follow once it is clean."""
    if scans.scan(version_id):
        make_previews.delay(version_id)


@shared_task
def take_up_scans() -> None:
    """On the schedule once a minute: files whose task was lost, or that came while clamd was down."""
    for version_id in scans.take_up(timezone.now()):
        scan_version.delay(version_id)


@shared_task
def remind_of_deadlines() -> None:
    """On the schedule once a day; running it again does no harm."""
    deadlines.remind()


@shared_task
def tell_of_passed_deadlines() -> None:
    """On the schedule once an hour; running it again does no harm."""
    deadlines.tell_passed()


@shared_task
def remind_of_follow_ups() -> None:
    """On the schedule once a day; running it again does no harm."""
    reminders.send_reminders()


@shared_task
def sweep_sheets() -> None:
    """On the schedule once a day: lists and working papers that nobody confirmed in time."""
    SheetDraft.objects.over().delete()


@shared_task
def sweep_uploads() -> None:
    """On the schedule once an hour; running it again does no harm."""
    parts.sweep(timezone.now())
