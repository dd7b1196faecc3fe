"""A level: a whole number in most instruments, a fraction in some."""

from decimal import Decimal

from django.db import models


class LevelField(models.DecimalField):
    """A level or indicator value with at most two decimals.

    Reads as `int` when it is whole (3) and as `Decimal` otherwise (1.26), so that screens and
    JSON show what was chosen.
    """

    def __init__(self, *args, **kwargs):
        kwargs["max_digits"] = 4
        kwargs["decimal_places"] = 2
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def from_db_value(self, value, expression, connection):
        return plain_level(value)


def plain_level(value: Decimal | int | None) -> Decimal | int | None:
    """3 for Decimal("3.00"), Decimal("1.26") for itself, None for None."""
    if value is None:
        return None
    value = Decimal(value)
    return int(value) if value == value.to_integral_value() else value.normalize()
