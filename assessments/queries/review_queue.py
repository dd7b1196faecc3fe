"""The reviewers' queue: what waits, for how long, and who may take it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.permissions import Rights
from assessments import permissions
from assessments.models import Assessment, Period, Review, Status
from assessments.permissions import PUBLISHED
from spbe_portal.formatting import remaining_id

PER_PAGE = 25

WAITING, RETURNED, APPROVED = "menunggu", "dikembalikan", "disetujui"
STATES = {WAITING: "Menunggu", RETURNED: "Dikembalikan", APPROVED: "Disetujui"}


@dataclass(frozen=True)
class QueueFilter:
    """What the reviewer wants to see; empty fields do not narrow.

    `chose_period`: the periods were asked for, not just the running ones as by default.
    """

    state: str = WAITING
    periods: Sequence[Period] = ()
    chose_period: bool = False
    kind: str = ""
    text: str = ""
    not_started: bool = False

    @property
    def is_narrowed(self) -> bool:
        return bool(self.chose_period or self.kind or self.text or self.not_started)


@dataclass(frozen=True)
class QueueRow:
    """One assessment. `barrier` says why this person may not review it (empty: may).

    `decided` and `returned` are None for members of the agency, whatever else they are.
    """

    pk: int
    agency: str
    kind: str
    period: str
    status: str
    round: int
    since: datetime | None
    waited: str  # "3 hari"
    mend_by: datetime | None
    decided: int | None
    assigned: int
    returned: int | None
    started_by_me: bool
    barrier: str

    @property
    def is_all_decided(self) -> bool:
        return self.status == Status.SUBMITTED and self.decided == self.assigned

    @property
    def act(self) -> str:
        """What the button says."""
        if self.status != Status.SUBMITTED:
            return "Lihat"
        if self.is_all_decided:
            return "Periksa dan kembalikan" if self.returned else "Periksa dan setujui"
        if self.started_by_me:
            return "Lanjutkan"
        return "Bantu" if self.decided else "Mulai"


@dataclass(frozen=True)
class Queue:
    page: Page
    rows: list[QueueRow]
    counts: dict[str, int]

    @property
    def first(self) -> QueueRow | None:
        """What this person does next: what only waits to be ended, then what they began, then the oldest."""
        mine = [row for row in self.rows if row.status == Status.SUBMITTED and not row.barrier]
        return min(mine, key=lambda row: (not row.is_all_decided, not row.started_by_me), default=None)


def barrier(rights: Rights, assessment: Assessment, *, wrote: bool) -> str:
    """Why this person may not review it, as a sentence; empty where they may."""
    if permissions.may_review_agency(rights, assessment, wrote=wrote):
        return ""
    if not (rights.is_verifier or rights.is_coordinator):
        return "Verifikasi dilakukan oleh verifikator atau koordinator penilaian."
    if assessment.agency_id in rights.member_of:
        return "Anda anggota OPD ini, jadi penilaiannya diverifikasi orang lain."
    return "Anda pernah mengisi penilaian ini, jadi verifikasinya dilakukan orang lain."


def review_queue(rights: Rights, wanted: QueueFilter, page_number: str | int | None = 1) -> Queue:
    """A page of the queue. Two queries, whatever its length."""
    narrowed = _narrowed(rights, wanted)
    counts = narrowed.aggregate(**{state: Count("pk", filter=condition) for state, condition in _CONDITIONS.items()})
    found = (
        narrowed.filter(_CONDITIONS[wanted.state])
        .with_wrote(rights)
        .select_related("period", "agency")
        .order_by(*_ORDER[wanted.state], "pk")
    )
    # The count is known already: the paginator need not ask again.
    paginator = Paginator(found, PER_PAGE)
    paginator.count = counts[wanted.state]
    page = paginator.get_page(page_number)
    now = timezone.now()
    return Queue(page, [_row(rights, assessment, now) for assessment in page], counts)


_CONDITIONS = {
    WAITING: Q(status=Status.SUBMITTED),
    RETURNED: Q(status=Status.RETURNED),
    # What was finalised unfinished was never approved.
    APPROVED: Q(status__in=PUBLISHED) & ~Q(verified_exact=""),
}
_ORDER = {WAITING: ["submitted_at"], RETURNED: ["mend_by"], APPROVED: ["-approved_at"]}


def _narrowed(rights: Rights, wanted: QueueFilter) -> QuerySet:
    mine = Review.objects.filter(answer__assessment=OuterRef("pk"), is_current=True, reviewer_id=rights.user_id)
    found = Assessment.objects.visible_to(rights).annotate(started_by_me=Exists(mine))
    if wanted.periods:
        found = found.filter(period__in=wanted.periods)
    if wanted.kind:
        found = found.filter(agency__kind=wanted.kind)
    if wanted.text:
        found = found.filter(Q(agency__name__icontains=wanted.text) | Q(agency__short_name__icontains=wanted.text))
    if wanted.not_started:
        found = found.filter(started_by_me=False)
    return found


def _row(rights: Rights, assessment: Assessment, now: datetime) -> QueueRow:
    since = {
        Status.SUBMITTED: assessment.submitted_at,
        Status.RETURNED: assessment.returned_at,
        Status.APPROVED: assessment.approved_at,
        Status.FINAL: assessment.approved_at,
    }[Status(assessment.status)]
    may_count = permissions.can_see_open_decisions(rights, assessment)
    return QueueRow(
        pk=assessment.pk,
        agency=assessment.agency.name,
        kind=assessment.agency.get_kind_display(),
        period=assessment.period.name,
        status=assessment.status,
        round=assessment.round,
        since=since,
        waited=_waited(since, now) if since else "",
        mend_by=assessment.mend_by,
        decided=assessment.decided_count if may_count else None,
        assigned=assessment.assigned_count,
        returned=assessment.returned_count if may_count else None,
        started_by_me=assessment.started_by_me,
        barrier=barrier(rights, assessment, wrote=assessment.wrote),
    )


def _waited(since: datetime, now: datetime) -> str:
    """How long ago, as read in a row: "3 hari", "5 jam", "beberapa menit"."""
    return remaining_id(since, now).removeprefix("lewat ") if now - since >= timedelta(hours=1) else "beberapa menit"
