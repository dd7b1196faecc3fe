"""What an operator must do now, until when, and what earlier periods ended with."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction

from django.utils import timezone

from accounts.models import Agency
from assessments.errors import Problem
from assessments.models import Answer, Assessment, DecisionKind, Evidence, Period, Result, Review, Status
from assessments.queries.answers import answers_of, handed_in_for, published_decisions
from assessments.queries.carry_over import Overview, can_start, overviews
from assessments.queries.content import pieces_of
from assessments.queries.followups import Standing, of_agencies, standing_of
from assessments.queries.readiness import problems_from
from spbe_portal.formatting import date_id, datetime_id, remaining_id

SOON = timedelta(days=3)


@dataclass(frozen=True)
class Returned:
    """An indicator that came back. `is_open`: not mended yet."""

    code: str
    name: str
    reason: str
    note: str
    is_open: bool


@dataclass(frozen=True)
class Task:
    """One running assessment: the next act as a sentence and a button.

    `page` is a url name: `answer` (with `code`), `submit` or `sheet`. `tone` is "", "is-warn" or "is-late".
    """

    assessment: Assessment
    text: str
    until: str
    button: str
    page: str
    code: str
    tone: str
    returned: list[Returned] = field(default_factory=list)
    carry: Overview | None = None  # last year's, where something of it waits to be decided

    @property
    def agency(self) -> Agency:
        return self.assessment.agency

    @property
    def total(self) -> int:
        """What there is to do; nothing once it is handed in."""
        if self.assessment.status == Status.RETURNED:
            return len(self.returned)
        return self.assessment.assigned_count if self.assessment.status == Status.DRAFT else 0

    @property
    def done(self) -> int:
        if self.assessment.status == Status.RETURNED:
            return sum(not item.is_open for item in self.returned)
        return self.assessment.answered_count

    @property
    def done_word(self) -> str:
        return "diperbaiki" if self.assessment.status == Status.RETURNED else "terisi"


@dataclass(frozen=True)
class Earlier:
    """A result in force with its exact indices."""

    result: Result
    own: Fraction | None
    verified: Fraction | None


@dataclass(frozen=True)
class Home:
    """Running tasks, the most urgent first; agencies that have none; results in force, newest first.

    What is final is no task, also while its period runs again for another agency. `follow_ups`: how those of the
    agencies stand.
    """

    tasks: list[Task]
    idle: list[Agency]
    results: list[Earlier]
    many_agencies: bool
    follow_ups: Standing


def home(operator_of: frozenset[int], now: datetime) -> Home:
    """The home page of an operator of these agencies. At most sixteen queries, whatever their number."""
    agencies = list(Agency.objects.filter(pk__in=operator_of).order_by("name"))
    assessments = list(
        Assessment.objects.filter(agency_id__in=operator_of, period__status=Period.Status.OPEN)
        .exclude(status__in=[Status.FINAL, Status.CANCELLED])
        .select_related("period__instrument", "agency", "submitted_by")
    )
    answers = _answers(assessments)
    reviews = _returned(assessments)
    pieces = pieces_of(Evidence.objects.filter(answer__assessment__in=assessments))
    for_agency = handed_in_for(assessments)
    tasks = []
    for assessment in assessments:
        own = answers.get(assessment.pk, [])
        problems = []
        if assessment.status in (Status.DRAFT, Status.RETURNED):
            problems = problems_from(assessment, own, reviews, pieces)
        tasks.append(task_of(assessment, own, reviews, problems, now, for_agency=assessment.pk in for_agency))
    drafts = [each for each in assessments if can_start(each) and now < each.due_at]
    asked = {pk: shown for pk, shown in overviews(drafts, timezone.localdate(now)).items() if shown.first_open}
    tasks = [replace(task, carry=asked.get(task.assessment.pk)) for task in tasks]
    tasks.sort(key=lambda task: (task.page == "sheet", task.assessment.due_at, task.agency.name))
    busy = {task.assessment.agency_id for task in tasks}
    results = (
        Result.objects.filter(assessment__agency_id__in=operator_of, superseded_at=None)
        .select_related("assessment__period", "assessment__agency")
        .defer("snapshot")
        .order_by("-assessment__period__year", "-assessment__period_id", "assessment__agency__name")
    )
    return Home(
        tasks=tasks,
        idle=[agency for agency in agencies if agency.pk not in busy],
        results=[Earlier(row, _exact(row.self_exact), _exact(row.verified_exact)) for row in results],
        many_agencies=len(agencies) > 1,
        follow_ups=standing_of(of_agencies(operator_of)),
    )


def _exact(text: str) -> Fraction | None:
    return Fraction(text) if text else None


def _answers(assessments: list[Assessment]) -> dict[int, list[Answer]]:
    found: dict[int, list[Answer]] = {}
    for answer in answers_of(assessments):
        found.setdefault(answer.assessment_id, []).append(answer)
    return found


def _returned(assessments: list[Assessment]) -> dict[int, Review]:
    """Published returns in force, by answer id."""
    decisions = published_decisions(assessments)
    return {pk: review for pk, review in decisions.items() if review.decision == DecisionKind.RETURN}


def task_of(
    assessment: Assessment,
    answers: list[Answer],
    reviews: dict[int, Review],
    problems: list[Problem],
    now: datetime,
    *,
    for_agency: bool = False,
) -> Task:
    """The next act for one assessment. `for_agency`: a coordinator handed it in on the agency's behalf. No query."""
    due = assessment.due_at
    open_codes = list(dict.fromkeys(problem.indicator for problem in problems))
    left = due - now
    tone = "is-late" if left <= timedelta(0) else "is-warn" if left <= SOON else ""
    word = "Batas perbaikan" if assessment.status == Status.RETURNED else "Batas waktu"
    until = f"{word} {datetime_id(due)} ({remaining_id(due, now)})."
    total = len(answers)

    if assessment.status == Status.RETURNED:
        returned = [
            Returned(
                answer.indicator.code,
                answer.indicator.short_name,
                reviews[answer.pk].get_reason_display(),
                reviews[answer.pk].note,
                answer.indicator.code in open_codes,
            )
            for answer in answers
            if answer.pk in reviews
        ]
        if tone == "is-late":
            return _late(assessment, returned)
        if open_codes:
            text = f"{len(open_codes)} dari {len(returned)} indikator yang dikembalikan belum diperbaiki."
            if len(open_codes) == len(returned):
                text = f"{len(returned)} indikator dikembalikan dan perlu diperbaiki."
            button = f"Perbaiki: Indikator {open_codes[0]}"
            return Task(assessment, text, until, button, "answer", open_codes[0], "is-warn", returned)
        text = f"Semua indikator yang dikembalikan ({len(returned)}) sudah diperbaiki. Periksa, lalu ajukan kembali."
        return Task(assessment, text, until, "Ajukan kembali", "submit", "", tone, returned)

    if assessment.status == Status.DRAFT:
        if tone == "is-late":
            return _late(assessment, [])
        unanswered = [answer.indicator.code for answer in answers if not answer.is_answered]
        if len(unanswered) == total and total:
            text = f"{total} indikator perlu diisi."
            return Task(assessment, text, until, f"Mulai: Indikator {unanswered[0]}", "answer", unanswered[0], tone)
        if unanswered:
            text = f"{len(unanswered)} dari {total} indikator belum diisi."
            return Task(
                assessment, text, until, f"Lanjutkan: Indikator {unanswered[0]}", "answer", unanswered[0], tone
            )
        if open_codes:
            text = f"Semua {total} indikator sudah diisi, tetapi {len(open_codes)} masih perlu dilengkapi."
            return Task(assessment, text, until, f"Lengkapi: Indikator {open_codes[0]}", "answer", open_codes[0], tone)
        text = f"Semua {total} indikator sudah lengkap. Periksa sekali lagi, lalu ajukan."
        return Task(assessment, text, until, "Ajukan penilaian", "submit", "", tone)

    if assessment.status == Status.SUBMITTED and not assessment.was_handed_in:
        text = (
            "Penilaian dibuka kembali oleh koordinator dan menunggu verifikasi. "
            "Tidak ada yang perlu Anda lakukan sekarang."
        )
        until = f"Dibuka kembali {datetime_id(assessment.submitted_at)}."
        return Task(assessment, text, until, "Lihat penilaian", "sheet", "", "")
    if assessment.status == Status.SUBMITTED:
        by = f" oleh {assessment.submitted_by}" if assessment.submitted_by else ""
        if by and for_agency:
            by += f", atas nama {assessment.agency},"
        text = f"Penilaian sudah diajukan{by} dan menunggu verifikasi. Tidak ada yang perlu Anda lakukan sekarang."
        if not assessment.decided_count and now < due:
            text += (
                f" Selama verifikasi belum dimulai, pengajuan masih dapat ditarik kembali sampai {datetime_id(due)}."
            )
        until = f"Diajukan {datetime_id(assessment.submitted_at)}."
        return Task(assessment, text, until, "Lihat penilaian", "sheet", "", "")
    text = "Penilaian sudah disetujui. Hasilnya menjadi final setelah periode ditutup."
    until = f"Disetujui {date_id(assessment.approved_at)}."
    return Task(assessment, text, until, "Lihat hasil verifikasi", "sheet", "", "")


def _late(assessment: Assessment, returned: list[Returned]) -> Task:
    text = (
        f"Batas waktu {datetime_id(assessment.due_at)} sudah lewat sebelum penilaian ini diajukan. "
        "Isian aman tetapi terkunci."
    )
    until = "Minta perpanjangan kepada koordinator penilaian bila masih perlu mengajukan."
    return Task(assessment, text, until, "Lihat penilaian", "sheet", "", "is-late", returned)
