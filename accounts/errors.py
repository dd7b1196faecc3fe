"""Why a change of people or agencies was refused. Messages are Indonesian: what is wrong, what to do."""

from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """A change that the rules do not allow now. Nothing was written."""

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands in the way: a sentence, and the page where the reader can settle it (empty: none)."""

    text: str
    url: str = ""


class InTheWay(Refused):
    """Something elsewhere must be settled first; `obstacles` lists all of it."""

    def __init__(self, message: str, obstacles: list[Obstacle]):
        super().__init__(message)
        self.obstacles = obstacles


class Stale(Refused):
    """Somebody else changed the thing meanwhile; `current` is what is stored now."""

    def __init__(self, message: str, current: Any):
        super().__init__(message)
        self.current = current


class Invalid(Refused):
    """A value cannot be stored. `errors` maps field names to messages."""

    def __init__(self, errors: dict[str, str]):
        super().__init__(" ".join(errors.values()))
        self.errors = errors
