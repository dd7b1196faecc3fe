"""Days and moments typed as Indonesian offices write them, whatever language the browser speaks.

The browser's own calendars show a date in the browser's language: 11/12/2026 may be a day in November or in
December. These are plain fields. They read 31/12/2026, 31-12-2026, 31.12.2026, 31122026 and 2026-12-31 and
hand the ISO form to their form field; what they cannot read goes on as it was typed.
"""

import re
from datetime import date, datetime
from typing import Any

from django import forms

_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAY = re.compile(r"(\d{1,2})[/.\-\s](\d{1,2})[/.\-\s](\d{4})|(\d{2})(\d{2})(\d{4})")
_MOMENT = re.compile(r"(.+?)(?:T|,?\s+(?:pukul\s+)?)(\d{1,2})[.:](\d{2})(?:[.:]\d{2})?")


def _iso_day(text: str) -> str:
    """ "1/2/2026" as "2026-02-01"; what is no such day as it is."""
    found = _DAY.fullmatch(text)
    if not found or not text.isascii():
        return text
    day, month, year = [part for part in found.groups() if part]
    return f"{year}-{month:0>2}-{day:0>2}"


def _shown_day(text: str) -> str:
    found = _ISO_DAY.fullmatch(text)
    return "/".join(reversed(found.groups())) if found else text


class DayInput(forms.TextInput):
    """A day as 31/12/2026."""

    def __init__(self, attrs: dict[str, Any] | None = None):
        super().__init__(
            {
                "inputmode": "numeric",
                "autocomplete": "off",
                "placeholder": "31/12/2026",
                "class": "input-day",
                **(attrs or {}),
            }
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = super().value_from_datadict(data, files, name)
        return _iso_day(typed.strip()) if isinstance(typed, str) else typed

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, date):
            return f"{value:%d/%m/%Y}"
        return _shown_day(str(value)) if value else None


class MomentInput(forms.TextInput):
    """A day and a time in the portal's zone as 31/12/2026 16.00."""

    def __init__(self, attrs: dict[str, Any] | None = None):
        super().__init__(
            {
                "autocomplete": "off",
                "placeholder": "31/12/2026 16.00",
                "class": "input-moment",
                **(attrs or {}),
            }
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = super().value_from_datadict(data, files, name)
        if not isinstance(typed, str):
            return typed
        found = _MOMENT.fullmatch(typed.strip())
        if not found or not typed.isascii():
            return typed
        day, hour, minute = found.groups()
        return f"{_iso_day(day)}T{hour:0>2}:{minute}"

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, datetime):
            return f"{value:%d/%m/%Y %H.%M}"
        day, divider, clock = str(value or "").partition("T")
        if divider and _ISO_DAY.fullmatch(day):
            return f"{_shown_day(day)} {clock.replace(':', '.')}"
        return str(value) if value else None
