"""Reads for reports, each with a fixed number of queries, giving plain values."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from accounts.permissions import Rights
from assessments import snapshot
from assessments.models import Assessment, Period, Result, Status
from assessments.queries.last_year import results_before
from indicators.fields import plain_level
from indicators.models import EvidenceHint, Instrument, LevelCriterion
from indicators.queries import level_names
from indicators.scoring import FORMULA_VERSION
from reports.documents import (
    ACCEPTED,
    ADJUSTED,
    RETURNED,
    TEMPLATE_VERSION,
    AgencyReport,
    Band,
    Decisions,
    DocumentRow,
    EvidenceUse,
    Index,
    IndicatorRow,
    Level,
    Part,
    Recommendation,
    ReviewNote,
)
from reports.models import ReportJob

DRAFT_REASONS = {
    Status.DRAFT: "Penilaian belum diajukan; angka masih dapat berubah.",
    Status.SUBMITTED: "Penilaian sedang diverifikasi; angka masih dapat berubah.",
    Status.RETURNED: "Penilaian dikembalikan untuk diperbaiki; angka masih dapat berubah.",
    Status.APPROVED: "Penilaian sudah disetujui, tetapi periode belum difinalkan.",
    Status.CANCELLED: "Penilaian ini dibatalkan.",
}
#: An assessment whose result was withdrawn while the status still says final; should not happen.
NO_RESULT = "Hasil final belum tersedia; angka masih dapat berubah."


# --- Which data ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sources:
    """The rows a report is made of. `result` is the immutable one in force, once final."""

    assessment: Assessment
    result: Result | None
    last_result: Result | None

    @property
    def is_draft(self) -> bool:
        return self.result is None

    @property
    def key(self) -> str:
        """A digest of everything that decides what the report says: the same key, the same report."""
        assessment = self.assessment
        parts = [
            ReportJob.Kind.AGENCY,
            assessment.pk,
            assessment.status,
            # A final report is made of its result alone, whatever happens below the assessment.
            self.result.digest if self.result else assessment.revision,
            self.result.revision if self.result else None,
            self.last_result.digest if self.last_result else None,
            None if self.result else [assessment.period.name, str(assessment.period.target), assessment.agency.name],
            FORMULA_VERSION,
            TEMPLATE_VERSION,
            [settings.GOVERNMENT_NAME, settings.GOVERNMENT_LETTERHEAD, settings.GOVERNMENT_LOGO, settings.TIME_ZONE],
        ]
        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def sources(assessment_id: int) -> Sources:
    """Three queries. Raises `Assessment.DoesNotExist`."""
    assessment = Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment_id)
    result = None
    if assessment.status == Status.FINAL:
        result = Result.objects.filter(assessment=assessment, superseded_at=None).first()
    return Sources(assessment, result, _last_result(assessment))


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
    documents, labels = _documents(taken["indicators"])
    last_levels = _last_levels(last_snapshot)
    indicators = tuple(_indicator_row(row, bool(verified), names, last_levels, labels) for row in taken["indicators"])
    scale_min, scale_max = (_number(taken["instrument"][name]) for name in ("scale_min", "scale_max"))
    return AgencyReport(
        code=code,
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
        on_behalf=any(row["on_behalf"] for row in taken["indicators"]),
        self_index=_index(taken["self"]),
        verified_index=_index(verified),
        last_index=_index(last_snapshot["verified"] if last_snapshot else None),
        last_year=last.assessment.period.year if last else None,
        target=_exact(taken["period"]["target"]),
        answered=sum(row.is_answered for row in indicators),
        assigned=len(indicators),
        decisions=_decisions(taken["indicators"]),
        domains=_parts("domain", taken, last_snapshot, indicators),
        aspects=_parts("aspect", taken, last_snapshot, indicators),
        indicators=indicators,
        review_notes=_review_notes(taken["indicators"]),
        recommendations=_recommendations(instrument, taken, indicators, names, scale_max),
        documents=documents,
    )


def _status(assessment: Assessment, result: Result | None) -> str:
    if result and not result.is_complete:
        return "Final, tidak selesai"
    return assessment.get_status_display()


def _exact(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _level(text: str | None) -> int | Decimal | None:
    return None if text is None else _number(text)


def _number(text: str) -> int | Decimal:
    """3 for "3", Decimal("1.26") for itself."""
    level = plain_level(Decimal(text))
    assert level is not None
    return level


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _index(score: dict[str, Any] | None) -> Index:
    if score is None:
        return Index()
    return Index(_exact(score["index"]), score["predicate"] or "")


def _parts(
    kind: str, taken: dict[str, Any], last: dict[str, Any] | None, indicators: tuple[IndicatorRow, ...]
) -> tuple[Part, ...]:
    """The domains or aspects, with the coverage of all that is assigned."""
    plural = f"{kind}s"
    assigned: dict[str, list[IndicatorRow]] = {}
    for row, source in zip(indicators, taken["indicators"], strict=True):
        assigned.setdefault(source[kind], []).append(row)
    verified = taken["verified"]
    last_values = last["verified"][plural] if last and last["verified"] else {}
    return tuple(
        Part(
            code=group["code"],
            name=group["name"],
            weight=Fraction(group["weight"]),
            self_value=_exact(taken["self"][plural][group["code"]]),
            verified_value=_exact(verified[plural][group["code"]]) if verified else None,
            last_value=_exact(last_values.get(group["code"])),
            answered=sum(row.is_answered for row in assigned.get(group["code"], ())),
            assigned=len(assigned.get(group["code"], ())),
            domain=group["domain"] or "",
        )
        for group in taken["instrument"][plural]
    )


def _last_levels(last: dict[str, Any] | None) -> dict[str, int | Decimal | None]:
    return {row["code"]: _level(row["verified_level"]) for row in last["indicators"]} if last else {}


def _indicator_row(
    row: dict[str, Any],
    is_verified: bool,
    names: dict[tuple[str, Any], str],
    last_levels: dict[str, int | Decimal | None],
    labels: dict[str, tuple[str, ...]],
) -> IndicatorRow:
    own = _level(row["self_level"])
    # Before the whole is approved there is no verified value: the agency's own counts.
    verified = _level(row["verified_level"]) if is_verified else None
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
            self_level=_level(row["self_level"]),
            verified_level=_level(review["verified_level"]),
            note=review["note"],
            reason=review["reason"],
            reply=review["reply"],
            round=review["round"],
        )
        for row in rows
        for review in row["reviews"]
        if review["decision"] == RETURNED or (review["decision"] == ADJUSTED and review["is_current"])
    )


def _documents(rows: list[dict[str, Any]]) -> tuple[tuple[DocumentRow, ...], dict[str, tuple[str, ...]]]:
    """Each cited version once, in the order of its first use, and the labels each indicator cites."""
    facts: dict[tuple[Any, ...], dict[str, Any]] = {}
    uses: dict[tuple[Any, ...], list[EvidenceUse]] = {}
    for row in rows:
        for evidence in row["evidence"]:
            version = tuple(
                evidence[field] for field in ("title", "number", "date", "version", "file", "url", "sha256")
            )
            facts.setdefault(version, evidence)
            uses.setdefault(version, []).append(EvidenceUse(row["code"], evidence["pages"], _level(evidence["level"])))
    documents = []
    labels: dict[str, tuple[str, ...]] = {}
    for number, (version, evidence) in enumerate(facts.items(), start=1):
        label = f"B{number}"
        for use in uses[version]:
            labels[use.code] = (*labels.get(use.code, ()), label)
        documents.append(
            DocumentRow(
                label=label,
                title=evidence["title"],
                number=evidence["number"],
                date=date.fromisoformat(evidence["date"]) if evidence["date"] else None,
                kind=evidence["kind"],
                uses=tuple(uses[version]),
                file_name="" if evidence["url"] else evidence["file"],
                size=None if evidence["url"] else evidence["size"],
                sha256=evidence["sha256"],
                link=evidence["url"],
            )
        )
    return tuple(documents), labels


def _recommendations(
    instrument: Instrument,
    taken: dict[str, Any],
    indicators: tuple[IndicatorRow, ...],
    names: dict[tuple[str, Any], str],
    scale_max: Level,
) -> tuple[Recommendation, ...]:
    """The next level of every answered indicator: weakest first, then what adds most. Two queries."""
    criteria: dict[tuple[str, Level], tuple[str, str]] = {
        (code, level): (text, agency_text)
        for code, level, text, agency_text in LevelCriterion.objects.filter(
            indicator__instrument=instrument
        ).values_list("indicator__code", "level", "text", "agency_text")
    }
    hints: dict[str, list[tuple[list[int], str]]] = {}
    for code, levels, text in (
        EvidenceHint.objects.filter(indicator__instrument=instrument)
        .order_by("indicator__order", "order")
        .values_list("indicator__code", "levels", "text")
    ):
        hints.setdefault(code, []).append((levels, text))
    aspects = {group["code"]: group["name"] for group in taken["instrument"]["aspects"]}
    capability = {row["code"]: row["capability"] for row in taken["indicators"]}
    # What was accepted as not relevant is left out of the verified index.
    counted = [row for row in indicators if not (taken["verified"] and row.is_left_out)]
    total = sum((row.weight for row in counted), Fraction(0))
    made = []
    for row in indicators:
        if row.level is None or row.level >= scale_max:
            continue
        following = floor(row.level) + 1
        criterion, for_agency = criteria.get((row.code, following), ("", ""))
        made.append(
            Recommendation(
                code=row.code,
                short_name=row.short_name,
                aspect_name=aspects[row.aspect],
                level=row.level,
                next_level=following,
                next_level_name=names.get((capability[row.code], following), ""),
                gain=(following - Fraction(row.level)) * row.weight / total,
                criterion=criterion,
                criterion_for_agency=for_agency,
                evidence=tuple(text for levels, text in hints.get(row.code, ()) if following in levels),
            )
        )
    return tuple(sorted(made, key=lambda item: (item.level, -item.gain)))


# --- Lists ---------------------------------------------------------------------------------------------------


def jobs(rights: Rights, period: Period | None = None) -> QuerySet[ReportJob]:
    """The reports a person knows of, newest first, with what a list shows. One query."""
    found = ReportJob.objects.visible_to(rights).select_related(
        "assessment__agency", "assessment__period", "requested_by"
    )
    return found.filter(assessment__period=period) if period else found


def periods_with_jobs(rights: Rights) -> list[Period]:
    """The periods of those reports, newest first. One query."""
    return list(
        Period.objects.filter(pk__in=ReportJob.objects.visible_to(rights).order_by().values("assessment__period_id"))
    )


def own_assessments(rights: Rights) -> list[Assessment]:
    """What an operator most likely wants a report of: the own agencies' assessments, newest first. One query."""
    if not rights.is_operator:
        return []
    return list(
        Assessment.objects.filter(agency_id__in=rights.operator_of)
        .exclude(status=Status.CANCELLED)
        .select_related("agency", "period")
        .order_by("-period__year", "-period_id", "agency__name")[:12]
    )
