"""Horizontal bars in groups."""

from collections.abc import Sequence
from fractions import Fraction

from reports.charts._drawing import (
    GRID,
    LINE,
    MUTED,
    TEXT,
    Label,
    haloed,
    line_of_text,
    n,
    svg,
    text_of,
    text_width,
    wrap,
)
from reports.charts._series import (
    LAST,
    SELF,
    TARGET,
    VERIFIED,
    Number,
    Score,
    bar_of,
    has_values,
    legend_of,
    whole_levels,
)
from spbe_portal.formatting import decimal_id, level_id


def bars(
    scores: Sequence[Score],
    *,
    title: str,
    scale_min: Number,
    scale_max: Number,
    width: float = 640,
    font_size: float = 11,
    last_name: str = LAST.name,
    verified_name: str = VERIFIED.name,
) -> str:
    """Horizontal bars, one group a score: self, verified, last year, each with its value at the end.

    `last_name` says in the legend which of last year's values is drawn, `verified_name` what the dark bars are.
    The bars begin at the lowest level, which is written below them.

    A missing value is written as "–" where others of its series exist. The target is a dotted line across
    its group. Wide charts have the labels on the left, narrow ones above the bars. Raises `ValueError` when
    there is nothing to show or the scale is empty.
    """
    if not scores:
        raise ValueError("Bars need at least one score.")
    if not scale_min < scale_max:
        raise ValueError("The scale is empty.")
    shown = [series for series in (SELF, VERIFIED, LAST) if has_values(scores, series)] or [SELF]
    beside = width >= 480
    label_width = width * 0.3 if beside else width
    left = label_width + 8 if beside else 1.0
    right = width - text_width("0,00", font_size) - 10
    span = Fraction(scale_max) - Fraction(scale_min)

    def at(value: Number) -> float:
        share = min(max((Fraction(value) - Fraction(scale_min)) / span, Fraction(0)), Fraction(1))
        return left + (right - left) * float(share)

    bar, space, between = font_size * 0.95, font_size * 0.3, font_size * 1.1
    y = 2.0
    groups: list[str] = []
    marks: list[str] = []
    for score in scores:
        lines = wrap(score.label, label_width - 8 if beside else width, font_size)
        text_height = len(lines) * font_size * LINE
        bars_height = len(shown) * bar + (len(shown) - 1) * space
        if beside:
            height = max(text_height, bars_height)
            bars_top = y + (height - bars_height) / 2
            groups.append(text_of(Label(lines, label_width, y + (height - text_height) / 2, "end", font_size)))
        else:
            height = text_height + 4 + bars_height
            bars_top = y + text_height + 4
            groups.append(haloed(text_of(Label(lines, 0, y, "start", font_size), weight=600)))
        for i, series in enumerate(shown):
            bar_top = bars_top + i * (bar + space)
            value = getattr(score, series.field)
            baseline = bar_top + bar / 2 + font_size * 0.36
            if value is None:
                groups.append(line_of_text("–", left + 6, baseline, font_size, MUTED))
                continue
            end = max(at(value), left + 2)
            groups.append(bar_of(series, left, bar_top, end - left, bar))
            weight = 600 if series is VERIFIED else 400
            groups.append(haloed(line_of_text(decimal_id(value), end + 6, baseline, font_size, TEXT, weight=weight)))
        if score.target_value is not None:
            x = at(score.target_value)
            marks.append(f"M{n(x)} {n(bars_top - 3)}V{n(bars_top + bars_height + 3)}")
        y += height + between
    y -= between - 6

    levels = whole_levels(scale_min, scale_max)
    grid = "".join(f"M{n(at(level))} 0V{n(y)}" for level in levels)
    parts = [f'<path d="{grid}" fill="none" stroke="{GRID}" stroke-width="1"/>']
    if marks:
        # Under the bars' values, over the grid.
        groups.insert(
            0,
            f'<path d="{"".join(marks)}" fill="none" stroke="{TEXT}" stroke-width="1.4" stroke-dasharray="1 3" '
            'stroke-linecap="round"/>',
        )
    parts += groups
    digit_size = font_size * 0.82
    for level in levels:
        anchor = "start" if not beside and level == levels[0] else "middle"
        parts.append(line_of_text(str(level), at(level), y + digit_size * 1.2, digit_size, MUTED, anchor=anchor))
    y += digit_size * 1.6
    start = f"Skala mulai {level_id(scale_min)}"
    if beside:
        # In the free corner beside the digits.
        parts.append(line_of_text(start, label_width, y - digit_size * 0.4, digit_size, MUTED, anchor="end"))
    else:
        y += digit_size * 1.2
        parts.append(line_of_text(start, left, y - digit_size * 0.2, digit_size, MUTED))
    legend, legend_height = legend_of(
        [*shown, *([TARGET] if marks else [])],
        top=y + 8,
        width=width - left + 1,
        font_size=font_size,
        left=left,
        names={LAST: last_name, VERIFIED: verified_name},
    )
    return svg(title, width, y + 8 + legend_height + 2, [*parts, *legend])
