"""The only writer of events."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from audit.diff import text_change
from audit.models import Event


def record(action: str, subject: models.Model, **details: Any) -> Event:
    """Write one event inside the caller's transaction; `details` as in `prepare`.

    Raises `TransactionManagementError` outside a transaction: an event must stand or fall with its change.
    """
    return record_all([prepare(action, subject, **details)])[0]


def record_all(events: list[Event]) -> list[Event]:
    """Write prepared events in the order given, inside the caller's transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An event is written in the transaction of its change.")
    return Event.objects.bulk_create(events, batch_size=1000)


def prepare(
    action: str,
    subject: models.Model,
    *,
    actor: Any,
    stream: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    on_behalf_of: Any = None,
    at: datetime | None = None,
) -> Event:
    """One event, not written yet.

    `action` is dotted ("assessment.submit"); `stream` defaults to the subject itself;
    `before` and `after` are trimmed to the fields that differ. `at` is given only where a past
    year is brought in.
    """
    old, new = _changes(before or {}, after or {})
    return Event(
        at=at or timezone.now(),
        actor=actor,
        on_behalf_of=on_behalf_of,
        action=action,
        stream=stream or f"{subject._meta.model_name}:{subject.pk}",
        subject_type=f"{subject._meta.label_lower}",
        subject_id=str(subject.pk),
        subject_label=str(subject)[:300],
        before=old,
        after=new,
        reason=reason,
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for name in [*before, *(name for name in after if name not in before)]:
        left, right = _plain(before.get(name)), _plain(after.get(name))
        if name in before and name in after:
            if left == right:
                continue
            if isinstance(left, str) and isinstance(right, str):
                left, right = text_change(left, right)
        if name in before:
            old[name] = left
        if name in after:
            new[name] = right
    return old, new


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value
