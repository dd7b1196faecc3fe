"""The only writer of events."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from audit.chain import SEALED, event_digest
from audit.diff import text_change
from audit.models import Chain, Event


def record(action: str, subject: models.Model, **details: Any) -> Event:
    """Write one event inside the caller's transaction; `details` as in `prepare`.

    Raises `TransactionManagementError` outside a transaction: an event must stand or fall with its change.
    """
    return record_all([prepare(action, subject, **details)])[0]


def record_all(events: list[Event]) -> list[Event]:
    """Write prepared events in the order given, inside the caller's transaction, each linked to the one before.

    The chain rows of their streams are locked until the transaction ends, in the order of their names and
    after everything else: whoever writes an event holds the row it tells of already. So two transactions
    never wait for each other here, as long as one that writes into several streams writes them in one call,
    or holds a lock that others who write into the same ones take first. A constant number of queries.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An event is written in the transaction of its change.")
    if not events:
        return []
    chains = _locked_chains({event.stream for event in events})
    for event in events:
        chain = chains[event.stream]
        event.position = chain.count + 1
        event.digest = event_digest([getattr(event, name) for name in SEALED], chain.head)
        chain.count, chain.head = event.position, event.digest
    Event.objects.bulk_create(events, batch_size=1000)
    if len(chains) == 1:
        Chain.objects.filter(pk=chain.pk).update(count=chain.count, head=chain.head)
    else:
        Chain.objects.bulk_update(chains.values(), ["count", "head"], batch_size=500)
    return events


def _locked_chains(streams: set[str]) -> dict[str, Chain]:
    """The chain rows of `streams`, locked; those of new streams are made first, before any lock is held.

    Two first events of one stream meet at the insert: the second waits there, then finds the row.
    """
    if len(streams) > 1:
        known = set(Chain.objects.filter(pk__in=streams).values_list("pk", flat=True))
        _begin(streams - known)
    chains = _lock(streams)
    if len(chains) < len(streams):
        _begin(streams - set(chains))
        chains = _lock(streams)
    return chains


def _lock(streams: set[str]) -> dict[str, Chain]:
    rows = Chain.objects.select_for_update().filter(pk__in=streams).order_by("pk")
    return {chain.pk: chain for chain in rows}


def _begin(streams: set[str]) -> None:
    if streams:
        Chain.objects.bulk_create([Chain(stream=stream) for stream in sorted(streams)], ignore_conflicts=True)


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
    year is brought in. Raises `TypeError` for a value that has no exact plain form (a float).
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
        subject_label=_text(str(subject))[:300],
        before=old,
        after=new,
        reason=_text(reason),
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
    """As JSON that every database gives back as it was: no floats, no NUL, text keys."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {_text(str(name)): _plain(item) for name, item in value.items()}
    raise TypeError(f"{type(value).__name__} cannot stand in an event: give a Decimal, a text or a whole number.")


def _text(value: str) -> str:
    """PostgreSQL stores neither NUL nor half a character."""
    return value.replace("\x00", "\ufffd").encode(errors="replace").decode()
