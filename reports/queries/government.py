"""What the documents of a government are made of: its result once final, else the table as it is now.

A fixed number of queries, whatever the number of agencies. The levels, suggestions and PICs of a final Pemda come
from its snapshot alone; agencies, external levels, the plan and follow-ups stand beside it as they are.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.utils import timezone

from assessments import pemda_snapshot
from assessments.models import Assessment, ExternalLevel, FollowUp, PemdaResult, Period, Result, Status
from assessments.queries.followups import concerning
from assessments.queries.pemda import board
from assessments.specs import spec_of
from indicators.queries import level_names
from indicators.scoring import Score, score
from reports.documents import Band, Index
from reports.documents.government import AgencyLine, FollowUpLine, GroupRow, LevelRow
from reports.keys import check_url, data_key
from reports.queries.government_way import criteria_of, next_level, way_of
from reports.queries.values import exact, level_of, number_of


@dataclass(frozen=True)
class Sources:
    """The rows a document of the government is made of. `facts` are the fields of the document."""

    kind: str
    period: Period
    result: PemdaResult | None
    taken: dict[str, Any]  # the snapshot, frozen or live
    facts: dict[str, Any]
    assessment: None = None

    @property
    def is_draft(self) -> bool:
        return self.result is None

    @property
    def revision(self) -> int | None:
        return self.result.revision if self.result else None

    @property
    def key(self) -> str:
        """A digest of everything the document says: the same key, the same document."""
        said = hashlib.sha256(repr(sorted(self.facts.items())).encode()).hexdigest()
        return data_key(self.kind, self.period.pk, said)

    def fields(self, *, code: str, generated_at: datetime) -> dict[str, Any]:
        """All fields of a document."""
        return {**self.facts, "code": code, "generated_at": generated_at, "check_url": check_url(code)}


def sources(kind: str, period_id: int) -> Sources:
    """At most 23 queries; four more where the instrument was not read yet. Raises `Period.DoesNotExist`."""
    period = Period.objects.select_related("instrument").get(pk=period_id)
    result = PemdaResult.objects.filter(period=period, superseded_at=None).first()
    taken = result.snapshot if result else pemda_snapshot.take(board(period))
    return Sources(kind, period, result, taken, _facts(period, result, taken))


def _facts(period: Period, result: PemdaResult | None, taken: dict[str, Any]) -> dict[str, Any]:
    spec = spec_of(period.instrument)
    rows = taken["indicators"]
    fixed = {row["code"]: level_of(row["level"]) for row in rows if row["level"] is not None}
    hoped = {row["code"]: level_of(row["suggested"]) for row in rows if row["suggested"] is not None} | fixed
    beside = ExternalLevel.objects.filter(period=period).order_by()
    external = dict(beside.values_list("indicator__code", "level"))
    # An index of some of the ministry's levels would mean nothing.
    outside = score(spec, external) if external.keys() == {row["code"] for row in rows} else None
    criteria = criteria_of(period.instrument)
    names = level_names(period.instrument)
    index = exact(taken["score"]["index"])
    instrument = taken["instrument"]
    scale_min, scale_max = number_of(instrument["scale_min"]), number_of(instrument["scale_max"])
    target = exact(taken["period"]["target"])
    last = taken["last"]
    comparable = bool(last and last["is_comparable"])
    return {
        "government": settings.GOVERNMENT_NAME,
        "letterhead": tuple(settings.GOVERNMENT_LETTERHEAD),
        "logo": settings.GOVERNMENT_LOGO,
        "period": taken["period"]["name"],
        "year": taken["period"]["year"],
        "instrument": instrument["name"],
        "instrument_code": instrument["code"],
        "instrument_version": instrument["version"],
        "regulation": instrument["regulation"],
        "regulation_note": instrument["regulation_note"],
        "topic": instrument.get("topic", "SPBE"),  # results of earlier versions have neither
        "caution": instrument.get("caution", ""),
        "instrument_help": instrument["help_text"],
        "formula_version": taken["formula_version"],
        "scale_min": scale_min,
        "scale_max": scale_max,
        "target_level": period.instrument.target_level,
        "target_index": _fraction(period.instrument.target_index),
        "bands": tuple(
            Band(band.name, band.minimum) for band in sorted(spec.bands, key=lambda band: band.minimum, reverse=True)
        ),
        "is_draft": result is None,
        "draft_reason": "" if result else _draft_reason(len(rows) - len(fixed), len(rows)),
        "finalised_at": result.finalised_at if result else None,
        "revision": result.revision if result else None,
        "digest": result.digest if result else "",
        "replaced": _replaced(result),
        "index": Index(index, taken["score"]["predicate"] or ""),
        "suggested_index": _index(score(spec, hoped)),
        "external_index": _index(outside),
        "last_index": Index(exact(last["index"]), last["predicate"]) if last else Index(),
        "last_year": last["year"] if last else None,
        "last_comparable": comparable,
        "target": target,
        "determined": len(fixed),
        "total": len(rows),
        "domains": _groups("domain", taken, last if comparable else None, outside),
        "aspects": _groups("aspect", taken, last if comparable else None, outside),
        "indicators": tuple(_level_row(row, names, criteria, external, scale_max) for row in rows),
        "agencies": _agencies(period),
        "follow_ups": _follow_ups(period),
        "way": way_of(period, spec, taken, criteria, names),
    }


def _draft_reason(missing: int, total: int) -> str:
    if missing:
        return f"{missing} dari {total} indikator belum ditetapkan; angka masih dapat berubah."
    return "Semua indikator ditetapkan, tetapi nilai Pemda belum difinalkan; angka masih dapat berubah."


def _replaced(result: PemdaResult | None) -> tuple[int, Fraction] | None:
    """The revision before and its index. One query from the second revision on."""
    if result is None or result.revision < 2:
        return None
    earlier = PemdaResult.objects.filter(period=result.period_id, revision__lt=result.revision)
    found = earlier.order_by("-revision").values_list("revision", "index_exact").first()
    return (found[0], Fraction(found[1])) if found else None


def _fraction(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def _index(scored: Score | None) -> Index:
    return Index() if scored is None else Index(scored.index, scored.predicate or "")


def _groups(
    kind: str, taken: dict[str, Any], last: dict[str, Any] | None, outside: Score | None
) -> tuple[GroupRow, ...]:
    plural = f"{kind}s"
    values, coverage = taken["score"][plural], taken["score"][f"{kind}_coverage"]
    before = last[plural] if last else {}
    beside: dict[str, Fraction | None] = getattr(outside, plural) if outside else {}
    return tuple(
        GroupRow(
            code=group["code"],
            name=group["name"],
            weight=Fraction(group["weight"]),
            # Nothing determined is not "level 1": the index counts it so, a value of its own it has none.
            value=exact(values[group["code"]]) if coverage[group["code"]][0] else None,
            last_value=exact(before.get(group["code"])),
            external_value=beside.get(group["code"]),
            determined=coverage[group["code"]][0],
            total=coverage[group["code"]][1],
            domain=group["domain"] or "",
        )
        for group in taken["instrument"][plural]
    )


def _level_row(
    row: dict[str, Any],
    names: dict[tuple[str, Any], str],
    criteria: dict[tuple[str, Any], str],
    external: dict[str, Any],
    scale_max: int | Decimal,
) -> LevelRow:
    code, capability = row["code"], row["capability"]
    level, suggested = level_of(row["level"]), level_of(row["suggested"])
    following = next_level(level, scale_max)
    counted = level if level is not None else suggested
    counts = row["coverage"]["counts"].items()
    return LevelRow(
        code=code,
        short_name=row["short_name"],
        aspect=row["aspect"],
        weight=Fraction(row["weight"]),
        level=level,
        level_name=names.get((capability, level), ""),
        suggested=suggested,
        obstacle=row["obstacle"],
        reason=row["reason"],
        pics=tuple(pic["short_name"] or pic["name"] for pic in row["pics"]),
        supporters=row["coverage"]["total"],
        supporters_decided=row["coverage"]["decided"],
        supporters_at_level=sum(count for text, count in counts if counted is not None and Decimal(text) >= counted),
        last_level=level_of(row["last"]),
        target_level=level_of(row["target"]),
        external_level=external.get(code),
        criterion=criteria.get((code, level), ""),
        next_level=following,
        next_level_name=names.get((capability, following), ""),
        next_criterion=criteria.get((code, following), ""),
    )


def _agencies(period: Period) -> tuple[AgencyLine, ...]:
    """All assessments of the period by name of agency, with the figures of the result in force. Two queries."""
    now = timezone.now()
    results = {
        row["assessment"]: row
        for row in Result.objects.filter(assessment__period=period, superseded_at=None)
        .order_by()
        .values(
            "assessment", "is_complete", "reason", "answered_count", "assigned_count", "verified_exact", "predicate"
        )
    }
    found = (
        Assessment.objects.filter(period=period)
        .select_related("agency")
        .defer("self_levels", "verified_levels")
        .order_by("agency__name", "pk")
    )
    lines = []
    for assessment in found:
        assessment.period = period
        result = results.get(assessment.pk)
        is_final = assessment.status == Status.FINAL
        unfinished = is_final and result is not None and not result["is_complete"]
        if result:
            index = Index(
                exact(result["verified_exact"] or None), result["predicate"] if result["verified_exact"] else ""
            )
        elif assessment.status == Status.APPROVED:
            index = Index(assessment.verified_index, assessment.verified_predicate)
        else:
            index = Index()
        lines.append(
            AgencyLine(
                name=assessment.agency.name,
                short_name=assessment.agency.short_name or assessment.agency.name,
                state="unfinished" if unfinished else assessment.status,
                was_handed_in=assessment.was_handed_in,
                answered=result["answered_count"] if result else assessment.answered_count,
                assigned=result["assigned_count"] if result else assessment.assigned_count,
                index=index,
                is_late=assessment.status in (Status.DRAFT, Status.RETURNED) and assessment.due_at < now,
                reason=result["reason"] if result and unfinished else "",
            )
        )
    return tuple(lines)


def _follow_ups(period: Period) -> tuple[FollowUpLine, ...]:
    """What arose in the period, and what earlier ones left open, which says of which. One query."""
    today = timezone.localdate()
    return tuple(
        FollowUpLine(
            code=row.indicator.code if row.indicator else "",
            text=row.text if row.period_id == period.pk else f"{row.text} ({row.period.name})",
            agency=row.agency.name,
            due_on=row.due_on,
            state=row.get_status_display(),
            is_open=row.status in (FollowUp.Status.OPEN, FollowUp.Status.REPORTED),
            is_late=row.status == FollowUp.Status.OPEN and row.due_on < today,
            progress=row.progress,
            source=row.get_source_display(),
        )
        for row in concerning(period).order_by("due_on", "pk")
    )
