"""Why a change was refused. Each message says what is wrong and what to do, in Indonesian."""

from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """A change that the rules do not allow now. Nothing was written."""

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message


class WrongState(Refused):
    """The assessment or period is not in a state from which this act starts."""


class TooLate(Refused):
    """The deadline has passed."""


class Invalid(Refused):
    """A value cannot be stored. `errors` maps field names to messages."""

    def __init__(self, errors: dict[str, str]):
        super().__init__(" ".join(errors.values()))
        self.errors = errors


class Stale(Refused):
    """Somebody else changed the thing meanwhile; `current` is what is stored now."""

    def __init__(self, message: str, current: Any):
        super().__init__(message)
        self.current = current


@dataclass(frozen=True)
class Problem:
    """One thing that stands in the way, linked to its indicator (empty: the whole)."""

    code: str
    indicator: str
    message: str


class NotReady(Refused):
    """The act has conditions that are not met; `problems` lists them all."""

    def __init__(self, message: str, problems: list[Problem]):
        super().__init__(message)
        self.problems = problems
