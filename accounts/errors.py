"""Why a change of people or agencies was refused. Messages are Indonesian: what is wrong, what to do."""

from typing import Any


class Refused(Exception):
    """A change that the rules do not allow now. Nothing was written."""

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message


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
