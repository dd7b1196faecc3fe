"""What a kertas kerja says of one assessment."""

from collections import defaultdict
from datetime import datetime

from accounts.permissions import Rights
from assessments import permissions
from assessments.models import Assessment, Evidence, Status
from assessments.queries.answers import answers_of, decisions_for
from assessments.queries.fill import lock_of
from assessments.queries.results import revisions_of, shown_status
from assessments.queries.sheet import sheet
from assessments.working_paper import FIELDS, Key, Paper, PaperRow
from indicators.queries import IndicatorContent, LevelRow, instrument_content
from spbe_portal.formatting import date_id


def key_of(assessment: Assessment) -> Key:
    return Key(
        assessment=assessment.pk,
        period=assessment.period_id,
        agency=assessment.agency.slug,
        instrument=assessment.period.instrument.code,
        revision=assessment.revision,
    )


def whole_lock(assessment: Assessment, now: datetime) -> str:
    """Why nothing at all of it can be changed now; empty where something can."""
    return lock_of(assessment, is_returned=True, now=now)


def file_name(assessment: Assessment) -> str:
    return f"kertas-kerja-{assessment.agency.slug}-{assessment.period.year}.xlsx"


def paper_of(assessment: Assessment, rights: Rights, now: datetime, text_max: int) -> Paper:
    """The paper as this person may read and fill it in. A fixed number of queries."""
    instrument = assessment.period.instrument
    content = instrument_content(instrument)
    shown = {row.code: row for row in sheet(assessment, rights).rows}
    aspects = {each.code: aspect.name for aspect in content.aspects for each in aspect.indicators}
    about = {each.code: each for each in content.indicators}
    notes = decisions_for(rights, assessment)
    pieces: dict[int, list[str]] = defaultdict(list)
    found = Evidence.objects.filter(answer__assessment=assessment).select_related("version__document").order_by("pk")
    for piece in found:
        pieces[piece.answer_id].append(_told(piece))
    lock = whole_lock(assessment, now)
    if not lock and not permissions.may_write(rights, assessment):
        lock = "Anda dapat membaca penilaian ini, tetapi tidak mengisinya."
    rows = []
    for answer in answers_of([assessment]):
        code = answer.indicator.code
        review = notes.get(answer.pk)
        rows.append(
            PaperRow(
                code=code,
                name=answer.indicator.short_name,
                aspect=aspects[code],
                names=tuple((step.level, step.name) for step in about[code].ladder),
                levels=_levels(about[code]),
                external_source=about[code].external_source,
                values={name: getattr(answer, name) for name in FIELDS},
                version=answer.version,
                evidence=tuple(pieces[answer.pk]),
                note=review.note if review else "",
                state=shown[code].state.text,
                is_open=not lock and (assessment.status == Status.DRAFT or shown[code].is_returned),
            )
        )
    label = dict([*Status.choices, ("unfinished", "Tidak selesai")])
    status = shown_status(assessment, revisions_of([assessment])[assessment.pk])
    return Paper(
        key=key_of(assessment),
        agency=assessment.agency.name,
        period=assessment.period.name,
        instrument=instrument.name,
        regulation=instrument.regulation,
        caution=instrument.caution,
        due_at=assessment.due_at,
        status=str(label[status]),
        lock=lock,
        made_at=now,
        whole_levels=()
        if instrument.is_fractional
        else tuple(whole_levels(instrument.scale_min, instrument.scale_max)),
        lowest=instrument.scale_min,
        highest=instrument.scale_max,
        text_max=text_max,
        rows=tuple(rows),
    )


def whole_levels(lowest: object, highest: object) -> range:
    return range(int(lowest), int(highest) + 1)  # type: ignore[call-overload]


def _levels(indicator: IndicatorContent) -> tuple[LevelRow, ...]:
    """Nothing where no criterion is known."""
    return indicator.ladder if indicator.has_criteria else ()


def _told(piece: Evidence) -> str:
    document = piece.version.document
    about = [document.number, date_id(document.date) if document.date else "", piece.pages and f"hlm. {piece.pages}"]
    said = ", ".join(each for each in about if each)
    return f"{document.title} ({said})" if said else document.title
