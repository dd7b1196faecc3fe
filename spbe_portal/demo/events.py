"""The events of a story that was written in bulk, as the acts themselves would have left them."""

from collections.abc import Iterable
from typing import Any

from assessments.models import Answer, Assessment, Review, Status
from audit.models import Event
from audit.services import prepare


def events_of(assessment: Assessment, answers: Iterable[Answer], reviews: dict[int, Review]) -> list[Event]:
    """What happened to one assessment, in order; `reviews` maps answer ids to their decision."""
    stream = f"assessment:{assessment.pk}"

    def event(action: str, subject: Any, **details: Any) -> Event:
        return prepare(action, subject, stream=stream, **details)

    answered = [answer for answer in answers if answer.is_answered]
    decided = [reviews[answer.pk] for answer in answered if answer.pk in reviews]
    events = [
        event(
            "answer.save",
            answer,
            actor=answer.changed_by,
            before={"self_level": None, "not_applicable": False},
            after={"self_level": answer.self_level, "not_applicable": answer.not_applicable},
            at=answer.changed_at,
        )
        for answer in answered
    ]
    if assessment.round:
        events.append(
            event(
                "assessment.submit",
                assessment,
                actor=assessment.submitted_by,
                before={"status": Status.DRAFT},
                after={"status": Status.SUBMITTED, "round": 1, "self_exact": assessment.self_exact},
                at=assessment.submitted_at,
            )
        )
    events += [
        event(
            "review.decide",
            review,
            actor=review.reviewer,
            after={
                "decision": review.decision,
                "verified_level": review.verified_level,
                "reason": review.reason,
                "note": review.note,
                "indicator": review.answer.indicator.code,
                "self_level": review.answer.self_level,
            },
            at=review.decided_at,
        )
        for review in decided
    ]
    closing = {Status.RETURNED: "assessment.return", Status.APPROVED: "assessment.approve"}
    if assessment.status in closing and decided:
        events.append(
            event(
                closing[Status(assessment.status)],
                assessment,
                actor=decided[-1].reviewer,
                before={"status": Status.SUBMITTED},
                after={"status": assessment.status},
                at=decided[-1].decided_at,
            )
        )
    return events
