"""What every write to an instrument shares: who may, the row that is held, what differs, the event."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import F, Model

from accounts.errors import Invalid, Refused, Stale
from accounts.models import User
from accounts.permissions import rights_of
from accounts.services._base import require
from audit.services import record
from indicators.editor import values as values_of
from indicators.editor.values import CORRECTABLE, Values, plain, stored
from indicators.models import Indicator, Instrument
from indicators.permissions import can_edit_instruments
from spbe_portal.stale import CHANGED

PUBLISHED = (
    "Instrumen ini sudah diterbitkan, jadi susunan dan bobotnya tetap; hanya kalimatnya yang dapat diperbaiki. "
    "Untuk mengubahnya, salin menjadi instrumen baru."
)


def require_editor(actor: User) -> None:
    require(can_edit_instruments(rights_of(actor)))


def locked(actor: User, pk: int) -> Instrument:
    require_editor(actor)
    return Instrument.objects.select_for_update(of=("self",)).get(pk=pk)


def draft(actor: User, pk: int) -> Instrument:
    instrument = locked(actor, pk)
    if not instrument.is_draft or instrument.in_use_since:
        raise Refused(PUBLISHED)
    return instrument


def changed_of(typed: Mapping[str, str], held: Values, version: int | None) -> Values:
    """What was typed that is not stored. Raises `Invalid`, `Stale`."""
    if unknown := set(typed) - set(held):
        raise Invalid(dict.fromkeys(sorted(unknown), "Kolom ini tidak dikenal."))
    changed = {name: plain(text) for name, text in typed.items() if plain(text) != held[name]}
    if changed and version is not None and version != values_of.version_of(held):
        raise Stale(CHANGED, stored(held))
    return changed


def require_correctable(instrument: Instrument, changed: Values, held: Values, reason: str) -> None:
    """Of what is published only the wording, with a reason; nothing that stood there may go."""
    if instrument.is_draft:
        return
    if [name for name in changed if not is_correctable(name)]:
        raise Refused(PUBLISHED)
    if emptied := [name for name, text in changed.items() if held[name] and not text]:
        raise Invalid(dict.fromkeys(emptied, "Kalimat yang sudah diterbitkan tidak dapat dikosongkan."))
    if not reason.strip():
        raise Invalid({"reason": "Tulis alasannya."})


def is_correctable(name: str) -> bool:
    """Whether a text of this name can be put right once it is published."""
    return name in CORRECTABLE or name.startswith(("criterion_", "agency_"))


def count(instrument: Instrument) -> None:
    Instrument.objects.filter(pk=instrument.pk).update(edits=F("edits") + 1)
    instrument.edits += 1


def record_change(instrument: Instrument, row: Model, actor: User, changed: Values, held: Values, reason: str) -> None:
    before = {name: held[name] for name in changed}
    action = "instrument.edit" if instrument.is_draft else "instrument.correct"
    record(
        action,
        row,
        actor=actor,
        stream=stream_of(instrument),
        before=before,
        after=named(row, changed),
        reason=reason.strip(),
    )


def named(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """With the indicator's code, where it is about one."""
    return {**values, "indicator": row.code} if isinstance(row, Indicator) else dict(values)


def stream_of(instrument: Instrument) -> str:
    return f"instrument:{instrument.pk}"


def tried(errors: dict[str, str], name: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError as error:
        errors[name] = str(error)
        return None


def refuse(errors: dict[str, str]) -> None:
    if errors:
        raise Invalid(errors)
