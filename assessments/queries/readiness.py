"""What stands in the way of handing in, as problems with words and links."""

from dataclasses import dataclass

from assessments import completeness
from assessments.errors import Problem
from assessments.models import Answer, Assessment, DecisionKind, DocumentVersion, Evidence, Review, Status
from assessments.queries.answers import answers_of, published_decisions
from assessments.queries.content import Piece, content_digest, pieces_of


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
    "infected": GapText(
        "Bukti berbahaya",
        "Bukti berbahaya",
        "Hapus bukti yang ditemukan mengandung virus, lalu unggah berkas yang bersih.",
        "ganti bukti yang ditemukan mengandung virus",
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
    pieces = pieces_of(Evidence.objects.filter(answer__assessment=assessment))
    return problems_from(assessment, answers, reviews, pieces)


def problems_from(
    assessment: Assessment, answers: list[Answer], reviews: dict[int, Review], pieces: dict[int, list[Piece]]
) -> list[Problem]:
    """The same from rows already read; `pieces` is the evidence by answer id."""
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
                pieces.get(answer.pk, []),
            )
        )
    return [
        Problem(gap.kind, gap.code, f"Indikator {gap.code} {names[gap.code]} {GAPS[gap.kind].sentence}")
        for gap in completeness.gaps(states, assessment.period.instrument.scale_min)
    ]


def completeness_of(answer: Answer, returned_by: Review | None, pieces: list[Piece]) -> completeness.AnswerState:
    """What completeness asks of one answer; `returned_by` is the return it has to mend, if any."""
    return completeness.AnswerState(
        code=answer.indicator.code,
        level=answer.self_level,
        not_applicable=answer.not_applicable,
        has_reason=bool(answer.not_applicable_reason.strip()),
        has_explanation=bool(answer.fact.strip() or answer.analysis.strip()),
        evidence_count=len(pieces),
        infected_count=sum(piece.scan == DocumentVersion.Scan.INFECTED for piece in pieces),
        was_returned=returned_by is not None,
        changed_since_return=returned_by is not None and is_mended(answer, returned_by, pieces),
    )


def is_mended(answer: Answer, returned_by: Review, pieces: list[Piece]) -> bool:
    """Replied to, or other in content than what was returned. Older returns did not keep that: the times tell."""
    if returned_by.reply:
        return True
    if returned_by.seen:
        return content_digest(answer, pieces) != returned_by.seen
    return answer.changed_at is not None and answer.changed_at > returned_by.decided_at
