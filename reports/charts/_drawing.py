"""Text and pieces of SVG: widths, lines, labels, the frame. User units throughout."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

BLUE_DARK = "#083575"
BLUE = "#0956c3"
BLUE_PALE = "#cfe0f6"
TEXT = "#1f1f1f"
MUTED = "#5c5f66"
GRID = "#d5d8de"
WHITE = "#ffffff"

# Advance widths of Inter Semi Bold in hundredths of the font size: never less than those of Regular.
_WIDTHS = {
    character: width
    for width, characters in {
        26: " ijl", 28: "I", 33: "!,.:;'", 36: "`t|", 38: "()[]/\\", 40: "fr", 42: "1", 48: "-_^{}",
        54: '"*?', 56: "akxzLs", 59: "7JcFevy", 61: "5Ehnou", 63: "2bdpqg", 65: "$PRSZ3689#",
        67: "&0BT+4<=>~", 71: "KYDX", 73: "AV", 75: "CGHU", 77: "NOQ", 84: "w", 92: "mM", 102: "%@W",
    }.items()
    for character in characters
}  # fmt: skip
_WIDTH_OF_OTHERS = 80


@dataclass(frozen=True)
class Label:
    """A block of text: lines centred, or set to begin or end at `x`. `top` is the upper edge, all in user units."""

    lines: tuple[str, ...]
    x: float
    top: float
    anchor: str  # "start", "middle" or "end"
    size: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        width = max(text_width(line, self.size) for line in self.lines)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.top, left + width, self.top + len(self.lines) * self.size * LINE


LINE = 1.25  # line height, of the font size
BASELINE = 0.95  # from the top of a line to its baseline, of the font size


def text_width(text: str, size: float) -> float:
    """The width of `text` set in Inter at `size`, never too small, in user units."""
    return sum(_WIDTHS.get(character, _WIDTH_OF_OTHERS) for character in text) * size / 100


def wrap(text: str, width: float, size: float) -> tuple[str, ...]:
    """`text` in as few lines as `width` allows, of about the same length."""
    lines = _fill(text, width, size)
    while len(lines) > 1 and width > size:
        narrower = _fill(text, width - size / 2, size)
        if len(narrower) > len(lines) or _cuts(narrower) > _cuts(lines):
            break
        lines, width = narrower, width - size / 2
    return lines


def _cuts(lines: Sequence[str]) -> int:
    return sum(line.endswith("-") for line in lines)


def _fill(text: str, width: float, size: float) -> tuple[str, ...]:
    """`text` in lines no wider than `width`. A word wider than that is cut, with a hyphen."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while text_width(word, size) > width and len(word) > 2:
            cut = len(word) - 1
            while cut > 1 and text_width(word[:cut] + "-", size) > width:
                cut -= 1
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:cut] + "-")
            word = word[cut:]
        joined = f"{line} {word}" if line else word
        if line and text_width(joined, size) > width:
            lines.append(line)
            line = word
        else:
            line = joined
    if line or not lines:
        lines.append(line)
    return tuple(lines)


def text_of(label: Label, *, weight: int = 400) -> str:
    return "".join(
        line_of_text(
            line,
            label.x,
            label.top + (index * LINE + BASELINE) * label.size,
            label.size,
            TEXT,
            anchor=label.anchor,
            weight=weight,
        )
        for index, line in enumerate(label.lines)
    )


def line_of_text(
    text: str, x: float, baseline: float, size: float, colour: str, *, anchor: str = "start", weight: int = 400
) -> str:
    return (
        f'<text x="{n(x)}" y="{n(baseline)}" font-family="Inter, sans-serif" font-size="{n(size)}" '
        f'font-weight="{weight}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )


def haloed(text: str) -> str:
    """`text` over a white outline of itself (drawn twice: `paint-order` is not known everywhere)."""
    outline = re.sub(
        r' fill="#[0-9a-f]+"', f' fill="{WHITE}" stroke="{WHITE}" stroke-width="4" stroke-linejoin="round"', text
    )
    return outline.replace("<text ", '<text aria-hidden="true" ') + text


def svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{n(width)}" height="{n(height)}" '
        f'viewBox="0 0 {n(width)} {n(height)}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def n(number: float) -> str:
    """A coordinate with at most two decimals, without "-0" or trailing zeros."""
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
