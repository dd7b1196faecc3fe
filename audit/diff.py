"""The difference between two long texts, small enough to keep in every event. Pure."""

import hashlib

LONG_TEXT = 200  # characters; shorter texts are kept whole


def text_change(before: str, after: str) -> tuple[object, object]:
    """What `before` and `after` of an event hold for one text field.

    Short texts are returned as they are. Long ones become a digest and a length each, and the
    later side also says which characters were replaced: everything between the common start and
    the common end, so that the earlier text can be rebuilt from the later one and back.
    """
    if len(before) <= LONG_TEXT and len(after) <= LONG_TEXT:
        return before, after
    start = 0
    limit = min(len(before), len(after))
    while start < limit and before[start] == after[start]:
        start += 1
    end = 0
    while end < limit - start and before[-1 - end] == after[-1 - end]:
        end += 1
    removed = before[start : len(before) - end]
    added = after[start : len(after) - end]
    return (
        {"sha256": _digest(before), "length": len(before)},
        {"sha256": _digest(after), "length": len(after), "at": start, "removed": removed, "added": added},
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
