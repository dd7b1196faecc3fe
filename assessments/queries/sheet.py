"""The sheet of one assessment: every assigned indicator with its state, and the figures above it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from accounts.permissions import Rights
from assessments import permissions, totals
from assessments.models import Answer, Assessment, DecisionKind, Evidence, Review, Status
from assessments.queries.answers import answers_of, decisions_for
from assessments.queries.content import Piece, pieces_of
from assessments.queries.figures import has_verified_index
from assessments.queries.readiness import GAPS, problems_from
from assessments.queries.tree import Domain, grouped, only
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
    on_behalf: bool  # last changed for the agency by a coordinator
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
class Sheet:
    """`verified` exists from approval on. `problems` counts what keeps it from being handed in."""

    spec: InstrumentSpec
    own: Score
    verified: Score | None
    domains: tuple[Domain[Row], ...]

    @property
    def rows(self) -> list[Row]:
        return [row for domain in self.domains for row in domain.rows]

    @property
    def problem_count(self) -> int:
        return sum(len(row.gaps) for row in self.rows)

    @property
    def returned(self) -> list[Row]:
        return [row for row in self.rows if row.is_returned]

    @property
    def is_mended(self) -> bool:
        """Nothing that came back lacks anything."""
        return not any(row.gaps for row in self.returned)

    @property
    def on_behalf(self) -> list[Row]:
        return [row for row in self.rows if row.on_behalf]

    @property
    def is_partial(self) -> bool:
        """Something is not answered, so that it counts as the lowest level."""
        return self.own.answered < self.own.assigned

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

    def only(self, key: str) -> tuple[Domain[Row], ...]:
        """The domains with the rows of one filter; groups left without rows go."""
        return only(self.domains, next(keep for name, _, keep in FILTERS if name == key))


def sheet(assessment: Assessment, rights: Rights) -> Sheet:
    """All indicators of `assessment` as this person may see them. Five queries, and the instrument's once."""
    answers = list(answers_of([assessment]))
    shown = decisions_for(rights, assessment)
    pieces = pieces_of(Evidence.objects.filter(answer__assessment=assessment))
    names = level_names(assessment.period.instrument)
    spec = spec_of(assessment.period.instrument)
    gaps = gaps_by_code(assessment, answers, shown, pieces)
    own = totals.own_score(spec, assessment, answers)
    verified = None
    if has_verified_index(assessment):
        verified = totals.verified_score(spec, answers, shown)
    aspect_of = {indicator.code: indicator.aspect for indicator in spec.indicators}
    rows = []
    for answer in answers:
        code, review = answer.indicator.code, shown.get(answer.pk)
        missing = gaps.get(code, ())
        rows.append(
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
                evidence_count=len(pieces.get(answer.pk, [])),
                on_behalf=answer.on_behalf,
                gaps=missing,
                needs_evidence=answer.self_level is not None and answer.self_level > spec.scale_min,
                is_returned=bool(review and review.decision == DecisionKind.RETURN),
                state=state_of(assessment, answer, review, missing),
            )
        )
    return Sheet(spec, own, verified, grouped(spec, own, verified, [(row.aspect, row) for row in rows]))


def _name(names: dict[tuple[str, Level], str], answer: Answer) -> str:
    level = answer.self_level
    return "" if level is None else names.get((answer.indicator.capability, level), "")


def gaps_by_code(
    assessment: Assessment, answers: list[Answer], reviews: dict[int, Review], pieces: dict[int, list[Piece]]
) -> dict[str, tuple[str, ...]]:
    """What each indicator still lacks before it can be handed in; nothing once it is."""
    if assessment.status not in permissions.EDITABLE:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for problem in problems_from(assessment, answers, reviews, pieces):
        found[problem.indicator] = (*found.get(problem.indicator, ()), problem.code)
    return found


#: The state of an answer that lacks one thing only, by the kind of the gap.
GAP_STATES = {kind: State(text.state, "circle-alert", "warn") for kind, text in GAPS.items()} | {
    "unanswered": State(GAPS["unanswered"].state, "circle-dashed", "neutral"),
    "untouched": State(GAPS["untouched"].state, "undo-2", "warn"),
    "infected": State(GAPS["infected"].state, "shield-x", "danger"),
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
            return GAP_STATES["untouched" if "untouched" in gaps else gaps[0]]
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
    return LOCKED if answer.is_answered else GAP_STATES["unanswered"]


def _decided(review: Review) -> State:
    if not review.decision:
        return State("Riwayat impor", "history", "neutral")
    if review.decision == DecisionKind.ACCEPT:
        return State("Diterima", "check", "ok")
    if review.decision == DecisionKind.ADJUST:
        return State(f"Disesuaikan: {level_id(review.verified_level)}", "sliders-horizontal", "info")
    return GAP_STATES["untouched"]
