"""Background work of no one app. Each task calls one function."""

from celery import shared_task

from spbe_portal import trail


@shared_task
def watch_the_trail() -> None:
    """On the schedule once a day; running it again makes no second anchor."""
    trail.watch()
