"""What stands in the way of handing in, as problems with words and links."""

from dataclasses import dataclass

from assessments import completeness
from assessments.errors import Problem
from assessments.models import Answer, Assessment, DecisionKind, Evidence, Review, Status
from assessments.queries.answers import answers_of, published_decisions


@dataclass(frozen=True)
class GapText:
    """How a gap is called: as a `state` in a row, as a `title` with `advice` how to mend it, and `short` beside the
    answer."""

    state: str
    title: str
    advice: str
    short: str

    @property
    def sentence(self) -> str:
        """ "tanpa penjelasan: isi fakta dan analisis." """
        return f"{_lower(self.title)}: {_lower(self.advice)}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


#: The words of each kind of `assessments.completeness.Gap`, on every screen.
GAPS = {
    "unanswered": GapText(
        "Belum diisi", "Belum diisi", "Pilih level, atau nyatakan tidak relevan dengan alasan.", "pilih level"
    ),
    "no_explanation": GapText(
        "Tanpa penjelasan", "Tanpa penjelasan", "Isi fakta dan analisis.", "tulis fakta atau analisis"
    ),
    "no_evidence": GapText(
        "Tanpa bukti", "Tanpa bukti dukung", "Lampirkan paling sedikit satu bukti.", "lampirkan bukti dukung"
    ),
    "no_reason": GapText(
        "Tanpa alasan", "Tidak relevan tanpa alasan", "Tulis alasannya.", "tulis alasan tidak relevan"
    ),
    "untouched": GapText(
        "Dikembalikan",
        "Dikembalikan, belum diperbaiki",
        "Ubah isian atau bukti, atau beri tanggapan.",
        "perbaiki isian atau bukti, atau beri tanggapan",
    ),
}


def problems_of(assessment: Assessment) -> list[Problem]:
    """Everything that stands in the way of handing in, in the instrument's order. Three queries."""
    answers = list(answers_of([assessment]))
    reviews = published_decisions([assessment])
    counts: dict[int, int] = {}
    for answer_id in Evidence.objects.filter(answer__assessment=assessment).values_list("answer_id", flat=True):
        counts[answer_id] = counts.get(answer_id, 0) + 1
    return problems_from(assessment, answers, reviews, counts)


def problems_from(
    assessment: Assessment, answers: list[Answer], reviews: dict[int, Review], evidence_counts: dict[int, int]
) -> list[Problem]:
    """The same from rows already read; `evidence_counts` maps answer ids to numbers of evidence."""
    states, names = [], {}
    for answer in answers:
        review = reviews.get(answer.pk)
        was_returned = review is not None and review.decision == DecisionKind.RETURN
        if assessment.status == Status.RETURNED and not was_returned:
            continue  # locked: the agency could not mend it
        names[answer.indicator.code] = answer.indicator.short_name
        states.append(
            completeness_of(
                answer,
                review if assessment.status == Status.RETURNED else None,
                evidence_counts.get(answer.pk, 0),
            )
        )
    return [
        Problem(gap.kind, gap.code, f"Indikator {gap.code} {names[gap.code]} {GAPS[gap.kind].sentence}")
        for gap in completeness.gaps(states, assessment.period.instrument.scale_min)
    ]


def completeness_of(answer: Answer, returned_by: Review | None, evidence_count: int) -> completeness.AnswerState:
    """What completeness asks of one answer; `returned_by` is the return it has to mend, if any."""
    touched = returned_by is not None and (
        bool(returned_by.reply) or (answer.changed_at is not None and answer.changed_at > returned_by.decided_at)
    )
    return completeness.AnswerState(
        code=answer.indicator.code,
        level=answer.self_level,
        not_applicable=answer.not_applicable,
        has_reason=bool(answer.not_applicable_reason.strip()),
        has_explanation=bool(answer.fact.strip() or answer.analysis.strip()),
        evidence_count=evidence_count,
        was_returned=returned_by is not None,
        changed_since_return=touched,
    )
