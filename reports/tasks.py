"""Background work on reports. Each task takes an id and calls one function."""

from celery import shared_task
from celery.signals import worker_ready
from django.db import close_old_connections

from reports import making, services


@shared_task
def make_report(job_id: str) -> None:
    """One report."""
    making.make(job_id)


@shared_task
def take_up_lost_reports() -> None:
    """Reports whose worker died or whose message was lost."""
    services.take_up_lost()


@worker_ready.connect
def at_worker_start(**kwargs) -> None:
    """A worker that starts takes up what an earlier one left."""
    try:
        services.take_up_lost()
    finally:
        close_old_connections()
