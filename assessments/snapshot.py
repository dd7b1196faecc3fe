"""Everything a report or a result says of one assessment, as plain JSON values.

One shape for both: `Result.snapshot` is this, frozen; a draft report takes it live. Levels and
exact figures are strings ("3", "1403/400"), times ISO 8601, absent values None.
"""

import hashlib
import json
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from django.db.models import Prefetch

from accounts.models import User
from assessments import totals
from assessments.levels import unpack
from assessments.models import Answer, Assessment, DecisionKind, Evidence, Period, Review, Status
from assessments.queries.answers import imported_decision, shown_decision
from assessments.specs import spec_of
from indicators.models import Indicator, Instrument
from indicators.scoring import FORMULA_VERSION, InstrumentSpec, Score

SHAPE = 2


def answers_for_snapshot(assessments: Iterable[Assessment]) -> dict[int, list[Answer]]:
    """The answers of many assessments with all a snapshot needs, by assessment id.

    Five queries, and one more where anything was filled in for an agency. Indicators, reviewers and who filled
    in are few and long: they are read once, not beside each of their rows.
    """
    found: dict[int, list[Answer]] = {assessment.pk: [] for assessment in assessments}
    used = Answer.objects.filter(assessment__in=found).order_by().values("indicator")
    indicators = {row.pk: row for row in Indicator.objects.select_related("aspect__domain").filter(pk__in=used)}
    reviews = Review.objects.prefetch_related("reviewer").order_by("id")
    rows = (
        Answer.objects.filter(assessment__in=found)
        .prefetch_related(
            Prefetch("evidence", Evidence.objects.select_related("version__document").order_by("id"), "all_evidence"),
            Prefetch("reviews", reviews, "all_reviews"),
        )
        .order_by("assessment_id", "indicator__order")
    )
    for answer in rows:
        answer.indicator = indicators[answer.indicator_id]
        found[answer.assessment_id].append(answer)
    _name_helpers([answer for answers in found.values() for answer in answers])
    return found


def _name_helpers(answers: list[Answer]) -> None:
    """Fetch at once who filled in answers and attached evidence for an agency. At most one query."""
    helped = [answer for answer in answers if answer.on_behalf and answer.changed_by_id]
    brought = [each for answer in answers for each in answer.all_evidence if each.on_behalf]  # type: ignore[attr-defined]
    people = User.objects.in_bulk({each.changed_by_id for each in helped} | {each.added_by_id for each in brought})
    for answer in helped:
        answer.changed_by = people[answer.changed_by_id]
    for evidence in brought:
        evidence.added_by = people[evidence.added_by_id]


def take(assessment: Assessment, answers: list[Answer]) -> dict[str, Any]:
    """The snapshot of one assessment from rows read by `answers_for_snapshot`. No query.

    Decisions that are not published yet are left out, and those they replace stand until then. The
    verified index exists from approval on.
    """
    instrument = assessment.period.instrument
    spec = spec_of(instrument)
    shown = {answer.pk: _published(answer) for answer in answers}
    current = {}
    for pk, reviews in shown.items():
        decision = shown_decision(reviews, assessment.round, with_open=False)
        if decision is not None:
            current[pk] = decision
    if assessment.has_imported_levels:
        levels = unpack(assessment.verified_levels)
        made = {answer.pk: imported_decision(answer.pk, levels[answer.indicator.code]) for answer in answers}
        current = {pk: decision for pk, decision in made.items() if decision is not None}
    own = totals.own_score(spec, assessment, answers)
    verified = None
    if assessment.status in (Status.APPROVED, Status.FINAL) and assessment.verified_exact:
        verified = totals.verified_score(spec, answers, current)
    return {
        "shape": SHAPE,
        "formula_version": FORMULA_VERSION,
        "instrument": instrument_head(instrument, spec),
        "period": period_head(assessment.period),
        "agency": {
            "id": assessment.agency_id,
            "slug": assessment.agency.slug,
            "name": assessment.agency.name,
            "short_name": assessment.agency.short_name,
            "kind": assessment.agency.get_kind_display(),
        },
        "assessment": assessment.pk,
        "status": assessment.status,
        "round": assessment.round,
        "submitted_at": time(assessment.submitted_at) if assessment.was_handed_in else None,
        "approved_at": time(assessment.approved_at) if verified else None,
        "decided_count": len(current),
        "self": score_json(own),
        "verified": score_json(verified) if verified else None,
        "indicators": [_indicator(answer, shown[answer.pk], current.get(answer.pk)) for answer in answers],
    }


def instrument_head(instrument: Instrument, spec: InstrumentSpec) -> dict[str, Any]:
    """What a snapshot says of its instrument."""
    return {
        "code": instrument.code,
        "version": instrument.version,
        "name": instrument.name,
        "short_name": instrument.short_name,
        "topic": instrument.topic,
        "regulation": instrument.regulation,
        "regulation_note": instrument.regulation_note,
        "source_note": instrument.source_note,
        "caution": instrument.caution,
        "help_text": instrument.help_text,
        "scale_min": str(instrument.scale_min),
        "scale_max": str(instrument.scale_max),
        "domains": [_group(group) for group in spec.domains],
        "aspects": [_group(group) for group in spec.aspects],
    }


def period_head(period: Period) -> dict[str, Any]:
    """What a snapshot says of its period."""
    return {
        "id": period.pk,
        "name": period.name,
        "year": period.year,
        "target": str(period.target) if period.target is not None else None,
    }


def canonical(snapshot: dict[str, Any]) -> str:
    """One text for one snapshot: sorted keys, no spaces. What the digest is taken of."""
    return json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(snapshot: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(snapshot).encode()).hexdigest()


def score_json(score: Score) -> dict[str, Any]:
    """A `Score` as JSON: exact values as "a/b" or None."""
    return {
        "index": exact(score.index),
        "predicate": score.predicate,
        "answered": score.answered,
        "assigned": score.assigned,
        "domains": {code: exact(value) for code, value in score.domains.items()},
        "aspects": {code: exact(value) for code, value in score.aspects.items()},
        "domain_coverage": {code: list(pair) for code, pair in score.domain_coverage.items()},
        "aspect_coverage": {code: list(pair) for code, pair in score.aspect_coverage.items()},
        "shares": {row.code: exact(row.share) for row in score.rows if row.level is not None},
    }


def _published(answer: Answer) -> list[Review]:
    return [review for review in answer.all_reviews if review.is_published]  # type: ignore[attr-defined]


def _indicator(answer: Answer, reviews: list[Review], current: Review | None) -> dict[str, Any]:
    indicator = answer.indicator
    domain = indicator.aspect.domain
    return {
        "code": indicator.code,
        "name": indicator.name,
        "short_name": indicator.short_name,
        "capability": indicator.capability,
        "aspect": indicator.aspect.code,
        "domain": domain.code if domain else None,
        "weight": exact(indicator.weight),
        "self_level": text(answer.self_level),
        "not_applicable": answer.not_applicable,
        "not_applicable_reason": answer.not_applicable_reason,
        "fact": answer.fact,
        "analysis": answer.analysis,
        "on_behalf": answer.on_behalf,
        "filled_by": str(answer.changed_by) if answer.on_behalf and answer.changed_by_id else "",
        "verified_level": text(current.verified_level) if current else None,
        "decision": current.decision if current else None,
        "reviews": [
            {
                "round": review.round,
                "decision": review.decision,
                "verified_level": text(review.verified_level),
                "reason": review.get_reason_display() if review.decision == DecisionKind.RETURN else "",
                "note": review.note,
                "reviewer": str(review.reviewer),
                "decided_at": time(review.decided_at),
                "is_current": review is current,
                "reply": review.reply,
            }
            for review in reviews
        ],
        "evidence": [_evidence(evidence) for evidence in answer.all_evidence],  # type: ignore[attr-defined]
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    version = evidence.version
    document = version.document
    return {
        "title": document.title,
        "number": document.number,
        "kind": document.get_kind_display(),
        "date": document.date.isoformat() if document.date else None,
        "version": version.number,
        "pages": evidence.pages,
        "level": text(evidence.level),
        "file": version.original_name,
        "url": version.url,
        "size": version.size,
        "sha256": version.sha256,
        "attached_for_agency_by": str(evidence.added_by) if evidence.on_behalf else "",
    }


def _group(group: Any) -> dict[str, Any]:
    return {"code": group.code, "name": group.name, "weight": exact(group.weight), "domain": group.domain}


def exact(value: Fraction | None) -> str | None:
    """An exact figure as a snapshot holds it: "1403/400"."""
    return None if value is None else f"{value.numerator}/{value.denominator}"


def text(level: Any) -> str | None:
    """A level as a snapshot holds it: "3"."""
    return None if level is None else str(level)


def time(moment: Any) -> str | None:
    """A moment as a snapshot holds it: ISO 8601."""
    return moment.isoformat() if moment else None
