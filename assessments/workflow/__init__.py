"""The loop. This package is the only code that assigns a status.

The moves as data are `assessments.moves`; `assessments` has one function a move; `periods` opens, finalises
and cancels a period; `pemda` freezes the government's index.
"""

from assessments.moves import MOVES, Move, actions
from assessments.workflow.assessments import approve, cancel, extend, reopen, return_assessment, submit, withdraw
from assessments.workflow.pemda import finalise_pemda, reopen_pemda
from assessments.workflow.periods import cancel_period, finalise_period, open_period

__all__ = [
    "MOVES",
    "Move",
    "actions",
    "approve",
    "cancel",
    "cancel_period",
    "extend",
    "finalise_pemda",
    "finalise_period",
    "open_period",
    "reopen",
    "reopen_pemda",
    "return_assessment",
    "submit",
    "withdraw",
]
