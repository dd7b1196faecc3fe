"""What is sent: plausible bodies from the portal's own forms, and hostile ones."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

PROBE = "xq7probe"
#: As it must never stand in a page.
MARKUP = f"<script>{PROBE}"
HOSTILE_TEXTS = {
    "markup": f"=1+1\"'><script>{PROBE}(1)</script><img src=x onerror={PROBE}>{{{{ 7*7 }}}}'; DROP TABLE x; --",
    "control": f"a\x00b\r\nBcc: {PROBE}@evil.example\u202e",
    "long": "A" * 20_000,
    "number": "9" * 40,
}
#: Fields that no form asks for and an attacker adds.
FORGED = {
    "is_superuser": "on",
    "is_staff": "on",
    "status": "approved",
    "state": "approved",
    "version": "999999",
    "revision": "999999",
    "round": "9",
    "reviewer": "1",
    "verified_level": "5",
    "weight": "100",
}
#: Where a plausible value follows neither from the field's kind nor from its choices.
BY_NAME = {
    "version": "1",
    "level": "3",
    "self_level": "3",
    "decision": "accept",
    "code": "12",
    "confirm": "on",
    "username": "orang-baru",
    "slug": "opd-baru",
    "password1": "gunung-merapi-77",
    "password2": "gunung-merapi-77",
    "oldpassword": "salah-sama-sekali",
    "login": "operator-dinkes",
    "password": "salah-sama-sekali",
    "url": "https://contoh.go.id/a.pdf",
    "when": "now",
    "last_used": "2025",
    "year": "2027",
}


def _classes(of: type) -> Iterator[type]:
    for one in of.__subclasses__():
        yield one
        yield from _classes(one)


def plausible(agency_pk: int) -> dict[str, Any]:
    """A value for every field of every form of the portal: what a view does not know it passes over."""
    body: dict[str, Any] = {}
    ours = ("accounts", "assessments", "indicators", "inventory", "reports", "spbe_portal")
    found = {one for one in _classes(forms.BaseForm) if one.__module__.split(".")[0] in ours}
    for form in sorted(found, key=lambda one: f"{one.__module__}.{one.__qualname__}"):
        for name, field in getattr(form, "base_fields", {}).items():
            body.setdefault(name, _value(field, agency_pk))
    later = timezone.localtime() + timedelta(days=40)
    body |= {"until_0": f"{later:%Y-%m-%d}", "until_1": "10:00", "until": f"{later:%d/%m/%Y} 10.00"}
    body |= {
        "deadline": f"{later:%d/%m/%Y} 16.00",
        "fact": "Ada.",
        "analysis": "Memenuhi.",
        "text": "Teks.",
        "reason": "Ya",
    }
    return {name: value for name, value in (body | BY_NAME).items() if value is not None}


def _value(field: forms.Field, agency_pk: int) -> Any:
    match field:
        case forms.FileField():
            return None
        case forms.ModelChoiceField():
            return f"{agency_pk}"
        case forms.MultipleChoiceField() | forms.ChoiceField():
            values = [value for value, _ in field.choices if value not in ("", None) and not isinstance(value, list)]
            return f"{values[0]}" if values else "1"
        case forms.DateField():
            return f"{date.today() + timedelta(days=30):%d/%m/%Y}"
        case forms.EmailField():
            return "orang@contoh.go.id"
        case forms.URLField():
            return "https://contoh.go.id/a.pdf"
        case forms.BooleanField():
            return "on"
        case forms.IntegerField() | forms.DecimalField():
            return "3"
        case _:
            return "Teks yang masuk akal"


def is_text(value: Any) -> bool:
    """Whether a plausible value stands where somebody could type anything."""
    return str(value).startswith(("Teks", "Ada.", "Memenuhi.", "Ya", "orang@", "https://"))


def hostile(base: dict[str, Any], text: str) -> dict[str, Any]:
    """`base` with `text` wherever somebody could type; choices and keys stay, so that the text gets that far."""
    return {name: text if is_text(value) else value for name, value in base.items()}
