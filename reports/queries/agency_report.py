"""The agency report: what it is made of, and the document itself. A fixed number of queries, plain values."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.conf import settings

from assessments import snapshot
from assessments.models import Assessment, Document, Period, Result, Status
from assessments.queries.last_year import results_before
from indicators.queries import level_names
from reports.documents import (
    AgencyReport,
    Band,
    Decisions,
    Index,
    Part,
    Replaced,
)
from reports.keys import check_url, data_key
from reports.models import ReportJob
from reports.queries.evidence import documents_of
from reports.queries.recommendations import recommendations_of
from reports.queries.values import exact, level_of, number_of
from reports.rows import ACCEPTED, ADJUSTED, RETURNED, IndicatorRow, ReviewNote

DRAFT_REASONS = {
    Status.DRAFT: "Penilaian belum diajukan; angka masih dapat berubah.",
    Status.SUBMITTED: "Penilaian menunggu verifikasi; angka masih dapat berubah.",
    Status.RETURNED: "Penilaian dikembalikan untuk diperbaiki; angka masih dapat berubah.",
    Status.APPROVED: "Penilaian sudah disetujui, tetapi periode belum difinalkan.",
    Status.CANCELLED: "Penilaian ini dibatalkan.",
}
#: While it is under review everybody who knows of the assessment may have the report, leaders too; the evidence is
#: shown to them from approval on. (A draft's report is the agency's and the coordinators' own.)
EVIDENCE_WITHHELD = (Status.SUBMITTED, Status.RETURNED)
#: An assessment whose result was withdrawn while the status still says final; should not happen.
NO_RESULT = "Hasil final belum tersedia; angka masih dapat berubah."


# --- Which data ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sources:
    """The rows a report is made of. `result` is the immutable one in force, once final.

    `documents` is the state of the cited documents, which serve other assessments too and are changed there;
    empty once final. `replaced` is the revision before `result`.
    """

    assessment: Assessment
    result: Result | None
    last_result: Result | None
    documents: tuple[Any, ...] = ()
    replaced: Result | None = None

    @property
    def is_draft(self) -> bool:
        return self.result is None

    @property
    def key(self) -> str:
        """A digest of everything that decides what the report says: the same key, the same report."""
        assessment, instrument = self.assessment, self.assessment.period.instrument
        period, agency = assessment.period, assessment.agency
        live = [period.name, period.year, str(period.target), agency.name, agency.kind, self.documents]
        parts: list[Any] = [
            ReportJob.Kind.AGENCY,
            assessment.pk,
            assessment.status,
            # A final report is made of its result alone, whatever happens below the assessment.
            self.result.digest if self.result else assessment.revision,
            self.result.revision if self.result else None,
            self.last_result.digest if self.last_result else None,
            None if self.result else live,
            # Its criteria, level names and predikat are read beside the result too.
            [instrument.code, instrument.version],
        ]
        return data_key(*parts)

    @property
    def period(self) -> Period:
        return self.assessment.period

    @property
    def revision(self) -> int | None:
        return self.result.revision if self.result else None


def sources(assessment_id: int) -> Sources:
    """At most four queries. Raises `Assessment.DoesNotExist`."""
    replaced = None
    assessment = Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment_id)
    result = None
    if assessment.status == Status.FINAL:
        result = Result.objects.filter(assessment=assessment, superseded_at=None).first()
    if result and result.revision > 1:
        earlier = Result.objects.filter(assessment=assessment, revision__lt=result.revision)
        replaced = earlier.defer("snapshot").order_by("-revision").first()
    documents = () if result else _documents_cited(assessment)
    return Sources(assessment, result, _last_result(assessment), documents, replaced)


def _documents_cited(assessment: Assessment) -> tuple[Any, ...]:
    documents = Document.objects.filter(versions__evidence__answer__assessment=assessment)
    return tuple(documents.order_by("pk").distinct().values_list("pk", "title", "number", "kind", "date"))


def _last_result(assessment: Assessment) -> Result | None:
    """The result before, where it is by the same instrument: only then are its figures comparable."""
    result = results_before([assessment]).get(assessment.pk)
    return result if result and result.instrument_code == assessment.period.instrument.code else None


# --- The document --------------------------------------------------------------------------------------------


def agency_report(rows: Sources, *, code: str, generated_at: datetime) -> AgencyReport:
    """The document of one assessment: from its result once final, else live. At most eight queries."""
    assessment, result = rows.assessment, rows.result
    if result:
        taken = result.snapshot
    else:
        taken = snapshot.take(assessment, snapshot.answers_for_snapshot([assessment])[assessment.pk])
    instrument = assessment.period.instrument
    names = level_names(instrument)
    verified = taken["verified"]
    last = rows.last_result
    last_snapshot = last.snapshot if last else None
    withheld = rows.is_draft and assessment.status in EVIDENCE_WITHHELD
    documents, labels = ((), {}) if withheld else documents_of(taken["indicators"])
    # Like is compared with like: the verified values with the verified, and the own with the own until then.
    kind = "verified" if verified else "self"
    last_levels = _last_levels(last_snapshot, f"{kind}_level")
    last_score = last_snapshot[kind] if last_snapshot else None
    scale_min, scale_max = (number_of(taken["instrument"][name]) for name in ("scale_min", "scale_max"))
    is_frozen = bool(result and not result.is_complete)
    indicators = tuple(
        replace(
            _indicator_row(row, bool(verified), names, last_levels, labels),
            counts_as=scale_min if row["not_applicable"] else None,
            is_frozen=is_frozen,
        )
        for row in taken["indicators"]
    )
    return AgencyReport(
        code=code,
        check_url=check_url(code),
        generated_at=generated_at,
        government=settings.GOVERNMENT_NAME,
        letterhead=tuple(settings.GOVERNMENT_LETTERHEAD),
        logo=settings.GOVERNMENT_LOGO,
        agency=taken["agency"]["name"],
        agency_kind=taken["agency"]["kind"],
        period=taken["period"]["name"],
        year=taken["period"]["year"],
        instrument=taken["instrument"]["name"],
        instrument_code=taken["instrument"]["code"],
        instrument_version=taken["instrument"]["version"],
        regulation=taken["instrument"]["regulation"],
        regulation_note=taken["instrument"]["regulation_note"],
        topic=taken["instrument"].get("topic", "SPBE"),  # results of earlier versions have neither
        caution=taken["instrument"].get("caution", ""),
        instrument_help=taken["instrument"]["help_text"],
        formula_version=taken["formula_version"],
        scale_min=scale_min,
        scale_max=scale_max,
        bands=tuple(Band(band.name, Fraction(band.minimum)) for band in instrument.bands.order_by("-minimum")),
        status=_status(assessment, result),
        is_draft=rows.is_draft,
        draft_reason=DRAFT_REASONS.get(Status(assessment.status), NO_RESULT) if rows.is_draft else "",
        is_complete=result.is_complete if result else True,
        incomplete_reason=result.reason if result and not result.is_complete else "",
        submitted_at=_time(taken["submitted_at"]),
        approved_at=_time(taken["approved_at"]),
        finalised_at=result.finalised_at if result else None,
        revision=result.revision if result else None,
        digest=result.digest if result else "",
        self_index=_index(taken["self"]),
        verified_index=_index(verified),
        last_index=_index(last_score),
        last_year=last.assessment.period.year if last else None,
        target=exact(taken["period"]["target"]),
        answered=taken["self"]["answered"],
        assigned=taken["self"]["assigned"],
        decisions=_decisions(taken["indicators"]),
        domains=_parts("domain", taken, last_score),
        aspects=_parts("aspect", taken, last_score),
        indicators=indicators,
        review_notes=_review_notes(taken["indicators"]),
        recommendations=recommendations_of(instrument, taken, indicators, names, scale_max),
        documents=documents,
        replaced=_replaced(rows.replaced),
        evidence_withheld=withheld,
    )


def _status(assessment: Assessment, result: Result | None) -> str:
    if result and not result.is_complete:
        return "Tidak selesai"
    if assessment.status == Status.SUBMITTED:
        # Whether it is already being looked at is the reviewers' own matter.
        return "Menunggu verifikasi"
    return assessment.get_status_display()


def _replaced(result: Result | None) -> Replaced | None:
    if result is None:
        return None
    return Replaced(result.revision, exact(result.verified_exact or None) if result.is_complete else None)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _index(score: dict[str, Any] | None) -> Index:
    if score is None:
        return Index()
    return Index(exact(score["index"]), score["predicate"] or "")


def _parts(kind: str, taken: dict[str, Any], last: dict[str, Any] | None) -> tuple[Part, ...]:
    """The domains or aspects, with the coverage of all that is assigned."""
    plural = f"{kind}s"
    own, verified = taken["self"], taken["verified"]
    last_values = last[plural] if last else {}
    parts = []
    for group in taken["instrument"][plural]:
        answered, assigned = own[f"{kind}_coverage"][group["code"]]
        parts.append(
            Part(
                code=group["code"],
                name=group["name"],
                weight=Fraction(group["weight"]),
                self_value=exact(own[plural][group["code"]]),
                verified_value=exact(verified[plural][group["code"]]) if verified else None,
                last_value=exact(last_values.get(group["code"])),
                answered=answered,
                assigned=assigned,
                domain=group["domain"] or "",
            )
        )
    return tuple(parts)


def _last_levels(last: dict[str, Any] | None, field: str) -> dict[str, int | Decimal | None]:
    return {row["code"]: level_of(row[field]) for row in last["indicators"]} if last else {}


def _indicator_row(
    row: dict[str, Any],
    is_verified: bool,
    names: dict[tuple[str, Any], str],
    last_levels: dict[str, int | Decimal | None],
    labels: dict[str, tuple[str, ...]],
) -> IndicatorRow:
    own = level_of(row["self_level"])
    # Before the whole is approved there is no verified value: the agency's own counts.
    verified = level_of(row["verified_level"]) if is_verified else None
    counting = own if verified is None else verified
    return IndicatorRow(
        code=row["code"],
        short_name=row["short_name"],
        aspect=row["aspect"],
        weight=Fraction(row["weight"]),
        self_level=own,
        verified_level=verified,
        last_level=last_levels.get(row["code"]),
        level_name=names.get((row["capability"], counting), "") if counting is not None else "",
        decision=row["decision"] or "",
        not_relevant=row["not_applicable"],
        not_relevant_reason=row["not_applicable_reason"],
        documents=labels.get(row["code"], ()),
        on_behalf=row["on_behalf"],
        filled_by=row.get("filled_by", ""),
        attached_by=tuple(
            dict.fromkeys(name for each in row["evidence"] if (name := each.get("attached_for_agency_by", "")))
        ),
    )


def _decisions(rows: list[dict[str, Any]]) -> Decisions:
    left_out = sum(row["decision"] == ACCEPTED and row["verified_level"] is None for row in rows)
    counts = {kind: sum(row["decision"] == kind for row in rows) for kind in (ACCEPTED, ADJUSTED, RETURNED)}
    return Decisions(
        accepted=counts[ACCEPTED] - left_out,
        adjusted=counts[ADJUSTED],
        returned=counts[RETURNED],
        not_relevant=left_out,
        undecided=len(rows) - sum(counts.values()),
    )


def _review_notes(rows: list[dict[str, Any]]) -> tuple[ReviewNote, ...]:
    """Every return there was, and the adjustments in force, in the instrument's order."""
    return tuple(
        ReviewNote(
            code=row["code"],
            short_name=row["short_name"],
            decision=review["decision"],
            self_level=level_of(row["self_level"]),
            verified_level=level_of(review["verified_level"]),
            note=review["note"],
            reason=review["reason"],
            reply=review["reply"],
            round=review["round"],
        )
        for row in rows
        for review in row["reviews"]
        if review["decision"] == RETURNED or (review["decision"] == ADJUSTED and review["is_current"])
    )
