"""The seal of one event and of one anchor: a keyed digest over everything it says and the digest before it.

Who lacks AUDIT_KEY can change rows, and even take the triggers away, but cannot make a digest that fits.
This form is for ever: a change here would make every earlier row look forged.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

#: What is sealed of an event, besides the digest before it. `id` is the database's: verification asks that
#: the ids of a stream rise with its positions.
SEALED = (
    "stream",
    "position",
    "at",
    "actor_id",
    "on_behalf_of_id",
    "action",
    "subject_type",
    "subject_id",
    "subject_label",
    "before",
    "after",
    "reason",
)


def canonical(content: Mapping[str, Any]) -> bytes:
    """One way to write `content`, whatever order and spacing the database keeps its JSON in.

    Keys in order, no spaces, UTF-8, times in UTC with microseconds.
    """
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_moment
    ).encode()


def event_digest(values: Sequence[Any], previous: str) -> str:
    """The digest of an event with `values` in the order of SEALED; `previous` is "" for the first of a stream."""
    return _sealed({"kind": "event", "previous": previous, **dict(zip(SEALED, values, strict=True))})


def anchor_digest(anchor: Any) -> str:
    """The digest of an `Anchor`, over everything but its id."""
    names = ("at", "heads", "streams", "events", "previous")
    return _sealed(
        {"kind": "anchor", "day": anchor.day.isoformat(), **{name: getattr(anchor, name) for name in names}}
    )


def heads_digest(heads: Mapping[str, Sequence[Any]]) -> str:
    """One digest over the heads of several streams, {stream: [count, head]}."""
    return _sealed({"kind": "heads", "heads": dict(heads)})


def _sealed(content: Mapping[str, Any]) -> str:
    return hmac.new(settings.AUDIT_KEY.encode(), canonical(content), hashlib.sha256).hexdigest()


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no canonical form.")
