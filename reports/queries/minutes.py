"""Berita Acara: what it is made of, and the document itself."""

from dataclasses import dataclass, field
from datetime import datetime

from assessments.models import Assessment
from audit.queries import heads_of, latest_anchor
from reports.documents.minutes import Minutes, Trail
from reports.models import ReportJob
from reports.queries import government


@dataclass(frozen=True)
class Sources(government.Sources):
    """Besides the rows: the trail as it is now. Not part of the key, as any act anywhere moves it on."""

    trail: Trail = field(default_factory=Trail)


def sources(period_id: int) -> Sources:
    """Three queries more than `government.sources`."""
    rows = government.sources(ReportJob.Kind.MINUTES, period_id)
    return Sources(rows.kind, rows.period, rows.result, rows.taken, rows.facts, trail=_trail(period_id))


def document(rows: Sources, *, code: str, generated_at: datetime) -> Minutes:
    return Minutes(**rows.fields(code=code, generated_at=generated_at), trail=rows.trail)


def _trail(period_id: int) -> Trail:
    assessments = Assessment.objects.filter(period=period_id).values_list("pk", flat=True)
    heads = heads_of([f"period:{period_id}", *(f"assessment:{pk}" for pk in assessments)])
    anchor = latest_anchor()
    return Trail(heads.rows, heads.digest, anchor.day if anchor else None, anchor.digest if anchor else "")
