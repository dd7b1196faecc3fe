"""What must be mended before an assessment can be handed in. Pure: no Django, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class AnswerState:
    """What completeness asks of one answer. `level` is the chosen level or None."""

    code: str
    level: int | Decimal | None
    not_applicable: bool
    has_reason: bool
    has_explanation: bool
    evidence_count: int
    was_returned: bool = False
    changed_since_return: bool = False
    infected_count: int = 0  # pieces of evidence that the virus scanner found something in


@dataclass(frozen=True)
class Gap:
    """One missing thing. `kind` is one of unanswered, no_explanation, no_evidence, infected, no_reason, untouched."""

    kind: str
    code: str


def gaps_of(answer: AnswerState, scale_min: int | Decimal) -> list[Gap]:
    """The gaps of one answer, in the order in which a person would mend them.

    A level above the instrument's lowest (`scale_min`) needs an explanation and at least one
    piece of evidence; "tidak relevan" needs a reason; a returned answer needs a change or a reply.
    """
    kinds: list[str] = []
    if answer.not_applicable:
        if not answer.has_reason:
            kinds.append("no_reason")
    elif answer.level is None:
        kinds.append("unanswered")
    elif answer.level > scale_min:
        if not answer.has_explanation:
            kinds.append("no_explanation")
        if not answer.evidence_count:
            kinds.append("no_evidence")
    if answer.infected_count:
        kinds.append("infected")
    if answer.was_returned and not answer.changed_since_return:
        kinds.append("untouched")
    return [Gap(kind, answer.code) for kind in kinds]


def gaps(answers: Iterable[AnswerState], scale_min: int | Decimal) -> list[Gap]:
    """All gaps of all answers, in the order given."""
    return [gap for answer in answers for gap in gaps_of(answer, scale_min)]
