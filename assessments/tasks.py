"""Background work on evidence. Each task takes an id and calls one function."""

from celery import shared_task

from assessments import previews


@shared_task
def make_previews(version_id: int) -> None:
    """Pictures of one document version."""
    previews.make(version_id)
