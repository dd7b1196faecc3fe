"""Kertas kerja: out, filled in somewhere else, and back, without ever putting an old answer over a new one."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import rights_of
from assessments import workflow
from assessments.errors import Stale, TooLate, WrongState
from assessments.models import Answer, Assessment, Contributor, Period, SheetDraft
from assessments.queries.working_paper import paper_of
from assessments.services import working_paper as services
from assessments.services.answers import TEXT_MAX, save_answer
from assessments.services.periods import create_period
from assessments.working_paper import FIELDS, cell_of
from assessments.working_paper.reading import read
from assessments.working_paper.writing import write
from audit.models import Event
from conftest import attach, fill, together
from indicators.models import Instrument
from spbe_portal.sheets import Unreadable, write_csv

MADE = datetime(2026, 11, 22, 9, 30, tzinfo=ZoneInfo("UTC"))


def paper(assessment: Assessment, user, at: datetime = MADE) -> bytes:
    assessment.refresh_from_db()
    return write(paper_of(assessment, rights_of(user), at, TEXT_MAX))


def filled_in(content: bytes, cells: dict[tuple[str, str], object]) -> bytes:
    """The paper with these cells (indicator, heading) changed, as an office program saves it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["Isian"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    lines = {str(row[0].value): row[0].row for row in sheet.iter_rows(min_row=2)}
    for (code, heading), value in cells.items():
        sheet.cell(lines[code], columns[heading]).value = value
    return saved(book)


def saved(book) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def bring(assessment: Assessment, user, content: bytes, name: str = "kertas.xlsx") -> SheetDraft:
    brought = read(io.BytesIO(content), name, len(content))
    return services.keep(brought=brought, file_name=name, assessment=assessment, user=user)


def planned(assessment: Assessment, user, content: bytes, name: str = "kertas.xlsx") -> services.Plan:
    assessment.refresh_from_db()
    return services.plan(bring(assessment, user, content, name), assessment, timezone.now())


def outcomes(plan: services.Plan) -> dict[str, str]:
    return {row.code: row.outcome for row in plan.rows if row.outcome != services.SAME}


def applied(assessment: Assessment, user, content: bytes, taken=(), name: str = "kertas.xlsx") -> services.Applied:
    draft = bring(assessment, user, content, name)
    seen = services.plan(draft, assessment, timezone.now()).seen
    return services.apply(draft=draft, user=user, seen=seen, taken=taken)


def answer(assessment: Assessment, code: str) -> Answer:
    return Answer.objects.get(assessment=assessment, indicator__code=code)


def csv(*rows: list, head=("Nomor", "Level", "Fakta", "Analisis")) -> bytes:
    return write_csv(head, rows)


# --- Out ---------------------------------------------------------------------------------------------


def test_the_paper_says_what_it_is_and_holds_a_row_for_every_indicator(assessment, city):
    save(assessment, city.operator, "12", fact="Ada.", self_level=4)
    attach(answer(assessment, "12"), city.operator, "SOP Layanan")
    book = openpyxl.load_workbook(io.BytesIO(paper(assessment, city.operator)))
    assert book.sheetnames == ["Petunjuk", "Isian", "Kriteria", "Kunci"]
    assert book["Kunci"].sheet_state == "veryHidden"
    cover = {row[0]: row[1] for row in book["Petunjuk"].iter_rows(values_only=True)}
    assert (cover["Perangkat daerah"], cover["Periode"]) == ("Dinas Kesehatan", "Penilaian 2026")
    assert cover["Dibuat"] == "22 November 2026 pukul 16.30 WIB, dari isian portal revisi 2"
    sheet = book["Isian"]
    head = [cell.value for cell in sheet[1]]
    rows = [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [row["Nomor"] for row in rows] == [str(number) for number in range(1, 48)]
    twelfth = rows[11]
    assert (twelfth["Level"], twelfth["Fakta"], twelfth["Bukti dukung sejauh ini"]) == (4, "Ada.", "SOP Layanan")
    assert rows[0]["Level"] is None


def save(assessment, user, code, **changes):
    version = answer(assessment, code).version
    return save_answer(assessment_id=assessment.pk, code=code, user=user, version=version, changes=changes)


def test_only_what_can_be_filled_in_is_open_and_levels_are_chosen_from_the_scale(assessment, city):
    book = openpyxl.load_workbook(io.BytesIO(paper(assessment, city.operator)))
    sheet = book["Isian"]
    columns = {cell.value: cell.column_letter for cell in sheet[1]}
    open_columns = {name for name, letter in columns.items() if not sheet[f"{letter}2"].protection.locked}
    assert open_columns == set(FIELDS.values())
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert (sheet.column_dimensions[columns["Versi"]].hidden, sheet.freeze_panes) == (True, "C2")
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules[f"{columns['Level']}2"].formula1 == '"1,2,3,4,5"'
    assert sheet[f"{columns['Kriteria']}3"].hyperlink.location == "'Kriteria'!A7"


def test_who_may_only_read_gets_a_paper_without_open_cells(submitted, city):
    book = openpyxl.load_workbook(io.BytesIO(paper(submitted, city.verifier)))
    assert all(cell.protection.locked for row in book["Isian"].iter_rows() for cell in row)
    cover = {row[0]: row[1] for row in book["Petunjuk"].iter_rows(values_only=True)}
    assert cover["Hanya dibaca"].startswith("Penilaian diajukan pada")


def test_of_a_returned_assessment_only_the_returned_indicators_are_open(returned, city):
    book = openpyxl.load_workbook(io.BytesIO(paper(returned, city.operator)))
    sheet = book["Isian"]
    open_rows = {row[0].value for row in sheet.iter_rows(min_row=2) if not row[3].protection.locked}
    assert open_rows == {"1", "2"}
    assert sheet.cell(2, 10).value == "Belum ditandatangani."


@pytest.fixture
def fractional(city, db) -> Assessment:
    """Dinkes's draft under an instrument with fractional values, without domains and without criteria."""
    call_command("load_instruments")
    made = create_period(
        user=city.coordinator,
        name="Pemdi 2026",
        year=2026,
        instrument=Instrument.objects.get(code="permenpanrb-8-2026"),
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[city.dinkes],
    )
    opened = workflow.open_period(period_id=made.pk, user=city.coordinator)
    return Assessment.objects.get(period=opened, agency=city.dinkes)


def test_fractions_are_typed_within_bounds_and_missing_criteria_are_said(fractional, city):
    content = paper(fractional, city.operator)
    book = openpyxl.load_workbook(io.BytesIO(content))
    rule = book["Isian"].data_validations.dataValidation[0]
    assert (rule.type, float(rule.formula1), float(rule.formula2)) == ("decimal", 1, 5)
    assert book["Kriteria"]["E2"].value == "Kriteria belum tersedia."
    first = fractional.answers.first().indicator.code
    applied(fractional, city.operator, filled_in(content, {(first, "Level"): 3.25}))
    assert answer(fractional, first).self_level == Decimal("3.25")
    assert planned(fractional, city.operator, paper(fractional, city.operator)).is_empty
    plan = planned(fractional, city.operator, filled_in(content, {(first, "Level"): 5.5}))
    assert plan.wrong[0].problems == ["Level: “5.5” tidak dikenal. Isi dengan angka 1 sampai 5."]


# --- Round trip --------------------------------------------------------------------------------------


HOSTILE = ["=cmd|'/c calc'!A1", "+1+1", "-2", "@SUM(A1)", "\tmasuk", "'petik", "_x0041_ dan _x005F_", "baris\nkedua  "]


def test_a_paper_brought_back_untouched_changes_nothing(assessment, city):
    fill(assessment, city.operator)
    for code, text in zip(map(str, range(1, 9)), HOSTILE, strict=True):
        save(assessment, city.operator, code, fact=text, analysis=f"{text} \ud7ff")
    save(assessment, city.operator, "9", not_applicable=True, not_applicable_reason="Tidak ada layanannya.")
    content = paper(assessment, city.operator)
    assert planned(assessment, city.operator, content).is_empty
    office = saved(openpyxl.load_workbook(io.BytesIO(content)))
    assert planned(assessment, city.operator, office).is_empty
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_out_in_and_out_again_gives_the_same_values_and_the_same_bytes(assessment, city):
    fill(assessment, city.operator)
    first = paper(assessment, city.operator)
    assert paper(assessment, city.operator) == first
    changed = filled_in(first, {("1", "Level"): 5, ("2", "Fakta"): "=1+1\nbaris dua", ("3", "Tidak relevan"): "Ya"})
    book = openpyxl.load_workbook(io.BytesIO(changed))
    book["Isian"]["E3"].data_type = "s"  # typed as text, not as a formula
    result = applied(assessment, city.operator, saved(book))
    assert (result.saved, result.left, result.wrong) == (3, 0, 0)
    assert answer(assessment, "1").self_level == 5
    assert answer(assessment, "2").fact == "=1+1\nbaris dua"
    assert (answer(assessment, "3").not_applicable, answer(assessment, "3").self_level) == (True, None)
    again = paper(assessment, city.operator)
    assert inputs(again)["2"] == inputs(saved(book))["2"]
    assert inputs(again)["1"]["Level"] == 5
    assert planned(assessment, city.operator, again).is_empty


def inputs(content: bytes) -> dict[str, dict]:
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Isian"]
    head = [cell.value for cell in sheet[1]]
    rows = [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
    return {row["Nomor"]: {name: row[name] for name in FIELDS.values()} for row in rows}


def test_each_row_is_one_event_and_the_paper_one_more_on_whose_behalf(assessment, city):
    content = filled_in(paper(assessment, city.coordinator), {("1", "Level"): 2, ("2", "Level"): 3})
    before = Event.objects.last().pk
    applied(assessment, city.coordinator, content)
    events = Event.objects.filter(pk__gt=before).order_by("pk")
    assert [event.action for event in events] == ["answer.save", "answer.save", "working_paper.apply"]
    assert {event.on_behalf_of for event in events} == {city.dinkes}
    assert events[2].after == {"file": "kertas.xlsx", "rows": 2, "indicators": ["1", "2"]}
    assert Contributor.objects.filter(assessment=assessment, user=city.coordinator).exists()
    assert not SheetDraft.objects.exists()


def test_an_empty_cell_never_deletes(assessment, city):
    fill(assessment, city.operator)
    content = filled_in(paper(assessment, city.operator), {("1", "Fakta"): None, ("1", "Level"): None})
    plan = planned(assessment, city.operator, content)
    assert plan.is_empty
    assert plan.rows[0].notes == [
        "Level dikosongkan dalam berkas; isian portal dipertahankan.",
        "Fakta dikosongkan dalam berkas; isian portal dipertahankan.",
    ]


def test_a_level_takes_not_relevant_back_and_the_other_way_round(assessment, city):
    save(assessment, city.operator, "1", not_applicable=True, not_applicable_reason="Bukan tugas OPD.")
    save(assessment, city.operator, "2", self_level=3)
    content = paper(assessment, city.operator)
    cells = {("1", "Level"): 2, ("2", "Tidak relevan"): "Ya", ("3", "Level"): 2, ("3", "Tidak relevan"): "Ya"}
    plan = planned(assessment, city.operator, filled_in(content, cells))
    assert outcomes(plan) == {"1": "changed", "2": "changed", "3": "wrong"}
    first = [(change.label, change.before, change.after) for change in plan.rows[0].changes]
    assert first == [("Level", "", "2"), ("Tidak relevan", "Ya", "")]
    assert plan.rows[2].problems == ["Level dan Tidak relevan tidak dapat diisi bersama. Kosongkan salah satunya."]


# --- Conflicts ---------------------------------------------------------------------------------------


def test_a_newer_answer_is_kept_unless_the_papers_is_chosen(assessment, city):
    save(assessment, city.operator, "1", self_level=2, fact="Lama.")
    content = filled_in(paper(assessment, city.operator), {("1", "Level"): 4, ("2", "Level"): 3, ("3", "Level"): 3})
    save(assessment, city.operator2, "1", fact="Baru dari rekan.")
    save(assessment, city.operator2, "2", fact="Juga baru.")
    plan = planned(assessment, city.operator, content)
    assert outcomes(plan) == {"1": "conflict", "2": "conflict", "3": "changed"}
    result = applied(assessment, city.operator, content, taken={"2"})
    assert (result.saved, result.left) == (2, 1)
    assert [answer(assessment, code).self_level for code in "123"] == [2, 3, 3]
    assert answer(assessment, "2").fact == "Juga baru."  # the paper's untouched cell asks for nothing


def test_what_nobody_touched_in_the_paper_never_conflicts(assessment, city):
    fill(assessment, city.operator)
    content = paper(assessment, city.operator)
    save(assessment, city.operator2, "1", fact="Baru.", self_level=5)
    assert planned(assessment, city.operator, content).is_empty


def test_what_moved_after_it_was_shown_is_shown_again_first(assessment, city):
    content = filled_in(paper(assessment, city.operator), {("1", "Level"): 4, ("2", "Level"): 4})
    draft = bring(assessment, city.operator, content)
    seen = services.plan(draft, assessment, timezone.now()).seen
    save(assessment, city.operator2, "2", self_level=1)
    with pytest.raises(Stale):
        services.apply(draft=draft, user=city.operator, seen=seen, taken={"2"})
    assert answer(assessment, "1").self_level is None
    assert SheetDraft.objects.filter(pk=draft.pk).exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_papers_at_once_and_one_of_them_is_told(assessment, city):
    drafts = []
    for user, level in ((city.operator, 4), (city.operator2, 5)):
        drafts.append(bring(assessment, user, filled_in(paper(assessment, user), {("1", "Level"): level})))
    seen = services.plan(drafts[0], assessment, timezone.now()).seen
    acts = [lambda draft=draft: services.apply(draft=draft, user=draft.user, seen=seen) for draft in drafts]
    first, second = together(*acts)
    refusals = [each for each in (first, second) if isinstance(each, Stale)]
    assert len(refusals) == 1
    assert answer(assessment, "1").version == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_paper_sent_twice_is_applied_once(assessment, city):
    draft = bring(assessment, city.operator, filled_in(paper(assessment, city.operator), {("1", "Level"): 4}))
    seen = services.plan(draft, assessment, timezone.now()).seen
    act = lambda: services.apply(draft=draft, user=city.operator, seen=seen)  # noqa: E731
    outcomes = together(act, act)
    assert sorted(type(each) for each in outcomes if not isinstance(each, services.Applied)) == [WrongState]
    assert answer(assessment, "1").version == 2


# --- Lists of one's own ------------------------------------------------------------------------------


def test_a_plain_list_fills_in_what_is_empty_and_conflicts_with_what_is_not(assessment, city):
    save(assessment, city.operator, "2", self_level=2)
    content = csv(["1", "3", "Ada; semua.", ""], ["Indikator 2", "Level 3", "", ""], ["003", "4 (Terpadu)", "", ""])
    plan = planned(assessment, city.operator, content, "isi.csv")
    assert outcomes(plan) == {"1": "changed", "2": "conflict", "3": "changed"}
    applied(assessment, city.operator, content, name="isi.csv")
    assert [answer(assessment, code).self_level for code in "123"] == [3, 2, 4]
    assert answer(assessment, "1").fact == "Ada; semua."


def test_indicators_are_found_by_name_where_a_list_has_no_numbers(assessment, city):
    name = answer(assessment, "5").indicator.short_name
    content = csv([name, "3"], ["Bukan indikator", "3"], head=("Indikator", "Tingkat kematangan"))
    plan = planned(assessment, city.operator, content, "isi.csv")
    assert [(row.code, row.outcome) for row in plan.rows] == [("5", "changed"), ("", "wrong")]
    assert plan.rows[1].problems == ["Nomor indikator kosong atau tidak dikenal."]


def test_what_is_no_level_is_said_with_its_row(assessment, city):
    cells = ["=", "tinggi", "6", "0", "-1", "2.5", "3 4", "1e0", "ya", "2026-03-03", "٣"]
    content = csv(*[[str(code), cell] for code, cell in enumerate(cells, 1)])
    plan = planned(assessment, city.operator, content, "isi.csv")
    said = [f"Level: “{cell}” tidak dikenal. Isi dengan level 1 sampai 5." for cell in cells]
    assert [row.problems for row in plan.wrong] == [[each] for each in said]


def test_a_level_is_understood_however_it_is_written(assessment, city):
    cells = [3, 3.0, "3", "3.0", "3,0", "Level 3", "level: 3", "3. Terdefinisi", "3 – Terdefinisi", "3 (Terdefinisi)"]
    typed = {(str(code), "Level"): cell for code, cell in enumerate(cells, 1)}
    plan = planned(assessment, city.operator, filled_in(paper(assessment, city.operator), typed))
    assert [row.wanted for row in plan.changed] == [{"self_level": 3}] * len(cells)


def test_dates_truths_and_broken_formulas_are_no_levels(assessment, city):
    cells = [date(2026, 3, 3), True, "#REF!", "#NAME?"]
    typed = {(str(code), "Level"): cell for code, cell in enumerate(cells, 1)}
    plan = planned(
        assessment, city.operator, filled_in(paper(assessment, city.operator), {**typed, ("9", "Level"): 3})
    )
    assert outcomes(plan) == {"1": "wrong", "2": "wrong", "3": "wrong", "4": "wrong", "9": "changed"}
    assert [len(row.problems) for row in plan.wrong] == [1, 1, 1, 1]


def test_everything_that_is_wrong_is_said_at_once(assessment, city):
    content = csv(
        ["1", "9", "x" * (TEXT_MAX + 1), "#REF!"],
        ["99", "3", "", ""],
        ["2", "3", "", ""],
        ["2", "4", "", ""],
        ["", "3", "", ""],
    )
    plan = planned(assessment, city.operator, content, "isi.csv")
    assert [(row.line, len(row.problems)) for row in plan.wrong] == [(2, 3), (3, 1), (5, 1), (6, 1)]
    assert plan.wrong[2].problems == ["Indikator 2 sudah ada pada baris 4 berkas yang sama."]
    assert [row.line for row in plan.changed] == [4]


def test_what_is_wrong_does_not_keep_the_rest_from_being_saved(assessment, city):
    result = applied(assessment, city.operator, csv(["1", "9"], ["2", "3"]), name="isi.csv")
    assert (result.saved, result.wrong) == (1, 1)


# --- What is refused ---------------------------------------------------------------------------------


def test_a_paper_of_another_agency_period_or_instrument_is_refused(assessment, fractional, period, city):
    dinsos = Assessment.objects.get(period=period, agency=city.dinsos)
    for other, what in ((dinsos, "perangkat daerah"), (fractional, "instrumen")):
        with pytest.raises(Unreadable, match=f"untuk {what} lain"):
            bring(assessment, city.operator, paper(other, city.coordinator))
    assert not SheetDraft.objects.exists()


def test_rows_copied_out_of_another_paper_are_refused(assessment, period, city):
    dinsos = Assessment.objects.get(period=period, agency=city.dinsos)
    book = openpyxl.load_workbook(io.BytesIO(paper(dinsos, city.coordinator)))
    del book["Kunci"], book["Petunjuk"], book["Kriteria"]
    with pytest.raises(Unreadable, match="Baris 2 berasal dari kertas kerja penilaian lain"):
        bring(assessment, city.operator, saved(book))


def test_absurd_sheets_are_refused_or_read_without_harm(assessment, city):
    book = openpyxl.Workbook()
    book.active.append(["Nomor", "Level"])
    book.active["A2"], book.active["B2"] = "1", 3
    book.active.merge_cells("A2:A40")
    assert outcomes(planned(assessment, city.operator, saved(book))) == {"1": "changed"}
    for name, text in (("a.csv", "Nomor;Nilai lain\n1;3\n"), ("b.csv", "Nomor;Level\n"), ("c.csv", "x\n")):
        with pytest.raises(Unreadable):
            bring(assessment, city.operator, text.encode(), name)
    rows = "".join(f"{number};3\n" for number in range(100_000))
    with pytest.raises(Unreadable, match="Terlalu banyak baris"):
        bring(assessment, city.operator, f"Nomor;Level\n{rows}".encode(), "besar.csv")
    renamed = openpyxl.load_workbook(io.BytesIO(paper(assessment, city.operator)))
    renamed["Isian"].title = "Punya saya"
    with pytest.raises(Unreadable, match="Namanya tidak boleh diubah"):
        bring(assessment, city.operator, saved(renamed))


def test_after_the_deadline_nothing_is_written_and_nothing_is_lost(assessment, city, login):
    content = filled_in(paper(assessment, city.operator), {("1", "Fakta"): "Ditulis malam hari."})
    Period.objects.update(deadline=timezone.now() - timedelta(minutes=1))
    client = login(city.operator)
    response = client.post(reverse("working_paper", args=[assessment.pk]), {"file": upload(content)})
    shown = client.get(response.url)
    text = shown.content.decode()
    assert "sudah lewat" in text
    assert "Ditulis malam hari." in text
    assert "Simpan 1 indikator" not in text
    draft = SheetDraft.objects.get()
    with pytest.raises(TooLate):
        services.apply(draft=draft, user=city.operator, seen=shown.context["plan"].seen)
    sent = client.post(response.url, {"dilihat": shown.context["seen"]})
    assert (sent.status_code, answer(assessment, "1").fact) == (409, "")
    Assessment.objects.update(extended_until=timezone.now() + timedelta(days=1))
    client.post(response.url, {"dilihat": shown.context["seen"]})
    assert answer(assessment, "1").fact == "Ditulis malam hari."


def test_of_a_returned_assessment_only_returned_indicators_are_written(returned, city):
    content = filled_in(paper(returned, city.operator), {("1", "Fakta"): "Diperbaiki.", ("5", "Fakta"): "Juga."})
    plan = planned(returned, city.operator, content)
    assert outcomes(plan) == {"1": "changed", "5": "wrong"}
    assert plan.wrong[0].problems == ["Indikator ini tidak dikembalikan, jadi isiannya terkunci."]


# --- The pages ---------------------------------------------------------------------------------------


def upload(content: bytes, name: str = "kertas.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_the_page_shows_both_sides_of_a_conflict_and_does_what_is_chosen(assessment, city, login):
    content = filled_in(paper(assessment, city.operator), {("1", "Fakta"): "<b>Punya kertas</b>", ("2", "Level"): 3})
    save(assessment, city.operator2, "1", fact="Punya portal")
    client = login(city.operator)
    address = client.post(reverse("working_paper", args=[assessment.pk]), {"file": upload(content)}).url
    shown = client.get(address)
    text = shown.content.decode()
    assert "Punya portal" in text
    assert "&lt;b&gt;Punya kertas&lt;/b&gt;" in text
    assert "Operator2-Dinkes" in text
    done = client.post(address, {"dilihat": shown.context["seen"], "ambil-1": "kertas"}, follow=True)
    assert "Kertas kerja diterapkan: 2 indikator tersimpan." in done.content.decode()
    assert answer(assessment, "1").fact == "<b>Punya kertas</b>"
    gone = client.get(address, follow=True)
    assert "sudah diterapkan, atau digantikan" in gone.content.decode()


def test_a_paper_belongs_to_who_brought_it(assessment, city, login):
    draft = bring(assessment, city.operator, csv(["1", "3"]), "isi.csv")
    address = reverse("working_paper_review", args=[assessment.pk, draft.pk])
    answers = {
        user.username: login(user).get(address).status_code
        for user in (city.operator, city.operator2, city.other_operator, city.coordinator, city.verifier)
    }
    assert list(answers.values()) == [200, 404, 404, 404, 404]


def test_what_cannot_be_read_is_said_on_the_page(assessment, city, login):
    client = login(city.operator)
    address = reverse("working_paper", args=[assessment.pk])
    for file, said in ((upload(b"PK\x03\x04rusak"), "bukan XLSX yang utuh"), (None, "Pilih berkasnya.")):
        response = client.post(address, {"file": file} if file else {})
        assert response.status_code == 200
        assert said in response.content.decode()


def test_a_handed_in_assessment_offers_no_upload(submitted, city, login):
    page = login(city.operator).get(reverse("working_paper", args=[submitted.pk])).content.decode()
    assert "Unduh kertas kerja" in page
    assert "Periksa berkas" not in page


def test_pages_and_paper_ask_the_same_whatever_the_size(assessment, city, login, django_assert_max_num_queries):
    fill(assessment, city.operator)
    client = login(city.operator)
    few = bring(assessment, city.operator, csv(["1", "4"]), "isi.csv")
    for rows, draft in ((1, few), (47, None)):
        if draft is None:
            content = csv(*[[str(code), "4"] for code in range(1, 48)])
            draft = bring(assessment, city.operator, content, "isi.csv")
        with django_assert_max_num_queries(14):
            response = client.get(reverse("working_paper_review", args=[assessment.pk, draft.pk]))
        assert len(response.context["plan"].rows) == rows
    with django_assert_max_num_queries(32):
        client.get(reverse("working_paper_download", args=[assessment.pk]))


def test_a_cell_says_a_value_as_it_is_stored():
    assert [cell_of("self_level", level) for level in (None, 3, Decimal("3.50"), Decimal("10"))] == [
        "",
        "3",
        "3.5",
        "10",
    ]
