"""Addresses within the portal."""

import re

# One "/" and then neither another nor a backslash (browsers read both as the beginning of a host).
_OWN = re.compile(r"/(?![/\\])[^\\\s\x00-\x1f\x7f]*")


def is_own_path(path: str) -> bool:
    """Whether `path` leads within this portal, whatever a browser makes of it."""
    return _OWN.fullmatch(path) is not None
