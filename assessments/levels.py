"""All levels of one assessment as one short text, so that a table over thousands of agencies reads one row each.

The text lists code and level, "1=3 2=4 3= 4=x": empty where it is not answered (or not decided), "x" where it is not
relevant. What is not assigned does not occur.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

NOT_RELEVANT = "x"


def pack(levels: Iterable[tuple[str, Any]]) -> str:
    """The text of (code, level) pairs; a level is a number, None (unanswered) or `NOT_RELEVANT`."""
    return " ".join(f"{code}={'' if level is None else level}" for code, level in levels)


def unpack(text: str) -> dict[str, str]:
    """Code to level as text: "3", "1.26", "" (unanswered) or `NOT_RELEVANT`. Fast: one dict for each agency."""
    return dict(pair.split("=", 1) for pair in text.split(" ")) if text else {}


def number(level: str) -> int | Decimal | None:
    """3 for "3", Decimal("1.26") for itself; None for what counts as no level."""
    if level in ("", NOT_RELEVANT):
        return None
    return int(level) if level.isdigit() else Decimal(level)
