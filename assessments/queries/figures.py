"""The figures of one assessment as its readers may know them, without its rows. (With them: `queries.sheet`.)"""

from dataclasses import dataclass

from accounts.permissions import Rights
from assessments import permissions, totals
from assessments.models import Assessment, Status
from assessments.queries.answers import answers_of, decisions_for
from assessments.queries.review_queue import barrier
from assessments.specs import spec_of
from indicators.scoring import Score


@dataclass(frozen=True)
class Figures:
    """`verified` exists from approval on; before, only reviewers see it (`is_provisional`)."""

    own: Score
    verified: Score | None
    is_provisional: bool


def has_verified_index(assessment: Assessment) -> bool:
    """Approved: what froze unfinished has none, though it is final."""
    return assessment.status in permissions.PUBLISHED and bool(assessment.verified_exact)


def sees_provisional(rights: Rights, assessment: Assessment) -> bool:
    """Whether this person sees what the decisions so far come to; needs `wrote` (see `with_wrote`)."""
    under_review = assessment.status in (Status.SUBMITTED, Status.RETURNED)
    return under_review and not barrier(rights, assessment, wrote=assessment.wrote)  # type: ignore[attr-defined]


def figures(assessment: Assessment, rights: Rights) -> Figures:
    """Two queries, and the instrument's once. `assessment` needs `wrote`."""
    spec = spec_of(assessment.period.instrument)
    answers = list(answers_of([assessment]))
    decisions = decisions_for(rights, assessment)
    is_provisional = sees_provisional(rights, assessment)
    shows = is_provisional or has_verified_index(assessment)
    verified = totals.verified_score(spec, answers, decisions) if shows else None
    return Figures(totals.own_score(spec, assessment, answers), verified, is_provisional)
