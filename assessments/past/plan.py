"""What a list of past levels would become: year by year, agency by agency, line by line. Writes nothing."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from django.utils import timezone

from accounts.models import Agency
from assessments import external_table
from assessments.models import Period
from assessments.past.sheet import LEFT_OUT, Entry, Sheet, code_of, level_of, year_of
from assessments.specs import spec_of
from indicators.models import Indicator, Instrument
from indicators.scoring import InstrumentSpec, LevelOutOfRange, Score, checked_level, score
from spbe_portal import lists
from spbe_portal.lists import NEW, SAME, WRONG, squeezed

OLD_CODE, OLD_UNTIL = "permenpanrb-5-2018", 2020
SPBE_UNTIL = 2025
FIRST_YEAR = 2018


def period_name(year: int) -> str:
    """Says on every screen and in every report what the period is."""
    return f"Riwayat impor {year}, tanpa bukti"


@dataclass
class Group:
    """The levels of one agency, or of the government (`agency_id` None), in one year, as text by indicator code.

    `assigned` are the codes that count: all for the government, for an agency those the list does not leave out.
    """

    year: int
    agency_id: int | None
    name: str
    assigned: list[str] = field(default_factory=list)
    own: dict[str, str] = field(default_factory=dict)
    result: dict[str, str] = field(default_factory=dict)
    own_score: Score | None = None  # None: the list says nothing of it
    score: Score | None = None

    @property
    def is_government(self) -> bool:
        return self.agency_id is None

    @property
    def answered(self) -> int:
        return len(self.own.keys() | self.result.keys())

    @property
    def missing(self) -> int:
        return len(self.assigned) - self.answered


@dataclass
class Year:
    """One year of the list. `conflict` says why it is not brought in although its lines are sound."""

    year: int
    instrument: Instrument | None
    groups: list[Group]
    conflict: str = ""
    wrong: int = 0  # lines that cannot be taken

    @property
    def is_ready(self) -> bool:
        return bool(self.groups) and self.instrument is not None and not self.conflict and not self.wrong

    @property
    def government(self) -> Group | None:
        return next((group for group in self.groups if group.is_government), None)

    @property
    def agencies(self) -> list[Group]:
        return [group for group in self.groups if not group.is_government]


@dataclass
class Plan:
    years: list[Year]
    rows: list[lists.Row]
    ignored: list[str]

    @property
    def ready(self) -> list[Year]:
        return [year for year in self.years if year.is_ready]

    @property
    def wrong(self) -> list[lists.Row]:
        return [row for row in self.rows if row.outcome == WRONG]

    @property
    def assessments(self) -> int:
        """What would be written: agencies' and governments' years."""
        return sum(len(year.groups) for year in self.ready)

    @property
    def token(self) -> str:
        """One text for what would be written: another where anything of it is another."""
        said = [
            [
                year.year,
                year.instrument.code if year.instrument else "",
                group.agency_id,
                group.assigned,
                sorted(group.own.items()),
                sorted(group.result.items()),
            ]
            for year in self.ready
            for group in year.groups
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def plan(
    found: Sheet,
    chosen: Mapping[int, str] | None = None,
    *,
    instrument: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """What the entries become. `chosen` has an instrument's code by year; `instrument` is that of all other years.

    A fixed number of queries, and five for each instrument.
    """
    book = _Book(chosen or {}, instrument, found.entries)
    rows: dict[int, lists.Row] = {}
    groups: dict[tuple[int, int | None], Group] = {}
    seen: dict[tuple[int, int | None, str], int] = {}
    wrong: Counter[int] = Counter()
    values: Counter[int] = Counter()
    years_of: defaultdict[int, set[str]] = defaultdict(set)
    for entry in found.entries:
        years_of[entry.line].add(entry.year)
    total = len(found.entries)
    for done, entry in enumerate(found.entries, 1):
        row = rows.get(entry.line)
        if row is None:
            row = rows[entry.line] = lists.Row(entry.line, NEW)
        year = year_of(entry.year)
        before, said = len(row.problems), len(row.changes)
        if year is not None:
            _take(book, entry, year, row, groups, seen)
        else:
            _say(row, f"Tahun “{entry.year}” tidak dapat dibaca." if entry.year else "Tahun kosong.")
        if len(row.problems) > before and year is not None:
            wrong[year] += 1
        values[entry.line] += 1
        if len(years_of[entry.line]) > 1:  # a line an indicator: the year tells its values apart
            row.name = row.name.removeprefix(f"{year} · ")
            row.changes[said:] = [[entry.year, *change[1:]] for change in row.changes[said:]]
        if progress and (done % 5000 == 0 or done == total):
            progress(done, total)
    for line, row in rows.items():
        if row.problems:
            row.outcome = WRONG
        elif values[line] > 1 and len(years_of[line]) == 1:
            row.about, row.changes = f"{values[line]} nilai", []
    years = _years(book, groups, wrong)
    return Plan(years, [rows[line] for line in sorted(rows)], found.ignored)


class _Book:
    """What entries are compared with."""

    def __init__(self, chosen: Mapping[int, str], instrument: str, entries: Iterable[Entry]):
        today = timezone.localdate()
        self.today = today
        self.named: dict[str, Agency] = {}
        for agency in sorted(Agency.objects.all(), key=lambda one: _has_ended(one, today)):
            for word in (agency.slug, agency.short_name, agency.name):
                self.named.setdefault(squeezed(word), agency)
        self.instruments = {one.code: one for one in Instrument.objects.filter(is_draft=False)}
        self.default = next((one.code for one in self.instruments.values() if one.is_default), "")
        self.taken = {
            period.year: period
            for period in Period.objects.exclude(status=Period.Status.CANCELLED).only("year", "name", "is_imported")
        }
        self.chosen, self.instrument = dict(chosen), instrument
        self.said: dict[int, set[str]] = defaultdict(set)
        for entry in entries:
            if entry.instrument and (year := year_of(entry.year)):
                self.said[year].add(entry.instrument)
        self._specs: dict[str, InstrumentSpec] = {}
        self._names: dict[str, dict[str, tuple[str, str]]] = {}
        self._said_as: dict[tuple[str, str, str], str] = {}
        self._codes: dict[str, set[str]] = {}
        self._of: dict[int, Instrument | None] = {}

    def instrument_of(self, year: int) -> Instrument | None:
        """What was chosen for the year, else what the list says, else what cities used then; None: to be asked."""
        if year not in self._of:
            said = self.said.get(year, set())
            code = self.chosen.get(year) or (next(iter(said)) if len(said) == 1 else "") or self.instrument
            self._of[year] = self.instruments.get(code or self._usual(year))
        return self._of[year]

    def _usual(self, year: int) -> str:
        if year <= OLD_UNTIL:
            return OLD_CODE
        return self.default if year <= SPBE_UNTIL else ""

    def spec(self, instrument: Instrument) -> InstrumentSpec:
        if instrument.code not in self._specs:
            self._specs[instrument.code] = spec_of(instrument)
        return self._specs[instrument.code]

    def code_by_name(self, instrument: Instrument, name: str) -> str:
        """The indicator of this name where it has no number; "" where none is clearly meant."""
        code, much = external_table.best_by_name(name, self._names_of(instrument))
        return code if much >= Fraction(3, 4) else ""

    def named_instead(self, instrument: Instrument, code: str, name: str) -> str:
        """Whose name `name` is where that is another indicator than `code`; "" where it may be its own."""
        key = (instrument.code, code, name)
        if key not in self._said_as:
            other = external_table.fits(name, code, self._names_of(instrument))
            self._said_as[key] = "" if other == "?" else other  # a name of the city's own making
        return self._said_as[key]

    def groups_of(self, instrument: Instrument) -> set[str]:
        """What its domains and aspects are called: lists have lines of them in between."""
        spec = self.spec(instrument)
        return {squeezed(group.name) for group in (*spec.domains, *spec.aspects)}

    def _names_of(self, instrument: Instrument) -> dict[str, tuple[str, str]]:
        if instrument.code not in self._names:
            rows = Indicator.objects.filter(instrument=instrument).values_list("code", "name", "short_name")
            self._names[instrument.code] = {code: (name, short) for code, name, short in rows}
        return self._names[instrument.code]

    def codes(self, instrument: Instrument) -> set[str]:
        if instrument.code not in self._codes:
            self._codes[instrument.code] = {one.code for one in self.spec(instrument).indicators}
        return self._codes[instrument.code]


def _take(
    book: _Book,
    entry: Entry,
    year: int,
    row: lists.Row,
    groups: dict[tuple[int, int | None], Group],
    seen: dict[tuple[int, int | None, str], int],
) -> None:
    """Put one entry into its group, or say why not."""
    agency = book.named.get(squeezed(entry.agency)) if entry.agency else None
    is_government = not entry.agency or squeezed(entry.agency) in ("pemda", "pemerintahdaerah")
    name = "Pemerintah daerah" if is_government else agency.short_name if agency else entry.agency
    row.name = f"{year} · {name}" if not row.name else row.name
    if not is_government and agency is None:
        return _say(row, f"OPD “{entry.agency}” tidak dikenal. Tambahkan dahulu OPD itu.")
    if not FIRST_YEAR <= year <= book.today.year:
        return _say(row, f"Tahun {year} bukan tahun riwayat ({FIRST_YEAR} sampai {book.today.year}).")
    if len(book.said.get(year, ())) > 1:
        return _say(row, f"Tahun {year} memakai lebih dari satu instrumen dalam berkas ini.")
    instrument = book.instrument_of(year)
    key = (year, None if is_government else agency.pk if agency else None)
    group = groups.get(key)
    if group is None:
        group = groups[key] = Group(year, key[1], name)
    if instrument is None:
        return None  # asked for on the page
    code = code_of(entry.indicator) or (entry.name and book.code_by_name(instrument, entry.name))
    if not code and squeezed(entry.name) in book.groups_of(instrument):
        row.outcome, row.about = SAME, "Domain atau aspek, dilewati"
        return None
    if not code:
        said = f"“{entry.name}” bukan nama indikator" if entry.name else "Nomor indikator kosong; tidak ada"
        return _say(row, f"{said} pada {instrument.short_name}.")
    row.about = row.about or f"Indikator {code}"
    if code not in book.codes(instrument):
        return _say(row, f"Indikator “{entry.indicator}” tidak ada pada {instrument.short_name}.")
    if other := entry.name and book.named_instead(instrument, code, entry.name):
        return _say(row, f"Nama “{entry.name}” adalah nama indikator {other}, bukan {code}.")
    earlier = seen.setdefault((*key, code), entry.line)
    if earlier != entry.line or code in group.assigned:
        return _say(row, f"Indikator {code} sudah ada pada baris {earlier}.")
    if any(text is not None and text.strip().lower() in LEFT_OUT for text in (entry.own, entry.result)):
        if is_government:
            return _say(row, f"Indikator {code}: nilai Pemda tidak dapat dikeluarkan dari hitungan.")
        return None
    group.assigned.append(code)
    _value(book.spec(instrument), code, entry.own, group.own, row, "Nilai mandiri")
    _value(book.spec(instrument), code, entry.result, group.result, row, "Nilai hasil")
    return None


def _value(
    spec: InstrumentSpec, code: str, text: str | None, into: dict[str, str], row: lists.Row, heading: str
) -> None:
    if text is None:
        return
    level = level_of(text)
    if level == "":
        return
    try:
        if level is None:
            raise LevelOutOfRange(code, text, spec)
        checked_level(spec, code, level)
    except LevelOutOfRange as wrong:
        _say(row, str(wrong))
        return
    into[code] = level
    row.changes.append([heading, None, level.replace(".", ",")])


def _years(book: _Book, groups: dict[tuple[int, int | None], Group], wrong: Counter[int]) -> list[Year]:
    by_year: defaultdict[int, list[Group]] = defaultdict(list)
    for group in groups.values():
        by_year[group.year].append(group)
    years = []
    for number in sorted({*by_year, *wrong}):
        instrument = book.instrument_of(number)
        made = Year(number, instrument, [], wrong=wrong[number])
        if number in book.taken:
            made.conflict = f"Tahun {number} sudah ada: periode “{book.taken[number].name}”. Tidak diimpor lagi."
            if book.taken[number].is_imported:
                made.conflict += " Untuk menggantinya, hapus dahulu riwayat itu dari halaman periodenya."
        elif instrument is None:
            made.conflict = "Pilih instrumen yang dipakai tahun itu."
        if instrument is not None:
            spec = book.spec(instrument)
            order = {indicator.code: at for at, indicator in enumerate(spec.indicators)}
            for group in by_year[number]:
                _finish(group, spec, order)
                if group.assigned:
                    made.groups.append(group)
            made.groups.sort(key=lambda group: (not group.is_government, group.name.lower(), group.agency_id or 0))
            if not made.groups and not made.conflict and not made.wrong:
                made.conflict = "Tidak ada satu nilai pun untuk tahun ini."
        years.append(made)
    return years


def _finish(group: Group, spec: InstrumentSpec, order: Mapping[str, int]) -> None:
    if not group.answered:
        group.assigned = []  # nothing but empty cells
        return
    if group.is_government:
        group.result, group.own = group.result or group.own, {}
        group.assigned = list(order)
    group.assigned.sort(key=order.__getitem__)
    group.own_score = scored(spec, group.assigned, group.own) if group.own else None
    group.score = scored(spec, group.assigned, group.result) if group.result else None


def scored(spec: InstrumentSpec, assigned: Iterable[str], levels: Mapping[str, str]) -> Score:
    """What is not assigned is left out, what has no level is missing: the instrument's rule."""
    taken: dict[str, str | None] = {indicator.code: None for indicator in spec.indicators}
    for code in assigned:
        if code in levels:
            taken[code] = levels[code]
        else:
            del taken[code]
    return score(spec, taken)


def _say(row: lists.Row, problem: str) -> None:
    if problem not in row.problems:
        row.problems.append(problem)


def _has_ended(agency: Agency, today: date) -> bool:
    return agency.valid_until is not None and agency.valid_until < today
