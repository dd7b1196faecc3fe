"""Why a change of people or agencies was refused. Messages are Indonesian: what is wrong, what to do."""


class Refused(Exception):
    """A change that the rules do not allow now. Nothing was written."""

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message


class Invalid(Refused):
    """A value cannot be stored. `errors` maps field names to messages."""

    def __init__(self, errors: dict[str, str]):
        super().__init__(" ".join(errors.values()))
        self.errors = errors
