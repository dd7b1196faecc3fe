"""Everything a report says of the government in one period, as plain JSON values.

One shape for both: `PemdaResult.snapshot` is this, frozen; a draft report takes it live. Levels and exact figures
are strings ("3", "1403/400"), times ISO 8601, absent values None, as in `assessments.snapshot`. The ministry's
levels are not part of it: they come after the result, and stand beside it.
"""

from typing import Any

from assessments.queries.pemda import Board, LastPemda, PemdaRow, PicAnswer
from assessments.snapshot import exact, instrument_head, period_head, score_json, text, time
from indicators.scoring import FORMULA_VERSION

SHAPE = 1


def take(board: Board) -> dict[str, Any]:
    """The snapshot of the government's table. No query. In `score` what is not determined counts as missing."""
    return {
        "shape": SHAPE,
        "formula_version": FORMULA_VERSION,
        "instrument": instrument_head(board.period.instrument, board.spec),
        "period": period_head(board.period),
        "score": score_json(board.score),
        "determined": board.determined,
        "last": _last(board.last),
        "indicators": [_indicator(row) for row in board.rows],
    }


def levels_of(snapshot: dict[str, Any]) -> dict[str, str | None]:
    """The levels a snapshot holds, as text by indicator code."""
    return {row["code"]: row["level"] for row in snapshot["indicators"]}


def _last(last: LastPemda | None) -> dict[str, Any] | None:
    if last is None:
        return None
    return {
        "year": last.year,
        "period": last.period,
        "index": exact(last.index),
        "predicate": last.predicate,
        "is_comparable": last.is_comparable,
        "domains": {code: exact(value) for code, value in last.domains.items()},
        "aspects": {code: exact(value) for code, value in last.aspects.items()},
    }


def _indicator(row: PemdaRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "short_name": row.short_name,
        "capability": row.capability,
        "aspect": row.aspect,
        "domain": row.domain,
        "weight": exact(row.weight),
        "level": text(row.level),
        "suggested": text(row.suggested_then if row.is_determined else row.suggested),
        "obstacle": row.obstacle,
        "reason": row.reason,
        "determined_by": row.determined_by,
        "determined_at": time(row.determined_at),
        "pics": [_pic(pic) for pic in row.pics],
        "coverage": {
            "total": row.coverage.total,
            "decided": row.coverage.decided,
            "counts": row.coverage.counts,
        },
        "last": text(row.last),
        "target": text(row.target),
    }


def _pic(pic: PicAnswer) -> dict[str, Any]:
    return {
        "agency": pic.agency_id,
        "name": pic.agency,
        "short_name": pic.short_name,
        "assessment": pic.assessment_id,
        "status": pic.shown_status,
        "self_level": text(pic.self_level),
        "verified_level": text(pic.verified_level),
        "not_relevant": pic.not_relevant,
    }
