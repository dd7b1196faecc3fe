"""The cells of the heat table as light HTML: tens of thousands on one page, so each is a few letters."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from django.utils.safestring import SafeString, mark_safe

from assessments.levels import NOT_RELEVANT, number
from reports.queries.heat import Column
from spbe_portal.formatting import level_id
from spbe_portal.templatetags.portal import level_class

NO_LEVEL = {None: ("o", ""), "": ("e", "–"), NOT_RELEVANT: ("x", "tr")}


class Cells:
    """Draws rows for `columns`; the cell of each level is written once and used again.

    Class letters: l0 to l5 the level, o not assigned, e not answered, x not relevant; g begins a group of columns,
    k is the chosen column.
    """

    def __init__(self, columns: Sequence[Column], chosen: str = ""):
        self._columns = [(column.code, _marks(column, chosen)) for column in columns]
        self._known: dict[tuple[str | None, str], str] = {}

    def row(self, levels: Mapping[str, str]) -> SafeString:
        """One row's cells; `levels` as `assessments.levels` keeps them."""
        known = self._known
        parts = []
        for code, marks in self._columns:
            key = (levels.get(code), marks)
            cell = known.get(key)
            if cell is None:
                cell = known[key] = _cell(*key)
            parts.append(cell)
        return mark_safe("".join(parts))

    def rows(self, all_levels: Iterable[Mapping[str, str]]) -> list[SafeString]:
        return [self.row(levels) for levels in all_levels]


def _marks(column: Column, chosen: str) -> str:
    return " g" * column.starts_group + " k" * (column.code == chosen)


def _cell(text: str | None, marks: str) -> str:
    if text in NO_LEVEL:
        letter, shown = NO_LEVEL[text]
    else:
        level = number(text or "")
        letter, shown = level_class(level).replace("lvl-", "l"), level_id(level)
    name = f'"{letter}{marks}"' if marks else letter
    return f"<td class={name}>{escape(shown)}"
