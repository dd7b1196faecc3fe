"""What a reviewer sees of one assessment, and of one answer with its evidence."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from assessments import totals
from assessments.models import (
    Answer,
    Assessment,
    DecisionKind,
    Document,
    DocumentVersion,
    Evidence,
    PagePreview,
    Review,
)
from assessments.quality import Caution
from assessments.queries.last_year import LastYear, Level, last_year_of
from assessments.queries.quality import cautions_of
from assessments.queries.tree import Domain, grouped, only
from assessments.specs import spec_of
from indicators.models import Indicator
from indicators.queries import IndicatorContent, LevelRow, indicator_content, level_names
from indicators.scoring import InstrumentSpec, Score, display_disagrees


@dataclass(frozen=True)
class ReviewRow:
    """One indicator in the overview. `was_returned`: it came back mended in this round."""

    answer: Answer
    indicator: Indicator
    review: Review | None
    last: LastYear | None
    was_returned: bool
    self_name: str
    verified_name: str

    @property
    def is_changed(self) -> bool:
        """Claims something else than last year ended with."""
        if self.last is None:
            return False
        if self.answer.not_applicable or self.last.is_left_out:
            return self.answer.not_applicable != self.last.is_left_out
        return self.answer.self_level != self.last.level


def _is(decision: str) -> Callable[[ReviewRow], bool]:
    return lambda row: row.review is not None and row.review.decision == decision


FILTERS: dict[str, tuple[str, Callable[[ReviewRow], bool]]] = {
    "semua": ("Semua", lambda row: True),
    "belum": ("Belum diputuskan", lambda row: row.review is None),
    "diperbaiki": ("Diperbaiki OPD", lambda row: row.was_returned),
    "disesuaikan": ("Disesuaikan", _is(DecisionKind.ADJUST)),
    "dikembalikan": ("Dikembalikan", _is(DecisionKind.RETURN)),
    "berubah": ("Berubah dari tahun lalu", lambda row: row.is_changed),
}


@dataclass(frozen=True)
class Overview:
    """All answers of an assessment with their decisions and both scores.

    `verified` is provisional before approval: what is not decided or is returned counts as the lowest level.
    """

    spec: InstrumentSpec
    domains: tuple[Domain[ReviewRow], ...]
    own: Score
    verified: Score

    @property
    def rows(self) -> list[ReviewRow]:
        return [row for domain in self.domains for row in domain.rows]

    @property
    def undecided(self) -> list[ReviewRow]:
        return [row for row in self.rows if row.review is None]

    @property
    def decided(self) -> list[ReviewRow]:
        return [row for row in self.rows if row.review is not None]

    def decided_as(self, decision: str) -> list[ReviewRow]:
        return [row for row in self.rows if _is(decision)(row)]

    @property
    def accepted(self) -> list[ReviewRow]:
        return self.decided_as(DecisionKind.ACCEPT)

    @property
    def adjusted(self) -> list[ReviewRow]:
        return self.decided_as(DecisionKind.ADJUST)

    @property
    def returned(self) -> list[ReviewRow]:
        return self.decided_as(DecisionKind.RETURN)

    @property
    def verified_count(self) -> int:
        """Decided and not sent back: what has a verified value."""
        return len(self.decided) - len(self.returned)

    @property
    def is_ready(self) -> bool:
        """All decided and none returned: it can be approved."""
        return not self.undecided and not self.returned

    @property
    def left_out(self) -> list[ReviewRow]:
        """Accepted as not relevant: they do not count in the verified index."""
        return [row for row in self.accepted if row.answer.not_applicable]

    @property
    def display_disagrees(self) -> bool:
        """The rounded verified index would fall in another predikat than the exact one."""
        return display_disagrees(self.verified, self.spec)

    def only(self, name: str) -> tuple[Domain[ReviewRow], ...]:
        """The domains and aspects with the rows of one filter, without those that have none."""
        return only(self.domains, FILTERS[name][1])


def overview(assessment: Assessment) -> Overview:
    """Eight queries at most, whatever the number of answers."""
    answers = list(
        Answer.objects.filter(assessment=assessment)
        .select_related("indicator__aspect__domain")
        .annotate(was_returned=Exists(_returned_before(assessment)))
        .prefetch_related(
            Prefetch("reviews", Review.objects.filter(is_current=True).select_related("reviewer"), "current_reviews")
        )
        .order_by("indicator__order")
    )
    last = last_year_of(assessment, answers)
    reviews = {answer.pk: answer.current_reviews[0] for answer in answers if answer.current_reviews}
    names = level_names(assessment.period.instrument)
    rows = []
    for answer in answers:
        indicator, review = answer.indicator, reviews.get(answer.pk)
        rows.append(
            ReviewRow(
                answer=answer,
                indicator=indicator,
                review=review,
                last=last.get(answer.pk),
                was_returned=answer.was_returned,
                self_name=_name(names, indicator, answer.self_level),
                verified_name=_name(names, indicator, review.verified_level) if review else "",
            )
        )
    spec = spec_of(assessment.period.instrument)
    own, verified = totals.self_score(spec, answers), totals.verified_score(spec, answers, reviews)
    tree = grouped(spec, own, verified, [(row.indicator.aspect.code, row) for row in rows])
    return Overview(spec, tree, own, verified)


def _name(names: dict[tuple[str, Level], str], indicator: Indicator, level: Level | None) -> str:
    return "" if level is None else names.get((indicator.capability, level), "")


def _returned_before(assessment: Assessment) -> QuerySet[Review]:
    return Review.objects.filter(
        answer=OuterRef("pk"), decision=DecisionKind.RETURN, is_published=True, round=assessment.round - 1
    )


@dataclass(frozen=True)
class Place:
    """Where an indicator stands among those of its assessment; neighbours are codes, None at the ends."""

    total: int
    decided: int
    previous: str | None
    following: str | None
    next_undecided: str | None  # after this one, from the top again; None: nothing else is undecided

    @property
    def undecided(self) -> int:
        return self.total - self.decided


def place_of(assessment: Assessment, code: str) -> Place:
    """One query."""
    decided = Review.objects.filter(answer=OuterRef("pk"), is_current=True)
    order = list(
        Answer.objects.filter(assessment=assessment)
        .order_by("indicator__order")
        .values_list("indicator__code", Exists(decided))
    )
    codes = [each for each, _ in order]
    here = codes.index(code)
    later = [each for each, is_decided in [*order[here + 1 :], *order[:here]] if not is_decided]
    return Place(
        total=len(codes),
        decided=sum(is_decided for _, is_decided in order),
        previous=codes[here - 1] if here else None,
        following=codes[here + 1] if here + 1 < len(codes) else None,
        next_undecided=later[0] if later else None,
    )


@dataclass(frozen=True)
class EvidenceView:
    """One piece of evidence as the reviewer sees it; `pages` are the pictures made so far."""

    evidence: Evidence
    version: DocumentVersion
    document: Document
    pages: list[PagePreview]
    cited: list[int]
    cautions: list[Caution]

    @property
    def is_link(self) -> bool:
        return self.version.is_link

    @property
    def is_pending(self) -> bool:
        waits_for_scanner = self.version.scan == DocumentVersion.Scan.PENDING
        return waits_for_scanner or self.version.preview == DocumentVersion.Preview.PENDING

    @property
    def is_failed(self) -> bool:
        return self.version.preview == DocumentVersion.Preview.FAILED

    @property
    def page_total(self) -> int:
        return self.version.page_count or len(self.pages)

    @property
    def is_cut_short(self) -> bool:
        """Only the first pages have pictures."""
        return bool(self.pages) and self.page_total > len(self.pages)

    @property
    def first_cited(self) -> int | None:
        """The first cited page that has a picture."""
        shown = {page.page for page in self.pages}
        return next((page for page in self.cited if page in shown), None)


def cited_pages(text: str, limit: int = 500) -> list[int]:
    """The page numbers in what the agency typed: "3-5, 8" -> [3, 4, 5, 8]. What is no number is passed over."""
    pages: list[int] = []
    for match in re.finditer(r"(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?", text):
        first, last = sorted((int(match[1]), int(match[2] or match[1])))
        pages.extend(range(first, min(last, first + limit) + 1))
    return sorted({page for page in pages if page > 0})[:limit]


@dataclass(frozen=True)
class ReviewPage:
    """Everything about one answer that its reviewer needs."""

    answer: Answer
    indicator: IndicatorContent
    aspect: str
    current: Review | None
    history: list[Review]  # earlier decisions the agency has read, newest first
    last: LastYear | None
    evidence: list[EvidenceView]
    place: Place
    was_returned: bool

    def level_name(self, level: object) -> str:
        return next((row.name for row in self.indicator.ladder if row.level == level), "")

    @property
    def self_name(self) -> str:
        return self.level_name(self.answer.self_level)

    @property
    def last_name(self) -> str:
        """What last year's level is called."""
        return self.level_name(self.last.level) if self.last else ""

    @property
    def near_levels(self) -> list[LevelRow]:
        """The level chosen and the one above it: what the decision is about."""
        level = self.answer.self_level
        if level is None:
            return []
        reached = [row for row in self.indicator.ladder if row.level <= level]
        above = [row for row in self.indicator.ladder if row.level > level]
        return [*reached[-1:], *above[:1]]

    @property
    def repeated_titles(self) -> set[str]:
        """Titles that more than one piece of evidence has: only the file names tell these apart."""
        titles = [item.document.title for item in self.evidence]
        return {title for title in titles if titles.count(title) > 1}

    @property
    def other_levels(self) -> list[LevelRow]:
        return [row for row in self.indicator.ladder if row.level != self.answer.self_level]


def review_page(assessment: Assessment, code: str) -> ReviewPage:
    """One answer. Fourteen queries at most, whatever its evidence. Raises `Answer.DoesNotExist`."""
    answer = (
        Answer.objects.select_related("indicator__instrument", "indicator__aspect", "changed_by")
        .prefetch_related(
            _evidence_rows(),
            Prefetch("reviews", Review.objects.select_related("reviewer").order_by("-id"), "all_reviews"),
        )
        .get(assessment=assessment, indicator__code=code)
    )
    reviews: list[Review] = answer.all_reviews
    current = next((review for review in reviews if review.is_current), None)
    # A published decision is both: what stands, and what the agency has read and may have replied to.
    history = [review for review in reviews if review.is_published and (review is not current or review.reply)]
    doubtful = cautions_of(assessment, answer.all_evidence)
    return ReviewPage(
        answer=answer,
        indicator=indicator_content(answer.indicator),
        aspect=answer.indicator.aspect.name,
        current=current,
        history=history,
        last=last_year_of(assessment, [answer]).get(answer.pk),
        evidence=[_evidence_view(evidence, doubtful[evidence.pk]) for evidence in answer.all_evidence],
        place=place_of(assessment, code),
        was_returned=any(
            review.decision == DecisionKind.RETURN and review.is_published and review.round == assessment.round - 1
            for review in reviews
        ),
    )


def evidence_view(assessment: Assessment, code: str, evidence_pk: int) -> EvidenceView:
    """One piece of evidence of one answer. Raises `Evidence.DoesNotExist`."""
    evidence = (
        Evidence.objects.select_related("version__document", "added_by")
        .prefetch_related(Prefetch("version__pages", PagePreview.objects.order_by("page"), "all_pages"))
        .get(answer__assessment=assessment, answer__indicator__code=code, pk=evidence_pk)
    )
    return _evidence_view(evidence, cautions_of(assessment, [evidence])[evidence.pk])


def _evidence_rows() -> Prefetch:
    return Prefetch(
        "evidence",
        Evidence.objects.select_related("version__document", "added_by")
        .prefetch_related(Prefetch("version__pages", PagePreview.objects.order_by("page"), "all_pages"))
        .order_by("id"),
        "all_evidence",
    )


def _evidence_view(evidence: Evidence, cautions: list[Caution]) -> EvidenceView:
    version = evidence.version
    return EvidenceView(evidence, version, version.document, version.all_pages, cited_pages(evidence.pages), cautions)
