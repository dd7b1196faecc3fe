"""Names of files that the national app takes: ASCII, short, each once. Pure Python."""

import re
import unicodedata

#: The national app cuts longer names, ending and all (2022; later limits were not published).
NAME_MAX = 60


def words_of(text: str) -> list[str]:
    """The words of a title in ASCII: "Kebijakan (Arsitektur) SPBE" gives three."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.findall(r"[A-Za-z0-9]+", plain)


def numbered(code: str, width: int) -> str:
    """An indicator's code that sorts: "1" of 47 is "01". Anything but letters and digits becomes a hyphen."""
    first, *rest = words_of(code) or ["0"]
    return "-".join([first.zfill(width) if first.isdigit() else first, *rest])


def letters(number: int) -> str:
    """a, b, ... z, aa, ab, ... for 0, 1, ..."""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, 26)
        text = chr(ord("a") + place) + text
    return text


def file_name(start: str, title: str, extension: str, taken: set[str], *, ending: str = "") -> str:
    """`start`-Title-`ending`.`extension` in at most `NAME_MAX` characters, cut between words where that can be.

    A name that is in `taken`, upper and lower case aside, gets a number. The name is added to `taken`.
    """
    start, ending = start[:20], f"-{ending}" if ending else ""
    number = 1
    while True:
        tail = f"{ending}{'' if number == 1 else f'-{number}'}.{extension[:8]}"
        name = _cut(start, words_of(title), NAME_MAX - len(tail)) + tail
        if name.lower() not in taken:
            taken.add(name.lower())
            return name
        number += 1


def _cut(start: str, words: list[str], room: int) -> str:
    name = start
    for word in words:
        if len(name) + 1 + len(word) > room:
            # One word longer than all the room is cut itself: better half a word than none.
            return f"{name}-{word}"[:room] if name == start else name
        name = f"{name}-{word}"
    return name[:room]
