"""What every write shares: lock the assessment, know the actor, keep the totals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import Agency, User
from accounts.permissions import Rights, rights_of
from assessments import permissions, totals
from assessments.errors import TooLate, WrongState
from assessments.models import Answer, Assessment, Contributor, DecisionKind, Period, Review, Status
from assessments.queries.answers import load_answers
from assessments.specs import spec_of
from audit.services import record
from indicators.scoring import Score
from spbe_portal.formatting import datetime_id


@dataclass(frozen=True)
class Acting:
    """One write in progress: the locked assessment, who acts, and when."""

    assessment: Assessment
    user: User
    rights: Rights
    now: datetime

    @property
    def on_behalf_of(self) -> Agency | None:
        """The agency, where somebody who is not its operator writes for it."""
        return self.assessment.agency if permissions.acts_on_behalf(self.rights, self.assessment) else None

    def record(self, action: str, subject: Any, **details: Any) -> None:
        record(action, subject, actor=self.user, stream=f"assessment:{self.assessment.pk}", **details)


def locked(assessment_id: int, user: User) -> Acting:
    """Lock the assessment's row for the rest of the transaction and re-read it.

    Every writer locks this row first, so all changes of one assessment are in one order.
    """
    assessment = (
        Assessment.objects.select_for_update(of=("self",))
        .select_related("period__instrument", "agency")
        .get(pk=assessment_id)
    )
    return Acting(assessment, user, rights_of(user), timezone.now())


def wrote_in(assessment: Assessment, user: User) -> bool:
    return Contributor.objects.filter(assessment=assessment, user=user).exists()


def require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied


def require_open_period(acting: Acting) -> None:
    if acting.assessment.period.status != Period.Status.OPEN:
        raise WrongState("Periode penilaian ini sudah ditutup, jadi isinya tidak dapat diubah lagi.")


def require_in_time(acting: Acting) -> None:
    """Raises `TooLate` after the agency's own deadline. What was typed stays with the caller."""
    due = acting.assessment.due_at
    if acting.now >= due:
        raise TooLate(
            f"Batas waktu {datetime_id(due)} sudah lewat, jadi perubahan ini tidak disimpan. "
            "Salin isian Anda, lalu minta perpanjangan kepada koordinator penilaian."
        )


def require_editable(acting: Acting) -> None:
    """The actor may write answers and evidence of this assessment now."""
    assessment = acting.assessment
    require(permissions.may_write(acting.rights, assessment))
    if not permissions.can_edit(acting.rights, assessment):
        raise WrongState(
            f"Penilaian ini berstatus {assessment.get_status_display()}, jadi isian terkunci dan tidak dapat diubah."
        )
    require_open_period(acting)
    require_in_time(acting)


def answer_for_edit(acting: Acting, code: str) -> Answer:
    """The answer to change, after `require_editable`. Raises `Answer.DoesNotExist`, `WrongState`."""
    require_editable(acting)
    answer = Answer.objects.select_related("indicator").get(assessment=acting.assessment, indicator__code=code)
    if acting.assessment.status == Status.RETURNED and not is_returned(answer):
        raise WrongState(
            f"Indikator {code} tidak dikembalikan, jadi isiannya terkunci. Hanya indikator yang dikembalikan yang "
            "dapat diperbaiki."
        )
    return answer


def is_returned(answer: Answer) -> bool:
    return Review.objects.filter(answer=answer, is_current=True, decision=DecisionKind.RETURN).exists()


def note_contribution(acting: Acting) -> None:
    Contributor.objects.get_or_create(assessment=acting.assessment, user=acting.user)


def refresh_totals(acting: Acting) -> Score:
    """Count again, keep the figures with the assessment and return the self score.

    The self index is stored while the agency may still change it; from submission on it stays.
    """
    assessment = acting.assessment
    answers, reviews = load_answers(assessment)
    own = totals.self_score(spec_of(assessment.period.instrument), answers)
    assessment.assigned_count = len(answers)
    assessment.answered_count = sum(answer.is_answered for answer in answers)
    assessment.decided_count = len(reviews)
    assessment.returned_count = sum(review.decision == DecisionKind.RETURN for review in reviews.values())
    if assessment.status in permissions.EDITABLE:
        assessment.self_exact = totals.fraction_text(own.index)
        assessment.self_predicate = own.predicate or ""
        assessment.self_levels = totals.packed_self(answers)
    assessment.revision += 1
    assessment.save(update_fields=[*TOTALS, "revision"])
    return own


def current_score(acting: Acting) -> Score:
    """The self score as it stands, without writing anything."""
    answers, _ = load_answers(acting.assessment)
    return totals.self_score(spec_of(acting.assessment.period.instrument), answers)


TOTALS = (
    "assigned_count",
    "answered_count",
    "decided_count",
    "returned_count",
    "self_exact",
    "self_predicate",
    "verified_exact",
    "verified_predicate",
    "self_levels",
    "verified_levels",
)
