"""What would be copied from a cancelled period into one that runs, by indicator code. Nothing is written here."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When

from accounts.models import Agency
from assessments.models import Answer, Assessment, DocumentVersion, Evidence, Period, Status
from assessments.queries.answers import answers_of
from assessments.queries.library import shared_by_each
from indicators.models import Indicator, Instrument
from spbe_portal.formatting import datetime_id

Level = int | Decimal | None
TEXTS = ("fact", "analysis", "not_applicable_reason")
NO_TEXT = Q(**dict.fromkeys(TEXTS, ""))
#: Answers that hold anything.
FILLED = (
    Q(self_level__isnull=False)
    | Q(not_applicable=True)
    | ~NO_TEXT
    | Exists(Evidence.objects.filter(answer=OuterRef("pk")).order_by())
)


@dataclass(frozen=True)
class Piece:
    """A piece of evidence, with the level it would support here."""

    evidence: Evidence
    level: Level


@dataclass(frozen=True)
class Copy:
    """One answer of the cancelled period and the untouched one here that would take it."""

    source: Answer
    target: Answer
    level: Level
    pieces: list[Piece]

    @property
    def code(self) -> str:
        return self.target.indicator.code


@dataclass
class AgencyPlan:
    """One agency with answers in the cancelled period. `lock`: why nothing can be copied for it; codes in order."""

    agency: Agency
    source: Assessment
    target: Assessment | None
    lock: str
    copies: list[Copy] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # this instrument has no such code
    unassigned: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)  # filled in here already
    levels_left: list[str] = field(default_factory=list)  # the level does not lie on this scale
    evidence_left: int = 0  # infected, or of a library that is no longer the agency's

    @property
    def codes(self) -> list[str]:
        return [copy.code for copy in self.copies]

    @property
    def evidence(self) -> int:
        return sum(len(copy.pieces) for copy in self.copies)

    @property
    def is_ready(self) -> bool:
        return not self.lock and bool(self.copies)


@dataclass(frozen=True)
class Renamed:
    """One code that names two different indicators."""

    code: str
    there: str
    here: str


@dataclass(frozen=True)
class Plan:
    source: Period
    target: Period
    agencies: list[AgencyPlan]
    renamed: list[Renamed]

    @property
    def ready(self) -> list[AgencyPlan]:
        return [each for each in self.agencies if each.is_ready]

    @property
    def answers(self) -> int:
        return sum(len(each.copies) for each in self.ready)

    @property
    def evidence(self) -> int:
        return sum(each.evidence for each in self.ready)


def sources(period: Period) -> QuerySet[Period]:
    """The cancelled periods in which something was filled in, newest first; none unless `period` is open."""
    if period.status != Period.Status.OPEN:
        return Period.objects.none()
    filled = Answer.objects.filter(FILLED, assessment__period=OuterRef("pk")).order_by()
    found = Period.objects.filter(Exists(filled), status=Period.Status.CANCELLED)
    return found.exclude(pk=period.pk).select_related("instrument")


def plan(
    source: Period, target: Period, now: datetime, *, only: Assessment | None = None, with_texts: bool = False
) -> Plan:
    """What would be copied as things stand, agency by agency; `only` for that assessment of `target`.

    An answer here takes one only while nobody has touched it. Seven queries, whatever their number; the long texts
    are read only `with_texts`.
    """
    of_source = Assessment.objects.filter(period=source).select_related("agency").order_by("agency__name", "pk")
    theirs = list(of_source.filter(agency=only.agency_id) if only is not None else of_source)
    by_agency = {each.agency_id: each for each in theirs}
    ours = [only] if only is not None else _of_period(target, by_agency)
    targets = {each.agency_id: each for each in ours}
    filled = _filled_of(theirs, with_texts=with_texts)
    pieces = _pieces_of(theirs)
    of_target: dict[int, dict[str, Answer]] = defaultdict(dict)
    for answer in answers_of(ours) if with_texts else answers_of(ours).defer(*TEXTS):
        of_target[answer.assessment_id][answer.indicator.code] = answer
    names = dict(Indicator.objects.filter(instrument=target.instrument).values_list("code", "short_name"))
    shared = shared_by_each(by_agency)
    agencies = []
    for agency_id, assessment in by_agency.items():
        if assessment.pk not in filled:
            continue
        ours_here = targets.get(agency_id)
        made = AgencyPlan(assessment.agency, assessment, ours_here, _lock(ours_here, now))
        there = of_target[ours_here.pk] if ours_here else {}
        for answer in filled[assessment.pk]:
            usable = [each for each in pieces[answer.pk] if _is_usable(each, shared[agency_id])]
            _place(made, answer, there, names, usable, len(pieces[answer.pk]) - len(usable), target.instrument)
        agencies.append(made)
    is_other = source.instrument_id != target.instrument_id
    return Plan(source, target, agencies, _renamed(filled, names) if is_other else [])


def _place(
    made: AgencyPlan,
    answer: Answer,
    there: dict[str, Answer],
    names: dict[str, str],
    usable: list[Evidence],
    unusable: int,
    instrument: Instrument,
) -> None:
    """Where one answer of the cancelled period goes, or why it stays behind."""
    code = answer.indicator.code
    if code not in names:
        made.unknown.append(code)
        return
    if made.target is None:
        return
    if code not in there:
        made.unassigned.append(code)
        return
    if not _is_untouched(there[code]):
        made.stays.append(code)
        return
    level, fits = _level_here(answer.self_level, instrument)
    if not fits:
        made.levels_left.append(code)
    made.evidence_left += unusable
    if level is None and not answer.not_applicable and not answer.has_text and not usable:  # type: ignore[attr-defined]
        return
    pieces = [Piece(each, _level_here(each.level, instrument)[0]) for each in usable]
    made.copies.append(Copy(answer, there[code], level, pieces))


def _lock(target: Assessment | None, now: datetime) -> str:
    if target is None:
        return "Tidak dinilai pada periode ini."
    if target.status != Status.DRAFT:
        return f"Penilaiannya di sini berstatus {target.get_status_display()}, bukan Draf."
    if now >= target.due_at:
        return f"Batas waktunya {datetime_id(target.due_at)} sudah lewat. Perpanjang dahulu."
    return ""


def _is_untouched(answer: Answer) -> bool:
    """Any change of an answer, of its evidence too, leaves its moment."""
    return answer.changed_at is None and not answer.is_answered


def _level_here(level: Level, instrument: Instrument) -> tuple[Level, bool]:
    """The level on this scale, and whether it lies on it."""
    if level is None:
        return None, True
    fits = instrument.scale_min <= level <= instrument.scale_max and (instrument.is_fractional or level == int(level))
    return (level, True) if fits else (None, False)


def _is_usable(evidence: Evidence, shared: frozenset[int]) -> bool:
    version = evidence.version
    return version.scan != DocumentVersion.Scan.INFECTED and version.document.agency_id in shared


def _of_period(period: Period, agencies: Iterable[int]) -> list[Assessment]:
    return list(Assessment.objects.filter(period=period, agency__in=agencies).select_related("period"))


def _filled_of(assessments: Collection[Assessment], *, with_texts: bool) -> dict[int, list[Answer]]:
    """What is filled in, by assessment, in the instrument's order; `has_text` says whether anything was written."""
    has_text = Case(When(NO_TEXT, then=Value(False)), default=Value(True), output_field=BooleanField())
    rows = answers_of(assessments).filter(FILLED).annotate(has_text=has_text)
    if not with_texts:
        rows = rows.defer(*TEXTS)
    found: dict[int, list[Answer]] = defaultdict(list)
    for answer in rows:
        found[answer.assessment_id].append(answer)
    return found


def _pieces_of(assessments: Collection[Assessment]) -> dict[int, list[Evidence]]:
    """Their evidence by answer, oldest first."""
    found: dict[int, list[Evidence]] = defaultdict(list)
    rows = Evidence.objects.filter(answer__assessment__in=assessments).select_related("version__document")
    for evidence in rows.order_by("id"):
        found[evidence.answer_id].append(evidence)
    return found


def _renamed(filled: Mapping[int, list[Answer]], names: Mapping[str, str]) -> list[Renamed]:
    """Codes that name another indicator here, in the order of the cancelled period's instrument."""
    there = {each.indicator.code: each.indicator for answers in filled.values() for each in answers}
    rows = sorted(there.values(), key=lambda indicator: indicator.order)
    return [
        Renamed(each.code, each.short_name, names[each.code])
        for each in rows
        if each.code in names and names[each.code] != each.short_name
    ]
