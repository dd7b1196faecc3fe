"""The answers of one assessment and the decisions on them: what figures, checks and screens are made of."""

from collections.abc import Iterable

from django.db.models import F, Prefetch, QuerySet, prefetch_related_objects

from accounts.permissions import Rights
from assessments import levels as texts
from assessments import permissions
from assessments.models import Answer, Assessment, DecisionKind, Evidence, Review
from audit.models import Event

#: The long texts of an indicator: only its own page shows them.
_INDICATOR_TEXTS = (
    "question",
    "explanation",
    "note",
    "external_source",
    "agency_explanation",
    "agency_evidence",
    "fact_hint",
    "analysis_hint",
    "not_relevant_hints",
    "common_mistakes",
)


def answers_of(assessments: Iterable[Assessment]) -> QuerySet[Answer]:
    """Their answers with the indicators but for those texts, in the instrument's order. One query."""
    rows = Answer.objects.filter(assessment__in=[assessment.pk for assessment in assessments])
    left_out = [f"indicator__{name}" for name in _INDICATOR_TEXTS]
    return rows.select_related("indicator").defer(*left_out).order_by("indicator__order")


def answers_with_evidence(assessment: Assessment) -> QuerySet[Answer]:
    """Its answers in the instrument's order, each with its evidence as `all_evidence`. Two queries."""
    pieces = Evidence.objects.select_related("version__document", "added_by").order_by("id")
    rows = answers_of([assessment]).select_related("indicator", "changed_by")
    return rows.prefetch_related(Prefetch("evidence", pieces, "all_evidence"))


def load_answers(assessment: Assessment) -> tuple[list[Answer], dict[int, Review]]:
    """What figures are made of: the level of every answer, in order, and its current decision by answer id.

    Two queries. They run with every save, so nothing else is read; more is fetched row by row if asked for.
    """
    answers = Answer.objects.filter(assessment=assessment).select_related("indicator").order_by("indicator__order")
    fields = ("assessment_id", "self_level", "not_applicable", "indicator__code", "indicator__short_name")
    current = Review.objects.filter(answer__assessment=assessment, is_current=True)
    decisions = current.only("answer_id", "decision", "verified_level")
    return list(answers.only(*fields)), {review.answer_id: review for review in decisions}


def shown_decision(reviews: Iterable[Review], round: int, *, with_open: bool) -> Review | None:
    """Of all decisions on one answer, oldest first, the one its reader goes by.

    Reviewers (`with_open`) go by the current one, published or not. Everybody else goes by the latest
    published one: what a reviewer is changing stands as it was announced until the change is announced too.
    A return before the hand-in of this `round` was mended; the answer waits for a decision again.
    """
    rows = list(reviews)
    if with_open:
        return next((review for review in reversed(rows) if review.is_current), None)
    latest = next((review for review in reversed(rows) if review.is_published), None)
    if latest is not None and latest.decision == DecisionKind.RETURN and latest.round < round:
        return None
    return latest


def handed_in_for(assessments: Iterable[Assessment]) -> set[int]:
    """The ids of those whose latest hand-in a coordinator made on the agency's behalf. One query."""
    streams = {f"assessment:{each.pk}": each.pk for each in assessments if each.was_handed_in}
    if not streams:
        return set()
    events = Event.objects.filter(stream__in=streams, action="assessment.submit").order_by("id")
    latest = dict(events.values_list("stream", "on_behalf_of"))
    return {streams[stream] for stream, agency in latest.items() if agency is not None}


def decisions_for(rights: Rights, assessment: Assessment, *, with_people: bool = False) -> dict[int, Review]:
    """The decision on each answer that this person goes by, by answer id (see `shown_decision`). One query.

    `with_people`: their reviewers too, with one more.
    """
    with_open = permissions.can_see_open_decisions(rights, assessment)
    found = _decisions([assessment], with_open=with_open)
    if with_people:
        prefetch_related_objects(list(found.values()), "reviewer")
    return found


def published_decisions(assessments: Iterable[Assessment]) -> dict[int, Review]:
    """The decisions in force that the agencies may read, by answer id, for many assessments. One query."""
    return _decisions(assessments, with_open=False)


def _decisions(given: Iterable[Assessment], *, with_open: bool) -> dict[int, Review]:
    assessments = list(given)
    rounds = {assessment.pk: assessment.round for assessment in assessments}
    of_answer: dict[int, list[Review]] = {}
    rows = Review.objects.filter(answer__assessment__in=rounds).annotate(assessment_id=F("answer__assessment"))
    for review in rows.order_by("id"):
        of_answer.setdefault(review.answer_id, []).append(review)
    found = {}
    for answer_id, reviews in of_answer.items():
        shown = shown_decision(reviews, rounds[reviews[0].assessment_id], with_open=with_open)
        if shown is not None:
            found[answer_id] = shown
    return found | imported_decisions(assessments)


def imported_decisions(assessments: Iterable[Assessment]) -> dict[int, Review]:
    """Of past years that were brought in: the verified levels as decisions without a kind, that no row holds.

    By answer id; no query where there are none, else one.
    """
    kept = {one.pk: texts.unpack(one.verified_levels) for one in assessments if one.has_imported_levels}
    if not kept:
        return {}
    rows = Answer.objects.filter(assessment__in=kept).order_by()
    found = {}
    for pk, assessment, code in rows.values_list("pk", "assessment", "indicator__code"):
        made = imported_decision(pk, kept[assessment].get(code, ""))
        if made is not None:
            found[pk] = made
    return found


def imported_decision(answer_id: int, level: str) -> Review | None:
    """One of `imported_decisions`; None where the list had no level."""
    verified = texts.number(level)
    if verified is None:
        return None
    return Review(answer_id=answer_id, round=0, decision="", verified_level=verified, is_published=True)
