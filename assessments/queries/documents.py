"""One document of a library: its versions, and the answers and follow-ups that use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch
from django.utils import timezone

from accounts.permissions import Rights
from assessments import permissions
from assessments.models import (
    Answer,
    Assessment,
    DecisionKind,
    Document,
    DocumentVersion,
    Evidence,
    FollowUp,
    PagePreview,
    Period,
    Review,
    Status,
)
from assessments.queries.library import Validity, validity_of


@dataclass(frozen=True)
class Use:
    """One answer that a document is evidence of. `is_open`: this person may change it now."""

    evidence: Evidence
    can_read: bool
    is_open: bool
    is_behind: bool  # points to an older version than there is

    @property
    def answer(self) -> Answer:
        return self.evidence.answer

    @property
    def assessment(self) -> Assessment:
        return self.evidence.answer.assessment


@dataclass(frozen=True)
class DocumentPage:
    document: Document
    validity: Validity
    versions: Sequence[DocumentVersion]  # newest first
    uses: list[Use]
    hidden_uses: int  # in assessments that this person does not see
    follow_ups: list[FollowUp]

    @property
    def newest(self) -> DocumentVersion:
        return self.versions[0]

    @property
    def open_behind(self) -> list[Use]:
        return [use for use in self.uses if use.is_open and use.is_behind]

    @property
    def open_uses(self) -> list[Use]:
        return [use for use in self.uses if use.is_open]

    @property
    def kept_uses(self) -> int:
        """How many answers keep the version they have."""
        return len(self.uses) - len(self.open_uses) + self.hidden_uses

    @property
    def is_used(self) -> bool:
        return bool(self.uses or self.hidden_uses or self.follow_ups)

    @property
    def is_pending(self) -> bool:
        return any(version.preview == "pending" for version in self.versions)


def document_page(document: Document, rights: Rights, now: datetime) -> DocumentPage:
    """All that is shown of one document. Four queries, however often it is used."""
    versions = list(
        document.versions.select_related("uploaded_by")
        .prefetch_related(Prefetch("pages", PagePreview.objects.order_by("page"), "all_pages"))
        .order_by("-number")
    )
    newest = versions[0].number if versions else 0
    returned = Review.objects.filter(answer=OuterRef("answer"), is_current=True, decision=DecisionKind.RETURN)
    found = (
        Evidence.objects.filter(version__document=document)
        .select_related(
            "version", "answer__indicator", "answer__assessment__period", "answer__assessment__agency", "added_by"
        )
        .annotate(is_returned=Exists(returned))
        .order_by("-answer__assessment__period__year", "answer__assessment_id", "answer__indicator__order", "pk")
    )
    uses, hidden = [], 0
    for evidence in found:
        assessment = evidence.answer.assessment
        if not permissions.can_see(rights, assessment):
            hidden += 1
            continue
        uses.append(
            Use(
                evidence,
                can_read=permissions.can_see_answers(rights, assessment),
                is_open=_is_open(evidence, rights, now),
                is_behind=evidence.version.number < newest,
            )
        )
    proofs = FollowUp.objects.filter(proof__document=document).select_related("period", "agency", "indicator")
    return DocumentPage(
        document=document,
        validity=validity_of(document, timezone.localdate(now)),
        versions=versions,
        uses=uses,
        hidden_uses=hidden,
        follow_ups=[each for each in proofs if permissions.can_see_follow_up(rights, each)],
    )


def _is_open(evidence: Evidence, rights: Rights, now: datetime) -> bool:
    """Whether this person may change the answer now (as `services._base.answer_for_edit` checks it)."""
    assessment = evidence.answer.assessment
    return (
        permissions.can_edit(rights, assessment)
        and assessment.period.status == Period.Status.OPEN
        and now < assessment.due_at
        and (assessment.status == Status.DRAFT or evidence.is_returned)  # type: ignore[attr-defined]
    )


def used_elsewhere(evidence: Evidence, limit: int = 4) -> str:
    """ "indikator 3 dan 7 (Penilaian 2026)": the other answers of this agency that use the document. One query."""
    found = (
        Evidence.objects.filter(
            version__document=evidence.version.document_id,
            answer__assessment__agency=evidence.answer.assessment.agency_id,
        )
        .exclude(answer=evidence.answer_id)
        .order_by("-answer__assessment__period__year", "answer__assessment", "answer__indicator__order")
        .values_list("answer__assessment__period__name", "answer__indicator__code")
    )
    by_period: dict[str, list[str]] = {}
    for period, code in found:
        codes = by_period.setdefault(period, [])
        if code not in codes:
            codes.append(code)
    parts = []
    for period, codes in by_period.items():
        more = f" dan {len(codes) - limit} lainnya" if len(codes) > limit else ""
        parts.append(f"indikator {', '.join(codes[:limit])}{more} ({period})")
    return "; ".join(parts[:2])
