"""The plain values of a snapshot, read back."""

from decimal import Decimal
from fractions import Fraction

from indicators.fields import plain_level


def exact(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def level_of(text: str | None) -> int | Decimal | None:
    return None if text is None else number_of(text)


def number_of(text: str) -> int | Decimal:
    """3 for "3", Decimal("1.26") for itself."""
    level = plain_level(Decimal(text))
    assert level is not None
    return level
