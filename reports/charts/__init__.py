"""Charts as SVG text, for pages and PDF alike. Pure: no Django, no clock, the same input gives the same text.

Only presentation attributes are used (the pages' Content-Security-Policy refuses inline style), all text is
escaped, and all text lies inside the viewBox: widths are measured with Inter's own advance widths. Series
differ by dash, marker and shade, so nothing is lost in black and white. Beside each chart stands a table of
the same figures: the chart is one picture (`role="img"`) named by its `<title>`.
"""

from reports.charts._bars import bars
from reports.charts._drawing import text_width, wrap
from reports.charts._radar import place_radar_labels, radar
from reports.charts._series import Score
from reports.charts._spread import Bin, Mark, distribution, predicate_scale
from reports.charts._trend import YearPoint, trend

__all__ = [
    "Bin",
    "Mark",
    "Score",
    "YearPoint",
    "bars",
    "distribution",
    "place_radar_labels",
    "predicate_scale",
    "radar",
    "text_width",
    "trend",
    "wrap",
]
