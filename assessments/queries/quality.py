"""Warnings about the evidence of an assessment, from its rows: on the answer page, before handing in, in review."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from assessments.models import Assessment, DocumentVersion, Evidence
from assessments.quality import Caution, Facts, Span, cautions


@dataclass(frozen=True)
class Doubt:
    """One piece of evidence with what is doubtful about it, for a list over all indicators."""

    code: str
    name: str
    evidence_id: int
    title: str
    texts: tuple[str, ...]


def span_of(assessment: Assessment) -> Span:
    period = assessment.period
    return Span(
        year=period.year,
        starts_on=period.starts_on,
        due_on=timezone.localdate(assessment.due_at),
        earliest=period.evidence_from,
    )


def cautions_of(assessment: Assessment, evidence: Iterable[Evidence]) -> dict[int, list[Caution]]:
    """The warnings of these pieces of evidence of one answer, by id. One query, none without evidence.

    The rows come with their version and document.
    """
    rows = list(evidence)
    if not rows:
        return {}
    uses = _uses(assessment, {row.version_id for row in rows})
    span, answers = span_of(assessment), {row.answer_id for row in rows}
    return {
        row.pk: cautions(
            facts_of(row, [code for answer_id, code in uses.get(row.version_id, []) if answer_id not in answers]), span
        )
        for row in rows
    }


def doubts_of(assessment: Assessment) -> list[Doubt]:
    """All doubtful evidence in the instrument's order, with files that still wait for the scanner. One query."""
    rows = list(
        Evidence.objects.filter(answer__assessment=assessment)
        .select_related("version__document", "answer__indicator")
        .order_by("answer__indicator__order", "pk")
    )
    uses: dict[int, list[tuple[int, str]]] = {}
    for row in rows:
        uses.setdefault(row.version_id, []).append((row.answer_id, row.answer.indicator.code))
    span = span_of(assessment)
    found = []
    for row in rows:
        others = [code for answer_id, code in uses[row.version_id] if answer_id != row.answer_id]
        texts = [caution.text for caution in cautions(facts_of(row, others), span)]
        if row.version.scan == DocumentVersion.Scan.PENDING:
            texts.insert(0, "Berkas ini masih diperiksa terhadap virus dan belum dapat dibuka verifikator.")
        if texts:
            indicator = row.answer.indicator
            found.append(Doubt(indicator.code, indicator.short_name, row.pk, row.version.document.title, tuple(texts)))
    return found


def facts_of(evidence: Evidence, also_for: list[str]) -> Facts:
    version, document = evidence.version, evidence.version.document
    return Facts(
        content_type=version.content_type,
        kind=document.kind,
        page_count=version.page_count,
        has_text=version.has_text,
        is_encrypted=version.is_encrypted,
        pages=evidence.pages,
        dated=document.date,
        valid_until=document.valid_until,
        renewed_on=renewed_on(version),
        also_for=() if version.is_link else also_for,
    )


def renewed_on(version: DocumentVersion) -> date | None:
    """A later version brings the document up to the day it was uploaded, whatever date the first one bears."""
    return timezone.localdate(version.uploaded_at) if version.number > 1 else None


def _uses(assessment: Assessment, versions: Iterable[int]) -> Mapping[int, list[tuple[int, str]]]:
    """Where in the assessment these versions are evidence: (answer id, indicator code) by version id, in order."""
    found: dict[int, list[tuple[int, str]]] = {}
    rows = (
        Evidence.objects.filter(answer__assessment=assessment, version__in=versions)
        .order_by("answer__indicator__order")
        .values_list("version_id", "answer_id", "answer__indicator__code")
    )
    for version_id, answer_id, code in rows:
        found.setdefault(version_id, []).append((answer_id, code))
    return found
