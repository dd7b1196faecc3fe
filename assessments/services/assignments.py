"""Who answers what: the one writer of assignments.

While a period is prepared everything may change. While it runs the kind (PIC or support) may change freely; an
indicator may be added where the agency's assessment is a draft (or is made by it), and taken away where the answer is
untouched besides. Nobody's work is ever lost by it: what stands in the way is refused, and listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agency, User
from accounts.permissions import rights_of
from assessments import permissions
from assessments.errors import Invalid, NotReady, Problem, Stale, WrongState
from assessments.models import Answer, Assessment, Assignment, Period, Status
from assessments.queries.assignments import spans
from assessments.services._base import Acting, refresh_totals, require
from assessments.services.answers import REASON_MAX, clean_text
from assessments.workflow.periods import create_assessments
from audit.services import prepare, record, record_all

Cell = tuple[int, str]  # agency id, indicator code
Change = tuple[int, str, str | None]  # and the kind it shall have; None: not assigned
AT_ONCE = 2000  # rows a statement
CHANGEABLE = (Period.Status.DRAFT, Period.Status.OPEN)
AT_THE_SAME_TIME = "Penugasan ini berubah pada saat yang sama. Belum ada yang disimpan; periksa, lalu simpan lagi."


@dataclass(frozen=True)
class Plan:
    """What a set of changes comes to: `changes` are those that can be made and make a difference."""

    changes: tuple[Change, ...]
    before: Mapping[Cell, str]  # the kind of every changed cell that has one
    refused: tuple[Problem, ...]
    refused_count: int  # cells
    new_assessments: int  # agencies that get an assessment by it

    @property
    def added(self) -> int:
        return sum(self.before.get((agency, code)) is None for agency, code, _ in self.changes)

    @property
    def removed(self) -> int:
        return sum(kind is None for _, _, kind in self.changes)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.added - self.removed

    @property
    def agencies(self) -> int:
        return len({agency for agency, _, _ in self.changes})

    @property
    def token(self) -> str:
        """The same text for the same plan: what a person confirmed is what is saved."""
        cells = sorted((*change[:2], change[2] or "", self.before.get(change[:2], "")) for change in self.changes)
        return sha256(repr((cells, self.refused_count)).encode()).hexdigest()[:32]


def plan_assignments(period: Period, changes: Iterable[Change]) -> Plan:
    """What would become of these changes now. A fixed number of queries; raises `Invalid` for unknown names."""
    wanted = _wanted(changes)
    agencies = {agency.pk: agency for agency in Agency.objects.select_related("successor")}
    order = list(period.instrument.indicators.order_by("order").values_list("code", flat=True))
    known = set(order)
    if any(agency not in agencies or code not in known for agency, code in wanted):
        raise Invalid({"changes": "Ada OPD atau indikator yang tidak dikenal. Muat ulang halaman, lalu coba lagi."})
    current = _current(period)
    statuses = dict(Assessment.objects.filter(period=period).values_list("agency", "status"))
    running = period.status == Period.Status.OPEN
    differing = {cell: kind for cell, kind in wanted.items() if current.get(cell) != kind}
    leaving = {cell for cell, kind in differing.items() if kind is None}
    touched = _touched(period) if running and leaving else set()
    today = timezone.localdate()
    refused: dict[Cell, str] = {}
    for cell, kind in differing.items():
        if kind is not None and cell in current:
            continue
        agency, status = agencies[cell[0]], statuses.get(cell[0])
        if kind is not None and not _exists(agency, today):
            refused[cell] = "tidak dapat ditugaskan karena OPD-nya tidak berlaku hari ini" + (
                f" (penerusnya {agency.successor})" if agency.successor else ""
            )
        elif running and status not in (None, Status.DRAFT):
            act = "ditambahkan" if kind else "dihapus"
            refused[cell] = f"tidak dapat {act} karena penilaiannya berstatus {Status(status).label}"
        elif cell in touched:
            refused[cell] = "tidak dapat dihapus karena sudah ada isian, bukti, atau keputusannya"
    if running:
        refused |= _last_ones(current, differing, refused)
    made = [(agency, code, kind) for (agency, code), kind in differing.items() if (agency, code) not in refused]
    places = {code: place for place, code in enumerate(order)}
    made.sort(key=lambda change: (change[0], places[change[1]]))
    joining = {agency for agency, _, kind in made if kind is not None and agency not in statuses} if running else ()
    return Plan(
        changes=tuple(made),
        before={change[:2]: current[change[:2]] for change in made if change[:2] in current},
        refused=_problems(refused, agencies, order),
        refused_count=len(refused),
        new_assessments=len(joining),
    )


def set_assignments(
    *,
    period_id: int,
    user: User,
    changes: Iterable[Change],
    reason: str = "",
    expected: Mapping[Cell, str | None] | None = None,
    version: int | None = None,
) -> Plan:
    """Make all these changes or none; cells that are so already stay. One event tells before and after.

    `expected` is what the person saw in each cell: `Stale` (with the cells as they are now) where somebody changed
    one meanwhile. `version` is that of the period whose whole table they saw: `Stale` (with the period) where it is
    another now and anything would change. Raises `PermissionDenied`, `WrongState`, `Invalid`, and `NotReady` with what
    is refused and why.
    """
    require(permissions.can_assign(rights_of(user)))
    wanted = _wanted(changes)
    with transaction.atomic():
        # Assessments first, then the period: the order in which every writer locks.
        held = {
            assessment.agency_id: assessment
            for assessment in Assessment.objects.select_for_update(of=("self",))
            .select_related("period__instrument", "agency")
            .filter(period_id=period_id, agency__in={agency for agency, _ in wanted})
            .order_by("pk")
        }
        period = Period.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=period_id)
        if period.status not in CHANGEABLE:
            raise WrongState(
                f"Periode ini berstatus {period.get_status_display()}, jadi penugasannya tidak dapat diubah."
            )
        current = _current(period)
        if expected is not None:
            differs = {
                cell: current.get(cell)
                for cell, seen in expected.items()
                if cell in wanted and current.get(cell) not in (seen, wanted[cell])
            }
            if differs:
                raise Stale(AT_THE_SAME_TIME, differs)
        plan = plan_assignments(period, [(*cell, kind) for cell, kind in wanted.items()])
        if plan.refused:
            raise NotReady("Ada penugasan yang tidak dapat diubah, jadi belum ada yang disimpan.", list(plan.refused))
        if not plan.changes:
            return plan
        if version is not None and version != period.version:
            raise Stale(AT_THE_SAME_TIME, period)
        text = clean_text(reason, REASON_MAX).strip()
        indicators = dict(period.instrument.indicators.order_by("order").values_list("code", "pk"))
        _store(period, plan, indicators)
        if period.status == Period.Status.OPEN:
            _follow(period, plan, held, indicators, user, text)
        period.version += 1
        period.save(update_fields=["version"])
        after = _current(period)
        touched = {agency for agency, _, _ in plan.changes}
        slugs = dict(Agency.objects.filter(pk__in=touched).values_list("pk", "slug"))
        record(
            "period.assign",
            period,
            actor=user,
            before=_summary(current, slugs, list(indicators)),
            after=_summary(after, slugs, list(indicators)),
            reason=text,
        )
        return plan


def _wanted(changes: Iterable[Change]) -> dict[Cell, str | None]:
    wanted: dict[Cell, str | None] = {}
    for agency, code, kind in changes:
        if kind is not None and kind not in Assignment.Kind.values:
            raise Invalid({"changes": "Peran tidak dikenal. Pilih PIC, pendukung, atau kosong."})
        wanted[agency, code] = kind
    return wanted


def _current(period: Period) -> dict[Cell, str]:
    rows = Assignment.objects.filter(period=period).order_by()
    return {(agency, code): kind for agency, code, kind in rows.values_list("agency", "indicator__code", "kind")}


def _touched(period: Period) -> set[Cell]:
    """The cells in which somebody wrote, filed or decided anything."""
    written = Q(self_level__isnull=False) | Q(not_applicable=True)
    written |= ~Q(fact="") | ~Q(analysis="") | ~Q(not_applicable_reason="")
    written |= Q(evidence__isnull=False) | Q(reviews__isnull=False)
    rows = Answer.objects.filter(written, assessment__period=period).order_by()
    return set(rows.values_list("assessment__agency", "indicator__code").distinct())


def _exists(agency: Agency, today: date) -> bool:
    return agency.valid_from <= today and (agency.valid_until is None or agency.valid_until >= today)


def _last_ones(
    current: Mapping[Cell, str], differing: Mapping[Cell, str | None], refused: Mapping[Cell, str]
) -> dict[Cell, str]:
    """Removals that would leave an agency without any indicator."""
    left: dict[int, int] = {}
    for agency, _ in current:
        left[agency] = left.get(agency, 0) + 1
    for cell, kind in differing.items():
        if cell not in refused and (kind is None or cell not in current):
            left[cell[0]] = left.get(cell[0], 0) + (-1 if kind is None else 1)
    why = "tidak dapat dihapus karena OPD ini tidak akan punya indikator lagi; batalkan saja penilaiannya"
    return {cell: why for cell, kind in differing.items() if kind is None and not left[cell[0]]}


def _problems(
    refused: Mapping[Cell, str], agencies: Mapping[int, Agency], order: Sequence[str]
) -> tuple[Problem, ...]:
    """One line an agency and reason."""
    grouped: dict[tuple[int, str], list[str]] = {}
    for (agency, code), why in refused.items():
        grouped.setdefault((agency, why), []).append(code)
    return tuple(
        Problem("assignment", codes[0] if len(codes) == 1 else "", _line(agencies[agency], codes, why, order))
        for (agency, why), codes in sorted(grouped.items(), key=lambda item: (agencies[item[0][0]].name, item[0][1]))
    )


def _line(agency: Agency, codes: Sequence[str], why: str, order: Sequence[str]) -> str:
    return f"{agency.name}: indikator {spans(codes, order)} {why}."


def _summary(cells: Mapping[Cell, str], slugs: Mapping[int, str], order: Sequence[str]) -> dict[str, dict[str, str]]:
    """For the event: everything each changed agency is assigned, by kind."""
    found: dict[int, dict[str, list[str]]] = {agency: {} for agency in slugs}
    for (agency, code), kind in cells.items():
        if agency in found:
            found[agency].setdefault(kind, []).append(code)
    return {
        slugs[agency]: {kind: spans(codes, order) for kind, codes in sorted(kinds.items())}
        for agency, kinds in sorted(found.items(), key=lambda item: slugs[item[0]])
    }


def _store(period: Period, plan: Plan, indicators: Mapping[str, int]) -> None:
    rows: dict[Cell, int] = {}
    for pk, agency, code in Assignment.objects.filter(period=period).values_list("pk", "agency", "indicator__code"):
        rows[agency, code] = pk
    leaving = [rows[change[:2]] for change in plan.changes if change[2] is None]
    for part in _parts(leaving):
        Assignment.objects.filter(pk__in=part).delete()
    for wanted in Assignment.Kind.values:
        turned = [rows[change[:2]] for change in plan.changes if change[2] == wanted and change[:2] in rows]
        for part in _parts(turned):
            Assignment.objects.filter(pk__in=part).update(kind=wanted)
    Assignment.objects.bulk_create(
        [
            Assignment(period=period, agency_id=agency, indicator_id=indicators[code], kind=kind)
            for agency, code, kind in plan.changes
            if kind is not None and (agency, code) not in rows
        ],
        batch_size=AT_ONCE,
    )


def _parts(rows: Sequence[int]) -> Iterable[Sequence[int]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


def _follow(
    period: Period,
    plan: Plan,
    held: Mapping[int, Assessment],
    indicators: Mapping[str, int],
    user: User,
    reason: str,
) -> None:
    """The answers of a running period follow its assignments."""
    gained: dict[int, list[str]] = {}
    lost: dict[int, list[str]] = {}
    for agency, code, kind in plan.changes:
        if kind is None:
            lost.setdefault(agency, []).append(code)
        elif (agency, code) not in plan.before:
            gained.setdefault(agency, []).append(code)
    present = set(
        Assessment.objects.filter(period=period, agency__in={*gained, *lost}).values_list("agency", flat=True)
    )
    if present - set(held):
        raise Stale(AT_THE_SAME_TIME, {})  # made since the locks were taken
    if new := set(gained) - present:
        create_assessments(period, Agency.objects.filter(pk__in=new))
    Answer.objects.bulk_create(
        [
            Answer(assessment=held[agency], indicator_id=indicators[code])
            for agency, codes in gained.items()
            if agency in held
            for code in codes
        ],
        batch_size=AT_ONCE,
    )
    order, now, events = list(indicators), timezone.now(), []
    for agency in set(lost) & set(held):
        gone = [indicators[code] for code in lost[agency]]
        Answer.objects.filter(assessment=held[agency], indicator__in=gone).delete()
    for agency in sorted((set(gained) | set(lost)) & set(held)):
        acting = Acting(held[agency], user, rights_of(user), now)
        refresh_totals(acting)
        events.append(
            prepare(
                "assessment.assign",
                acting.assessment,
                actor=user,
                stream=f"assessment:{acting.assessment.pk}",
                after={
                    act: spans(codes[agency], order)
                    for act, codes in (("added", gained), ("removed", lost))
                    if agency in codes
                },
                reason=reason,
                at=now,
            )
        )
    record_all(events)
