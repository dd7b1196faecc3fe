"""A kertas kerja that comes back: what each row would change, and doing exactly that.

What a file says is kept as a `SheetDraft` and compared anew with the portal each time it is shown, so a deadline that
has passed or an answer that moved costs nobody what was typed. Applying writes what was shown, over the versions
that were shown, or nothing.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from assessments import permissions
from assessments.errors import Invalid, Refused, Stale, TooLate, WrongState
from assessments.models import Answer, Assessment, DecisionKind, Review, SheetDraft, Status
from assessments.models.imports import SheetDraftQuerySet
from assessments.queries.answers import answers_of
from assessments.queries.working_paper import key_of, whole_lock
from assessments.sentences import kept_around
from assessments.services._base import locked, require, require_editable
from assessments.services.answers import REASON_MAX, TEXT_MAX, clean_level, clean_text, save_answer, settled
from assessments.working_paper import FIELDS, NO, TEXTS, YES, cell_of, normal, print_of
from assessments.working_paper.reading import BROKEN, Brought, Said
from indicators.models import Instrument
from spbe_portal.lists import squeezed
from spbe_portal.sheets import Unreadable

SAME, CHANGED, CONFLICT, WRONG = "same", "changed", "conflict", "wrong"
CONTEXT = 60  # letters shown before and after what changed in a text
MOVED = (
    "Isian di portal berubah setelah halaman ini ditampilkan, jadi belum ada yang disimpan. "
    "Periksa kembali perbedaannya, lalu simpan."
)


@dataclass(frozen=True)
class Change:
    """One field that would change. Of a text also the passage: what stands before it, goes, comes, stands after it."""

    name: str
    before: str
    after: str
    passage: tuple[str, str, str, str] | None = None

    @property
    def label(self) -> str:
        return FIELDS[self.name]


@dataclass
class Row:
    """One row of the file against the portal as it is now. `stored` is None where the indicator is not assigned."""

    line: int
    code: str
    name: str
    outcome: str = SAME
    stored: Answer | None = None
    wanted: dict[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        return self.stored.version if self.stored else 0


@dataclass(frozen=True)
class Plan:
    """`lock`: why nothing can be applied now; empty where it can."""

    rows: list[Row]
    ignored: list[str]
    lock: str

    def of(self, outcome: str) -> list[Row]:
        return [row for row in self.rows if row.outcome == outcome]

    @property
    def changed(self) -> list[Row]:
        return self.of(CHANGED)

    @property
    def conflicts(self) -> list[Row]:
        return self.of(CONFLICT)

    @property
    def wrong(self) -> list[Row]:
        return self.of(WRONG)

    @property
    def same(self) -> list[Row]:
        return self.of(SAME)

    @property
    def is_empty(self) -> bool:
        """Nothing in the file differs from the portal."""
        return len(self.same) == len(self.rows)

    @property
    def seen(self) -> dict[str, int]:
        """The versions that this plan shows, by code."""
        return {row.code: row.version for row in self.rows if row.stored}


@dataclass(frozen=True)
class Applied:
    saved: int
    left: int  # conflicts in which the portal's was kept
    wrong: int


def keep(*, brought: Brought, file_name: str, assessment: Assessment, user: User) -> SheetDraft:
    """Keep what a file says until it is applied; this person's earlier one for the same assessment goes.

    Raises `Unreadable` where the paper belongs to something else.
    """
    _require_own_paper(brought, assessment)
    with transaction.atomic():
        _of(user, assessment).delete()
        return SheetDraft.objects.create(
            user=user,
            subject=SheetDraft.Subject.WORKING_PAPER,
            assessment=assessment,
            file_name=file_name[:200],
            rows=[asdict(row) for row in brought.rows],
            ignored=brought.ignored,
        )


def draft_of(user: User, assessment: Assessment, pk: int | None = None) -> SheetDraft | None:
    """The paper this person brought in for the assessment and has not applied."""
    found = _of(user, assessment).kept()
    return (found if pk is None else found.filter(pk=pk)).order_by("-pk").first()


def _of(user: User, assessment: Assessment) -> SheetDraftQuerySet:
    return SheetDraft.objects.filter(user=user, assessment=assessment, subject=SheetDraft.Subject.WORKING_PAPER)


def plan(draft: SheetDraft, assessment: Assessment, now: datetime) -> Plan:
    """What each row would change now. Two queries, and the instrument's."""
    said = [Said(**row) for row in draft.rows]
    return Plan(_compared(said, assessment), list(draft.ignored), whole_lock(assessment, now))


def apply(*, draft: SheetDraft, user: User, seen: Mapping[str, int], taken: Collection[str] = ()) -> Applied:
    """Write every row that changes something, and of the conflicting ones those in `taken`; all or nothing.

    `seen` are the versions that were shown. Each row is one save of its answer and one event. The draft goes, unless
    this is refused. Raises `PermissionDenied`, `WrongState`, `TooLate`, and `Stale` where the portal moved since.
    """
    with transaction.atomic():
        held = SheetDraft.objects.select_for_update().filter(pk=draft.pk, user=user).first()
        if held is None or held.assessment_id is None:
            raise WrongState("Kertas kerja ini sudah diterapkan, atau digantikan unggahan lain.")
        acting = locked(held.assessment_id, user)
        require(permissions.may_write(acting.rights, acting.assessment))
        require_editable(acting)
        found = plan(held, acting.assessment, acting.now)
        if any(seen.get(row.code) != row.version for row in found.rows if row.stored):
            raise Stale(MOVED, None)
        wanted = [
            row for row in found.rows if row.outcome == CHANGED or (row in found.conflicts and row.code in taken)
        ]
        if not wanted:
            raise WrongState("Belum ada yang dipilih untuk disimpan.")
        for row in wanted:
            _save(row, acting.assessment.pk, user)
        acting.record(
            "working_paper.apply",
            acting.assessment,
            after={"file": held.file_name, "rows": len(wanted), "indicators": [row.code for row in wanted]},
            on_behalf_of=acting.on_behalf_of,
        )
        held.delete()
        left = len(found.conflicts) - sum(row.outcome == CONFLICT for row in wanted)
        return Applied(saved=len(wanted), left=left, wrong=len(found.wrong))


def packed(seen: Mapping[str, int]) -> str:
    """The versions of a plan as the one text that comes back when it is agreed to."""
    return " ".join(f"{code}={version}" for code, version in seen.items())


def unpacked(text: str) -> dict[str, int]:
    """What `packed` made; what is no version is left out."""
    return {code: int(version) for code, version in re.findall(r"([\w-]{1,20})=([0-9]{1,9})(?![0-9])", text[:20_000])}


def _save(row: Row, assessment_id: int, user: User) -> None:
    try:
        save_answer(assessment_id=assessment_id, code=row.code, user=user, version=row.version, changes=row.wanted)
    except (Stale, TooLate, WrongState):
        raise
    except Refused as refused:
        raise WrongState(
            f"Baris {row.line}, indikator {row.code}: {refused.message} Belum ada yang disimpan."
        ) from None


def _require_own_paper(brought: Brought, assessment: Assessment) -> None:
    end = "Unduh kertas kerja penilaian ini, lalu salin isian Anda ke dalamnya."
    key, own = brought.key, key_of(assessment)
    if key is not None:
        for name, what in (
            ("instrument", "instrumen"),
            ("agency", "perangkat daerah"),
            ("period", "periode"),
            ("assessment", "penilaian"),
        ):
            if getattr(key, name) != getattr(own, name):
                raise Unreadable(f"Kertas kerja ini dibuat untuk {what} lain, jadi tidak dapat dipakai di sini. {end}")
    for row in brought.rows:
        if row.assessment is not None and row.assessment != assessment.pk:
            raise Unreadable(f"Baris {row.line} berasal dari kertas kerja penilaian lain. {end}")


# --- Comparing ---------------------------------------------------------------------------------------


def _compared(said: Iterable[Said], assessment: Assessment) -> list[Row]:
    answers = {
        answer.indicator.code: answer for answer in answers_of([assessment]).select_related("indicator", "changed_by")
    }
    named = {squeezed(each.indicator.short_name): code for code, each in answers.items()}
    named |= {squeezed(each.indicator.name): code for code, each in answers.items()}
    returned = set(
        Review.objects.filter(
            answer__assessment=assessment, is_current=True, decision=DecisionKind.RETURN
        ).values_list("answer", flat=True)
        if assessment.status == Status.RETURNED
        else ()
    )
    lines: dict[str, int] = {}
    rows = []
    for each in said:
        row = Row(each.line, each.code or named.get(squeezed(each.name), ""), each.name, problems=list(each.problems))
        row.stored = answers.get(row.code)
        rows.append(row)
        if not row.code:
            row.problems.insert(0, "Nomor indikator kosong atau tidak dikenal.")
        elif row.stored is None:
            row.problems.insert(0, f"Indikator {row.code} tidak ditugaskan dalam penilaian ini.")
        elif (earlier := lines.setdefault(row.code, row.line)) != row.line:
            row.problems.insert(0, f"Indikator {row.code} sudah ada pada baris {earlier} berkas yang sama.")
        if row.stored is not None:
            row.name = row.stored.indicator.short_name
            _compare(row, each, row.stored, assessment.period.instrument)
            if row.changes and assessment.status == Status.RETURNED and row.stored.pk not in returned:
                row.problems.append("Indikator ini tidak dikembalikan, jadi isiannya terkunci.")
        if row.problems:
            row.outcome = WRONG
    return rows


def _compare(row: Row, said: Said, stored: Answer, instrument: Instrument) -> None:
    before = {name: getattr(stored, name) for name in FIELDS}
    for place, name in enumerate(FIELDS):
        cell = said.cells.get(name, "")
        is_touched = not said.prints or print_of(name, _canonical(name, cell)) != said.prints[place]
        if not is_touched or cell.strip() in BROKEN:  # of the latter `reading` has said so
            continue
        if not cell:
            if said.prints and cell_of(name, before[name]):
                row.notes.append(f"{FIELDS[name]} dikosongkan dalam berkas; isian portal dipertahankan.")
            continue
        try:
            value = _value(name, cell, instrument)
        except Invalid as refused:
            row.problems.append(f"{FIELDS[name]}: {refused.message}")
            continue
        if normal(cell_of(name, value)) != normal(cell_of(name, before[name])):
            row.wanted[name] = value
    if row.wanted.get("not_applicable") and row.wanted.get("self_level") is not None:
        row.problems.append("Level dan Tidak relevan tidak dapat diisi bersama. Kosongkan salah satunya.")
    after = settled(before, row.wanted)
    row.changes = [_change(name, before[name], after[name]) for name in FIELDS if before[name] != after[name]]
    if not row.changes:
        row.outcome = SAME
    elif said.version == stored.version:
        row.outcome = CHANGED
    elif said.version is None and not any(change.before for change in row.changes):
        row.outcome = CHANGED  # a plain list that fills in what is empty
    else:
        row.outcome = CONFLICT


def _canonical(name: str, cell: str) -> str:
    """The cell as the paper writes what it means: "3,0" is 3, "YA" is Ya."""
    if name == "self_level":
        number = _number(cell)
        return cell if number is None else cell_of(name, number)
    if name == "not_applicable":
        said = _yes_or_no(cell)
        return cell if said is None else cell_of(name, said)
    return cell


def _value(name: str, cell: str, instrument: Instrument) -> Any:
    """Raises `Invalid`."""
    if name == "self_level":
        number = _number(cell)
        try:
            level = None if number is None else clean_level(number, instrument)
        except Invalid:
            level = None
        if level is None:
            low, high = instrument.scale_min, instrument.scale_max
            kind = "angka" if instrument.is_fractional else "level"
            raise Invalid({name: f"“{_short(cell)}” tidak dikenal. Isi dengan {kind} {low} sampai {high}."})
        return level
    if name == "not_applicable":
        said = _yes_or_no(cell)
        if said is None:
            raise Invalid({name: f"“{_short(cell)}” tidak dikenal. Isi dengan {YES} atau {NO}, atau kosongkan."})
        return said
    return clean_text(normal(cell), REASON_MAX if name == "not_applicable_reason" else TEXT_MAX)


def _number(cell: str) -> Decimal | None:
    """The number in "3", "3.0", "3,25", "Level 3" and "3 (Terdefinisi)"; None where there is none or several."""
    text = cell.strip().lower().removeprefix("level").strip(" :.")
    head, _, name = text.replace("–", "-").partition(" ")
    if name and not name.strip(" -(").replace(")", "").replace(" ", "").replace("-", "").isalpha():
        return None
    digits = head.replace(",", ".").rstrip(".")
    whole, _, part = digits.partition(".")
    if not (
        whole.isascii() and whole.isdigit() and len(whole) < 4 and (not part or (part.isascii() and part.isdigit()))
    ):
        return None
    return Decimal(digits)


def _yes_or_no(cell: str) -> bool | None:
    match squeezed(cell):
        case "ya" | "y" | "yes" | "1" | "true" | "benar" | "tidakrelevan":
            return True
        case "tidak" | "t" | "no" | "0" | "false" | "salah" | "relevan":
            return False
    return None


def _change(name: str, before: Any, after: Any) -> Change:
    was, now = cell_of(name, before), cell_of(name, after)
    if name not in TEXTS:
        return Change(name, was.replace(".", ","), now.replace(".", ","))
    start, end = kept_around(was, now)
    lead, tail = was[:start], was[len(was) - end :] if end else ""
    if len(lead) > CONTEXT:
        lead = f"… {lead[-CONTEXT:].partition(' ')[2]}"
    if len(tail) > CONTEXT:
        tail = f"{tail[:CONTEXT].rpartition(' ')[0]} …"
    passage = (lead, was[start : len(was) - end], now[start : len(now) - end], tail)
    return Change(name, was, now, passage)


def _short(cell: str) -> str:
    text = " ".join(cell.split())
    return text if len(text) <= 40 else f"{text[:40]}…"
