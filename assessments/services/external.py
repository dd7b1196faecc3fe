"""Bringing the ministry's result in: what each row of a file would do, and doing exactly that."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import NotificationKind, Role, User
from accounts.services.notifications import notify
from assessments import external_table
from assessments.announcements import in_role
from assessments.errors import Invalid, WrongState
from assessments.models import ExternalLevel, Period, SheetDraft
from assessments.queries.external import Comparison, comparison
from assessments.services.answers import clean_level
from assessments.services.determination import locked_period
from assessments.specs import spec_of
from audit.services import prepare, record_all
from indicators.models import Aspect, Domain, Indicator, Instrument
from indicators.scoring import Score, round_display, score
from spbe_portal import lists
from spbe_portal.formatting import level_id
from spbe_portal.lists import CHANGED, NEW, SAME, WRONG
from spbe_portal.sheets import Table, Unreadable, write_xlsx

HEADINGS = ("No", "Indikator", "Nilai")
VALUE = "Nilai kementerian"
Level = int | Decimal


@dataclass(frozen=True)
class Brought:
    """Every row of a file, the index it states (as written) and how many rows of domains and aspects it has."""

    plan: lists.Plan[lists.Row]
    stated: str
    skipped: int


def read(table: Table, period: Period) -> Brought:
    """What each row would do. Four queries, whatever the file. Raises `Unreadable`."""
    groups = [*Domain.objects.values_list("name", flat=True), *Aspect.objects.values_list("name", flat=True)]
    try:
        found = external_table.read(table, period.year, groups)
    except external_table.NoTable as problem:
        raise Unreadable(str(problem)) from None
    if not found.lines:
        raise Unreadable("Di bawah judul kolom belum ada satu baris indikator pun.")
    indicators = {each.code: each for each in Indicator.objects.filter(instrument=period.instrument_id)}
    stored = _stored(period)
    names = {code: (each.name, each.short_name) for code, each in indicators.items()}
    rows, seen = [], dict[str, int]()
    for line in found.lines:
        row, code = _row(line, period, indicators, names, stored)
        if code and seen.setdefault(code, row.line) != row.line:
            row.outcome, row.changes = WRONG, []
            row.problems.append(f"Indikator {code} sudah ada pada baris {seen[code]}.")
        rows.append(row)
    return Brought(lists.Plan(rows, list(found.ignored)), found.stated, found.skipped)


def _stored(period: Period) -> dict[str, Level]:
    return dict(ExternalLevel.objects.filter(period=period).order_by().values_list("indicator__code", "level"))


def _row(
    line: external_table.Line,
    period: Period,
    indicators: Mapping[str, Indicator],
    names: Mapping[str, tuple[str, str]],
    stored: Mapping[str, Level],
) -> tuple[lists.Row, str]:
    """The row and the indicator it is about; "" where that is not known."""
    code = line.number
    row = lists.Row(line.line, SAME, name=f"{code}. {line.name}" if code else line.name)
    if not code:
        best, much = external_table.best_by_name(line.name, names) if line.name else ("", Fraction(0))
        if much < Fraction(3, 4):
            row.outcome = WRONG
            row.problems.append("Nomor indikatornya tidak ada, dan namanya tidak dikenal.")
            return row, ""
        code = best
    if code not in indicators:
        row.outcome = WRONG
        row.problems.append(f"Indikator {code} tidak ada dalam instrumen periode ini.")
        return row, ""
    row.name = f"{code}. {indicators[code].short_name}"
    other = external_table.fits(line.name, code, names)
    if other:
        row.outcome, row.about = WRONG, line.name
        whose = f"; itu nama indikator {other}" if other != "?" else ""
        row.problems.append(f"Nama “{line.name}” bukan nama indikator {code}{whose}.")
        return row, code
    if line.value in ("", "-", "–"):
        return row, code  # left open: what is stored stays
    number = external_table.decimal_of(line.value)
    try:
        level = clean_level(line.value if number is None else number, period.instrument)
    except Invalid as refusal:
        row.outcome = WRONG
        row.problems.append(f"Nilai “{line.value}” di luar skala: {refusal.errors['level']}")
        return row, code
    before = stored.get(code)
    row.facts = {"code": code, "level": str(level), "before": None if before is None else str(before)}
    if before == level:
        return row, code
    row.outcome = NEW if before is None else CHANGED
    row.changes = [[VALUE, None if before is None else level_id(before), level_id(level)]]
    return row, code


def clean_stated(typed: str, instrument: Instrument) -> str:
    """The index the ministry states, as text; "" where it is not said. Raises `Invalid` (key "stated")."""
    if not typed.strip():
        return ""
    low, high = instrument.scale_min, instrument.scale_max
    index = external_table.decimal_of(typed)
    if index is None or not Decimal(low) <= index <= Decimal(high):
        said = f"Isi dengan indeks {level_id(low)} sampai {level_id(high)}, misalnya 2,85."
        raise Invalid({"stated": said})
    return str(index)


# --- Kept until it is confirmed ----------------------------------------------------------------------


def keep(*, brought: Brought, stated: str, file_name: str, period: Period, user: User) -> SheetDraft:
    """Keep what was shown; this person's earlier one for the same period goes. `stated` typed wins over the file's."""
    kind = SheetDraft.Subject.EXTERNAL
    with transaction.atomic():
        SheetDraft.objects.filter(user=user, period=period, subject=kind).delete()
        return SheetDraft.objects.create(
            user=user,
            subject=kind,
            period=period,
            file_name=file_name[:200],
            rows={
                "rows": [asdict(row) for row in brought.plan.rows],
                "stated": stated or brought.stated,
                "skipped": brought.skipped,
            },
            ignored=brought.plan.ignored,
        )


def draft_of(period: Period, pk: int) -> SheetDraft | None:
    """One that can still be confirmed, whoever brought it in."""
    found = SheetDraft.objects.kept().filter(subject=SheetDraft.Subject.EXTERNAL, period=period, pk=pk)
    return found.first()


def kept(draft: SheetDraft) -> Brought:
    rows = [lists.Row(**row) for row in draft.rows["rows"]]
    return Brought(lists.Plan(rows, list(draft.ignored)), draft.rows["stated"], draft.rows["skipped"])


@dataclass(frozen=True)
class Reckoned:
    """The index of the levels once they are written, beside the one that was stated."""

    score: Score
    stated: Decimal | None

    @property
    def is_complete(self) -> bool:
        return self.score.answered == self.score.assigned

    @property
    def agrees(self) -> bool | None:
        """None where there is nothing to compare: no index stated, or levels missing."""
        if self.stated is None or not self.is_complete or self.score.index is None:
            return None
        exponent = self.stated.as_tuple().exponent
        digits = -exponent if isinstance(exponent, int) else 0
        return round_display(self.score.index, max(digits, 0)) == self.stated


def reckon(brought: Brought, period: Period) -> Reckoned:
    """One query, four more where the instrument was not read yet."""
    levels = _stored(period)
    for row in brought.plan.rows:
        if row.outcome != WRONG and row.facts:
            levels[row.facts["code"]] = Decimal(row.facts["level"])
    return Reckoned(score(spec_of(period.instrument), levels), external_table.decimal_of(brought.stated))


@dataclass(frozen=True)
class Applied:
    new: int
    changed: int
    one_sided: tuple[str, ...]


def apply(*, draft: SheetDraft, user: User) -> Applied:
    """Write the new and changed levels the draft shows; all or nothing, each an event. The draft goes.

    Verifiers and coordinators are told where the levels then lie on one side of the government's. Raises
    `PermissionDenied`, and `WrongState` where it was applied already or a level moved since.
    """
    with transaction.atomic():
        period = locked_period(draft.period_id or 0, user)
        held = SheetDraft.objects.select_for_update().filter(pk=draft.pk, user=user).first()
        if held is None:
            raise WrongState("Daftar ini sudah disimpan, atau digantikan unggahan lain.")
        brought = kept(held)
        wanted = [row for row in brought.plan.rows if row.outcome in (NEW, CHANGED)]
        rows = {
            row.indicator.code: row
            for row in ExternalLevel.objects.select_for_update().filter(period=period).select_related("indicator")
        }
        for row in wanted:
            current = rows.get(row.facts["code"])
            if (None if current is None else str(current.level)) != row.facts["before"]:
                raise WrongState(
                    f"Nilai eksternal indikator {row.facts['code']} diubah orang lain setelah berkas ini diperiksa. "
                    "Belum ada yang disimpan. Unggah kembali berkasnya untuk melihat bedanya."
                )
        _write(period, user, wanted, rows, held.file_name, reckon(brought, period))
        held.delete()
        found = comparison(period)
        _tell(found, user)
        return Applied(brought.plan.count(NEW), brought.plan.count(CHANGED), found.said)


def _write(
    period: Period,
    user: User,
    wanted: list[lists.Row],
    rows: dict[str, ExternalLevel],
    file_name: str,
    reckoned: Reckoned,
) -> None:
    indicators = {each.code: each for each in Indicator.objects.filter(instrument=period.instrument_id)}
    now = timezone.now()
    made: list[ExternalLevel] = []
    changed: list[ExternalLevel] = []
    facts = []
    for row in wanted:
        code, level = row.facts["code"], clean_level(row.facts["level"], period.instrument)
        assert level is not None
        entered = rows.get(code) or ExternalLevel(period=period, indicator=indicators[code])
        (changed if entered.pk else made).append(entered)
        entered.level, entered.entered_by, entered.entered_at = level, user, now
        facts.append((entered, code, row.facts["before"], level))
    ExternalLevel.objects.bulk_create(made)
    ExternalLevel.objects.bulk_update(changed, ["level", "entered_by", "entered_at"])
    stream = f"period:{period.pk}"
    events = [
        prepare(
            "external_level.set",
            entered,
            actor=user,
            stream=stream,
            before={} if before is None else {"level": Decimal(before)},
            after={"indicator": code, "level": level},
        )
        for entered, code, before, level in facts
    ]
    after: dict[str, Any] = {"file": file_name, "levels": len(wanted), "index": str(reckoned.score.index)}
    if reckoned.stated is not None:
        after["stated"] = str(reckoned.stated)
    events.append(prepare("external_level.import", period, actor=user, stream=stream, after=after))
    record_all(events)


def _tell(found: Comparison, actor: User) -> None:
    """Say to verifiers and coordinators that the levels lie on one side; the same picture once."""
    if not found.said:
        return
    people = {person.pk: person for role in (Role.VERIFIER, Role.COORDINATOR) for person in in_role(role)}
    people.pop(actor.pk, None)
    picture = "-".join(f"{each.kind[0]}{each.code}{each.side[0]}{each.tally.lower}" for each in found.findings)
    notify(
        people.values(),
        kind=NotificationKind.PERIOD,
        title=f"Hasil kementerian {found.period.name} berat sebelah terhadap nilai Pemda",
        key=f"external.one_sided:{found.period.pk}:{picture}"[:200],
        text=" ".join(found.said[:3]),
        path=reverse("external_comparison", args=[found.period.pk]),
    )


# --- The template ------------------------------------------------------------------------------------


def template(period: Period) -> bytes:
    """The indicators of the period's instrument, with their values open."""
    rows = [
        [each.code, each.name, ""]
        for each in Indicator.objects.filter(instrument=period.instrument_id).order_by("order")
    ]
    return write_xlsx(HEADINGS, rows, title="Hasil kementerian")
