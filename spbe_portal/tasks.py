"""Background work of no one app. Each task calls one function."""

from celery import shared_task

from accounts.services import tokens
from spbe_portal import trail
from spbe_portal.api import idempotency


@shared_task
def watch_the_trail() -> None:
    """On the schedule once a day; running it again makes no second anchor."""
    trail.watch()


@shared_task
def sweep_api() -> None:
    """On the schedule: answers kept for programs that ask twice, and tokens that ended long ago."""
    idempotency.sweep()
    tokens.clean_up()
