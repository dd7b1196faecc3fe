"""The government's own part of the demo city: levels determined, the ministry's beside them.

Determining and finalising are done by the services; the ministry's levels are written in bulk as a state.
"""

from datetime import datetime
from fractions import Fraction
from random import Random

from accounts.models import User
from assessments.models import ExternalLevel, Period
from assessments.queries.pemda import Board, PemdaRow, board
from assessments.services import determination
from indicators.models import Indicator
from indicators.scoring import round_display, score

#: The index the government had, as shown, where a story is told of it: from 3.98 to 4.50 in one year.
TOLD = {2025: "3.98"}
#: How many levels were fixed other than suggested in the other years.
FEW = 2
#: Share of the indicators that the ministry's assessors put one level lower.
EXTERNAL_LOWER = 0.14


def determine_all(period: Period, coordinator: User, random: Random, now: datetime) -> None:
    """Fix every level of a year that is over: a few lower than suggested, the others as suggested."""
    table = board(period)
    for row in _lowered(table, random):
        assert row.suggested is not None
        determination.determine(
            period_id=period.pk,
            code=row.code,
            user=coordinator,
            level=row.suggested - 1,
            reason=_reason(row),
            now=now,
        )
    determination.determine_suggested(period_id=period.pk, user=coordinator, now=now)


def determine_some(period: Period, coordinator: User, now: datetime) -> None:
    """What can be fixed of the running year: all but one of the suggested."""
    ready = [row for row in board(period).rows if row.suggested is not None]
    for row in ready[:-1]:
        determination.determine(period_id=period.pk, code=row.code, user=coordinator, level=row.suggested, now=now)


def enter_external(period: Period, coordinator: User, random: Random, now: datetime) -> None:
    """The ministry's result, a little lower than the government's own."""
    indicators = dict(Indicator.objects.filter(instrument=period.instrument_id).values_list("code", "pk"))
    rows = []
    for row in board(period).rows:
        if row.level is None:
            continue
        lower = row.level > period.instrument.scale_min and random.random() < EXTERNAL_LOWER
        rows.append(
            ExternalLevel(
                period=period,
                indicator_id=indicators[row.code],
                level=row.level - 1 if lower else row.level,
                entered_by=coordinator,
                entered_at=now,
            )
        )
    ExternalLevel.objects.bulk_create(rows)


def _lowered(table: Board, random: Random) -> list[PemdaRow]:
    """Rows whose level was fixed one lower: criteria that speak of the whole government weigh on coverage."""
    able = [
        row
        for row in table.rows
        if row.suggested is not None
        and row.suggested > table.spec.scale_min + 1
        and row.coverage.at_least(row.suggested) > 2
    ]
    able.sort(key=lambda row: (row.coverage.at_least(row.suggested), int(row.code)))
    told = TOLD.get(table.period.year)
    if told is None:
        return able[:FEW]
    levels = {row.code: row.suggested for row in table.rows if row.suggested is not None}
    chosen: list[PemdaRow] = []
    index = score(table.spec, levels).index
    assert index is not None
    for row in able:
        if str(round_display(index)) == told:
            break
        after = score(table.spec, levels | {row.code: levels[row.code] - 1}).index
        assert after is not None
        if after >= Fraction(told) - Fraction(1, 200):
            levels[row.code] -= 1
            index = after
            chosen.append(row)
    return chosen


def _reason(row: PemdaRow) -> str:
    return (
        f"Kriteria level {row.suggested} menyebut seluruh perangkat daerah, sedangkan baru "
        f"{row.coverage.at_least(row.suggested)} dari {row.coverage.total} OPD pendukung berada di level itu."
    )
