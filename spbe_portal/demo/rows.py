"""What is collected of one year, and its writing in bulk."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assessments import totals
from assessments.models import (
    Answer,
    Assessment,
    Contributor,
    DecisionKind,
    Document,
    DocumentVersion,
    Evidence,
    Period,
    Review,
    Status,
)
from assessments.services._base import TOTALS
from assessments.specs import spec_of
from audit.models import Event
from spbe_portal.demo.events import events_of
from spbe_portal.demo.library import Library

#: What the seeder says of an assessment's state.
MARKED = ["status", "round", "submitted_at", "submitted_by", "returned_at", "mend_by", "approved_at", "approved_by"]
ANSWER_FIELDS = (
    "self_level",
    "fact",
    "analysis",
    "not_applicable",
    "not_applicable_reason",
    "version",
    "changed_at",
    "changed_by",
)


@dataclass
class Rows:
    """Rows collected for bulk writing."""

    answers: list[Answer] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    contributors: list[Contributor] = field(default_factory=list)

    def save(self, period: Period, assessments: dict[str, Assessment], library: Library, now: datetime) -> list[Event]:
        """Write what was collected and keep the totals, all with a fixed number of statements.

        The events of it are the caller's to write.
        """
        # An upsert: Django's bulk_update takes many times as long for this many rows.
        Answer.objects.bulk_create(
            self.answers, batch_size=500, update_conflicts=True, unique_fields=["id"], update_fields=ANSWER_FIELDS
        )
        library.save()
        Evidence.objects.bulk_create(self.evidence, batch_size=1000)
        Review.objects.bulk_create(self.reviews, batch_size=1000)
        # These times are the moment of writing by default; in the story it was earlier.
        then = min(period.deadline - timedelta(days=14), now - timedelta(days=20))
        Document.objects.filter(created_at__gte=now).update(created_at=then)
        DocumentVersion.objects.filter(uploaded_at__gte=now).update(uploaded_at=then)
        Evidence.objects.filter(added_at__gte=now).update(added_at=then)
        Contributor.objects.bulk_create(self.contributors)
        spec = spec_of(period.instrument)
        answers: dict[int, list[Answer]] = {}
        for answer in self.answers:
            answers.setdefault(answer.assessment_id, []).append(answer)
        reviews = {review.answer_id: review for review in self.reviews}
        events: list[Event] = []
        for assessment in assessments.values():
            own = answers[assessment.pk]
            score = totals.self_score(spec, own)
            decided = [reviews[answer.pk] for answer in own if answer.pk in reviews]
            assessment.answered_count = sum(answer.is_answered for answer in own)
            assessment.decided_count = len(decided)
            assessment.returned_count = sum(review.decision == DecisionKind.RETURN for review in decided)
            assessment.self_exact, assessment.self_predicate = totals.fraction_text(score.index), score.predicate or ""
            assessment.self_levels = totals.packed_self(own)
            if assessment.status == Status.APPROVED:
                verified = totals.verified_score(spec, own, reviews)
                assessment.verified_exact = totals.fraction_text(verified.index)
                assessment.verified_predicate = verified.predicate or ""
                assessment.verified_levels = totals.packed_verified(own, reviews)
            events += events_of(assessment, own, reviews)
        Assessment.objects.bulk_update(
            assessments.values(), [*MARKED, *(name for name in TOTALS if name != "assigned_count")]
        )
        return events
