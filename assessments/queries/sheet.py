"""The sheet of one assessment: every assigned indicator with its state, and the figures above it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count

from accounts.permissions import Rights
from assessments import permissions, totals
from assessments.models import Answer, Assessment, DecisionKind, Evidence, Review, Status
from assessments.queries.answers import decisions_for, load_answers
from assessments.queries.readiness import problems_from
from assessments.specs import spec_of
from indicators.queries import level_names
from indicators.scoring import InstrumentSpec, Score, display_disagrees
from spbe_portal.formatting import level_id

Level = int | Decimal


@dataclass(frozen=True)
class State:
    """A state as the `state` tag shows it."""

    text: str
    icon: str
    kind: str  # neutral, info, ok, warn, danger


@dataclass(frozen=True)
class Row:
    """One indicator. `gaps` are the kinds of `assessments.completeness.Gap` that still stand in the way."""

    code: str
    name: str
    weight: Fraction
    aspect: str
    level: Level | None
    level_name: str
    not_applicable: bool
    verified_level: Level | None
    decision: str
    has_note: bool
    evidence_count: int
    gaps: tuple[str, ...]
    needs_evidence: bool
    is_returned: bool
    state: State


#: Filters of the sheet: key, label, which rows.
FILTERS: tuple[tuple[str, str, Callable[[Row], bool]], ...] = (
    ("semua", "Semua", lambda row: True),
    ("belum-diisi", "Belum diisi", lambda row: row.level is None and not row.not_applicable),
    ("perlu-dilengkapi", "Perlu dilengkapi", lambda row: bool(row.gaps)),
    ("dikembalikan", "Dikembalikan", lambda row: row.is_returned),
    ("tanpa-bukti", "Tanpa bukti", lambda row: row.needs_evidence and not row.evidence_count),
    ("disesuaikan", "Disesuaikan", lambda row: row.decision == DecisionKind.ADJUST),
)


@dataclass(frozen=True)
class Aspect:
    code: str
    name: str
    index: Fraction | None
    answered: int
    assigned: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Domain:
    """`name` is empty for an instrument without domains."""

    code: str
    name: str
    index: Fraction | None
    verified: Fraction | None
    answered: int
    assigned: int
    aspects: tuple[Aspect, ...]


@dataclass(frozen=True)
class Sheet:
    """`verified` exists from approval on. `problems` counts what keeps it from being handed in."""

    spec: InstrumentSpec
    own: Score
    verified: Score | None
    domains: tuple[Domain, ...]

    @property
    def rows(self) -> list[Row]:
        return [row for domain in self.domains for aspect in domain.aspects for row in aspect.rows]

    @property
    def problem_count(self) -> int:
        return sum(len(row.gaps) for row in self.rows)

    @property
    def own_disagrees(self) -> bool:
        return display_disagrees(self.own, self.spec)

    @property
    def verified_disagrees(self) -> bool:
        return self.verified is not None and display_disagrees(self.verified, self.spec)

    def counts(self) -> list[tuple[str, str, int]]:
        """(key, label, number of rows) of every filter."""
        rows = self.rows
        return [(key, label, sum(keep(row) for row in rows)) for key, label, keep in FILTERS]

    def only(self, key: str) -> tuple[Domain, ...]:
        """The domains with the rows of one filter; groups left without rows go."""
        keep = next((keep for name, _, keep in FILTERS if name == key), None)
        if keep is None or key == "semua":
            return self.domains
        found = []
        for domain in self.domains:
            aspects = []
            for aspect in domain.aspects:
                rows = tuple(row for row in aspect.rows if keep(row))
                if rows:
                    aspects.append(
                        Aspect(aspect.code, aspect.name, aspect.index, aspect.answered, aspect.assigned, rows)
                    )
            if aspects:
                found.append(
                    Domain(
                        domain.code,
                        domain.name,
                        domain.index,
                        domain.verified,
                        domain.answered,
                        domain.assigned,
                        tuple(aspects),
                    )
                )
        return tuple(found)


def sheet(assessment: Assessment, rights: Rights) -> Sheet:
    """All indicators of `assessment` as this person may see them. Five queries, and the instrument's once."""
    answers, _ = load_answers(assessment)
    shown = decisions_for(rights, assessment)
    counts = evidence_counts(assessment)
    names = level_names(assessment.period.instrument)
    spec = spec_of(assessment.period.instrument)
    gaps = gaps_by_code(assessment, answers, shown, counts)
    own = totals.self_score(spec, answers)
    verified = None
    if assessment.status in permissions.PUBLISHED and assessment.verified_exact:
        verified = totals.verified_score(spec, answers, shown)
    aspect_of = {indicator.code: indicator.aspect for indicator in spec.indicators}
    rows: dict[str, list[Row]] = {}
    for answer in answers:
        code, review = answer.indicator.code, shown.get(answer.pk)
        missing = gaps.get(code, ())
        rows.setdefault(aspect_of[code], []).append(
            Row(
                code=code,
                name=answer.indicator.short_name,
                weight=answer.indicator.weight,
                aspect=aspect_of[code],
                level=answer.self_level,
                level_name=_name(names, answer),
                not_applicable=answer.not_applicable,
                verified_level=review.verified_level if review else None,
                decision=review.decision if review else "",
                has_note=bool(review and review.note),
                evidence_count=counts.get(answer.pk, 0),
                gaps=missing,
                needs_evidence=answer.self_level is not None and answer.self_level > spec.scale_min,
                is_returned=bool(review and review.decision == DecisionKind.RETURN),
                state=state_of(assessment, answer, review, missing),
            )
        )
    return Sheet(spec, own, verified, _grouped(spec, own, verified, rows))


def _name(names: dict[tuple[str, Level], str], answer: Answer) -> str:
    level = answer.self_level
    return "" if level is None else names.get((answer.indicator.capability, level), "")


def evidence_counts(assessment: Assessment) -> dict[int, int]:
    """Number of pieces of evidence by answer id. One query."""
    rows = Evidence.objects.filter(answer__assessment=assessment).values_list("answer_id").annotate(n=Count("pk"))
    return dict(rows.order_by())


def gaps_by_code(
    assessment: Assessment, answers: list[Answer], reviews: dict[int, Review], counts: dict[int, int]
) -> dict[str, tuple[str, ...]]:
    """What each indicator still lacks before it can be handed in; nothing once it is."""
    if assessment.status not in permissions.EDITABLE:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for problem in problems_from(assessment, answers, reviews, counts):
        found[problem.indicator] = (*found.get(problem.indicator, ()), problem.code)
    return found


_GAP_STATE = {
    "unanswered": State("Belum diisi", "circle-dashed", "neutral"),
    "no_explanation": State("Tanpa penjelasan", "circle-alert", "warn"),
    "no_evidence": State("Tanpa bukti", "circle-alert", "warn"),
    "no_reason": State("Tanpa alasan", "circle-alert", "warn"),
    "untouched": State("Dikembalikan", "undo-2", "warn"),
}
INCOMPLETE = State("Belum lengkap", "circle-alert", "warn")
COMPLETE = State("Lengkap", "circle-check", "ok")
MENDED = State("Sudah diperbaiki", "circle-check", "ok")
WAITING = State("Menunggu verifikasi", "hourglass", "neutral")
LOCKED = State("Terkunci", "lock", "neutral")


def state_of(assessment: Assessment, answer: Answer, review: Review | None, gaps: tuple[str, ...]) -> State:
    """What one answer waits for. `review` is the decision the reader may see."""
    if assessment.status in permissions.EDITABLE:
        if "untouched" in gaps or (gaps and len(gaps) == 1):
            return _GAP_STATE["untouched" if "untouched" in gaps else gaps[0]]
        if gaps:
            return INCOMPLETE
        if assessment.status == Status.DRAFT:
            return COMPLETE
        if review and review.decision == DecisionKind.RETURN:
            return MENDED
        return _decided(review) if review else LOCKED
    if review:
        return _decided(review)
    if assessment.status == Status.SUBMITTED:
        return WAITING
    return LOCKED if answer.is_answered else _GAP_STATE["unanswered"]


def _decided(review: Review) -> State:
    if review.decision == DecisionKind.ACCEPT:
        return State("Diterima", "check", "ok")
    if review.decision == DecisionKind.ADJUST:
        return State(f"Disesuaikan: {level_id(review.verified_level)}", "sliders-horizontal", "info")
    return _GAP_STATE["untouched"]


def _grouped(
    spec: InstrumentSpec, own: Score, verified: Score | None, rows: dict[str, list[Row]]
) -> tuple[Domain, ...]:
    aspects: dict[str | None, list[Aspect]] = {}
    for group in spec.aspects:
        if group.code in rows:
            answered, assigned = own.aspect_coverage[group.code]
            aspects.setdefault(group.domain, []).append(
                Aspect(group.code, group.name, own.aspects[group.code], answered, assigned, tuple(rows[group.code]))
            )
    domains = []
    for group in spec.domains:
        if group.code in aspects:
            answered, assigned = own.domain_coverage[group.code]
            domains.append(
                Domain(
                    group.code,
                    group.name,
                    own.domains[group.code],
                    verified.domains[group.code] if verified else None,
                    answered,
                    assigned,
                    tuple(aspects[group.code]),
                )
            )
    if None in aspects:
        index = verified.index if verified else None
        domains.append(Domain("", "", own.index, index, own.answered, own.assigned, tuple(aspects[None])))
    return tuple(domains)
