"""The row of an immutable result."""

from datetime import datetime

from accounts.models import User
from assessments import snapshot
from assessments.models import Answer, Assessment, Result
from indicators.scoring import FORMULA_VERSION


def frozen(
    assessment: Assessment, answers: list[Answer], *, revision: int, reason: str, user: User, now: datetime
) -> Result:
    """The unsaved result of `assessment` as it is now, its totals and its status final already.

    `reason` says why it is incomplete, without a verified index; empty where it is complete.
    """
    complete = not reason
    taken = snapshot.take(assessment, answers)
    taken |= {"is_complete": complete, "reason": reason, "finalised_at": now.isoformat()}
    instrument = assessment.period.instrument
    return Result(
        assessment=assessment,
        revision=revision,
        instrument_code=instrument.code,
        instrument_version=instrument.version,
        formula_version=FORMULA_VERSION,
        is_complete=complete,
        reason=reason,
        assigned_count=assessment.assigned_count,
        answered_count=assessment.answered_count,
        self_exact=assessment.self_exact,
        verified_exact=assessment.verified_exact,
        predicate=assessment.verified_predicate,
        snapshot=taken,
        digest=snapshot.digest(taken),
        finalised_by=user,
        finalised_at=now,
    )
