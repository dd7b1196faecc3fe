"""What the drafts of the running year took over from the year before, as their operators would have."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import Agency, User
from assessments.models import Answer, CarryOver, Evidence, Review
from audit.models import Event
from audit.services import prepare
from spbe_portal.demo.library import LIVING, Library


@dataclass
class Carried:
    """Last year's answers and evidence by agency and indicator; decisions on them are collected."""

    library: Library
    documents: dict[str, Any]  # the city's, by indicator
    today: date
    answers: dict[tuple[int, str], Answer] = field(default_factory=dict)
    verified: dict[int, Any] = field(default_factory=dict)  # last year's levels by answer
    evidence: dict[int, list[Evidence]] = field(default_factory=dict)  # last year's by answer
    rows: list[CarryOver] = field(default_factory=list)

    def remember(
        self,
        answers: Iterable[Answer],
        evidence: Iterable[Evidence],
        reviews: Iterable[Review],
        agencies: dict[int, int],
    ) -> None:
        """Last year, as it was written; `agencies` by assessment."""
        self.answers = {(agencies[answer.assessment_id], answer.indicator.code): answer for answer in answers}
        self.verified = {review.answer_id: review.verified_level for review in reviews}
        for piece in evidence:
            self.evidence.setdefault(piece.answer_id, []).append(piece)

    def take(self, answer: Answer, agency: Agency, operator: User, year: int, at: datetime) -> list[Evidence]:
        """Evidence of a draft's answer: last year's where it is still valid, else this year's of the same title.

        Last year's answer is said to be valid where it says the same.
        """
        source = self.answers[agency.pk, answer.indicator.code]
        if self.verified.get(source.pk) == answer.self_level and source.fact == answer.fact:
            self._decide(answer, operator, at, is_valid=True, source_answer=source)
        rows = {row["title"]: row for row in self.documents[answer.indicator.code]}
        made = []
        for piece in self.evidence.get(source.pk, ()):
            document = piece.version.document
            is_valid = document.valid_until is None or document.valid_until >= self.today
            self._decide(answer, operator, at, is_valid=is_valid, source_evidence=piece)
            version = piece.version
            if not is_valid or document.kind in LIVING:
                version = self.library.version(agency, operator, rows[document.title], year)
            made.append(
                Evidence(answer=answer, version=version, added_by=operator, pages=piece.pages, level=piece.level)
            )
        return made

    def save(self) -> list[Event]:
        """Write the decisions; their events are the caller's to write."""
        CarryOver.objects.bulk_create(self.rows, batch_size=1000)
        return [self._event(row) for row in self.rows]

    def _decide(self, answer: Answer, operator: User, at: datetime, **of: Any) -> None:
        self.rows.append(CarryOver(answer=answer, decided_by=operator, decided_at=at + timedelta(minutes=1), **of))

    def _event(self, row: CarryOver) -> Event:
        piece = row.source_evidence
        return prepare(
            "carry.keep" if row.is_valid else "carry.drop",
            row,
            actor=row.decided_by,
            stream=f"assessment:{row.answer.assessment_id}",
            before={},
            after={
                "indicator": row.answer.indicator.code,
                "valid": row.is_valid,
                "of": "evidence" if piece else "answer",
                "what": piece.version.document.title if piece else "",
                "source": row.source_evidence_id or row.source_answer_id,
            },
            at=row.decided_at,
        )
