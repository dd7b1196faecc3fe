"""An instrument as a file: Django's own fixture form with natural keys, loadable elsewhere by `loaddata`.

The same instrument gives the same bytes. What a portal says of its own use of it (default, draft, in use) stays out.
"""

import json
from decimal import Decimal
from typing import Any

from django.db import models

from accounts.errors import Invalid
from accounts.models import User
from indicators.editor import drafts
from indicators.editor.values import checked
from indicators.fields import plain_level
from indicators.models import Instrument
from indicators.parts import BrokenFixture, Parts, parts_of, stored_parts

LARGEST = 5 * 1024 * 1024  # bytes
LARGEST_WEIGHT = 10**6  # numerator, denominator
_OWN = {"id", "is_default", "is_draft", "copied_from", "edits", "in_use_since"}
_MODELS = {
    "indicators.instrument",
    "indicators.predicateband",
    "indicators.levelname",
    "indicators.domain",
    "indicators.aspect",
    "indicators.indicator",
    "indicators.levelcriterion",
    "indicators.evidencehint",
}


def to_file(instrument: Instrument) -> bytes:
    """Seven queries."""
    parts = stored_parts(instrument)
    rows = [parts.instrument, *(row for group in parts.groups() for row in group)]
    entries = [{"model": row._meta.label_lower, "fields": _fields(row)} for row in rows]
    return (json.dumps(entries, indent=2, ensure_ascii=False) + "\n").encode()


def from_file(*, actor: User, content: bytes, file_name: str, code: str = "") -> Instrument:
    """The instrument of a file as a draft, under `code` where that is given. Raises `Invalid`."""
    if len(content) > LARGEST:
        raise Invalid({"file": f"Berkas terlalu besar. Paling besar {LARGEST // 1024 // 1024} MB."})
    try:
        text = content.decode("utf-8-sig")
        entries = json.loads(text)
        kept = [_cleaned(entry) for entry in entries]
        parts = parts_of(json.dumps(kept), file_name)
    except (BrokenFixture, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise Invalid({"file": "Berkas ini bukan instrumen yang diekspor dari portal SPBE."}) from None
    if code:
        parts.instrument.code = code
    _check(parts)
    return drafts.add_draft(actor=actor, parts=parts, action="instrument.import", after={"file": file_name[:200]})


def _fields(row: models.Model) -> dict[str, Any]:
    fields = [field for field in row._meta.concrete_fields if field.name not in _OWN]
    return {field.name: _plain(getattr(row, field.name)) for field in fields}


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return list(value.natural_key())  # type: ignore[attr-defined]
    if isinstance(value, Decimal):
        number = plain_level(value)
        return number if isinstance(number, int) else str(number)
    return value


def _cleaned(entry: Any) -> dict[str, Any]:
    """Only rows of an instrument, and nothing that is for this portal to say."""
    if entry["model"] not in _MODELS:
        raise ValueError(entry["model"])
    return {
        "model": entry["model"],
        "fields": {name: value for name, value in entry["fields"].items() if name not in _OWN},
    }


def _check(parts: Parts) -> None:
    """What fields and forms would not have let in. Raises `Invalid`."""
    for row in [parts.instrument, *(row for group in parts.groups() for row in group)]:
        found = checked(row, exclude=["code"] if row is parts.instrument else [])
        if found:
            name, message = next(iter(found.items()))
            raise Invalid({"file": f"{row._meta.verbose_name} {_code(row)}, {name}: {message}"[:300]})
        upper, lower = getattr(row, "weight_numerator", 0), getattr(row, "weight_denominator", 1)
        if lower < 1 or max(upper, lower) > LARGEST_WEIGHT:
            raise Invalid({"file": f"{row._meta.verbose_name} {_code(row)}: bobotnya tidak dapat dipakai."})
    if parts.instrument.scale_min >= parts.instrument.scale_max:
        raise Invalid({"file": "Level tertinggi harus di atas level terendah."})
    for indicator in parts.indicators:
        hints = indicator.not_relevant_hints
        if not (_texts(indicator.agency_evidence) and _texts(indicator.common_mistakes) and _hints(hints)):
            raise Invalid({"file": f"Indikator {indicator.code}: daftar di dalamnya tidak dapat dibaca."})
    for hint in parts.evidence_hints:
        if not (isinstance(hint.levels, list) and all(type(level) is int for level in hint.levels)):
            raise Invalid({"file": f"Indikator {hint.indicator.code}: level bukti tidak dapat dibaca."})


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _hints(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and set(item) == {"kind", "reason"} and _texts(list(item.values())) for item in value
    )


def _code(row: Any) -> str:
    return str(getattr(row, "code", ""))
