"""The ministry's result: brought in row by row, compared, and what it says to the verifiers."""

import io
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from accounts.models import Notification, Role
from assessments.errors import WrongState
from assessments.models import Determination, ExternalLevel, Period, SheetDraft
from assessments.queries import external as queries
from assessments.services import determination
from assessments.services import external as services
from assessments.services.assignments import set_assignments
from audit.models import Event
from conftest import accept_all, hand_in, make_person
from indicators.models import Indicator
from spbe_portal import sheets

pytestmark = pytest.mark.django_db


def csv(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("hasil.csv", text.encode(), "text/csv")


def determine_all(period, user, level: int = 3, **levels: int) -> None:
    """Every indicator at `level`, those given by code at theirs: rows past the service."""
    Determination.objects.bulk_create(
        Determination(
            period=period,
            indicator=each,
            level=levels.get(f"i{each.code}", level),
            reason="SK.",
            determined_by=user,
            determined_at=timezone.now(),
        )
        for each in Indicator.objects.filter(instrument=period.instrument_id)
    )


def all_levels(period, level: int = 3, **levels: int) -> str:
    rows = [
        f"{each.code};{each.short_name};{levels.get(f'i{each.code}', level)}"
        for each in Indicator.objects.filter(instrument=period.instrument_id).order_by("order")
    ]
    return "\n".join(["No;Indikator;Nilai", *rows]) + "\n"


@pytest.fixture
def bring(login, city, period):
    """Upload a file as the coordinator; the draft's review page."""

    def _bring(text: str, stated: str = ""):
        client = login(city.coordinator)
        answer = client.post(reverse("external_import", args=[period.pk]), {"file": csv(text), "stated": stated})
        assert answer.status_code == 302, answer.content.decode()
        return answer.url

    return _bring


def stored(period) -> dict[str, object]:
    return dict(ExternalLevel.objects.filter(period=period).values_list("indicator__code", "level"))


# --- Bringing it in ----------------------------------------------------------------------------------


def test_the_file_is_shown_row_by_row_and_then_written(bring, login, city, period):
    determination.set_external_level(period_id=period.pk, code="1", user=city.coordinator, level=2)
    determination.set_external_level(period_id=period.pk, code="2", user=city.coordinator, level=3)
    page = bring(
        "No;Indikator;Nilai\n1;Kebijakan Arsitektur SPBE;4\n2;;3,00\n3;;5\n4;;7\n3;;2\n99;;3\n"
        "5;Arsitektur SPBE;3\n6;;\n"
    )
    client = login(city.coordinator)
    shown = client.get(page)
    rows = {row.line: (row.outcome, " ".join(row.problems)) for row in shown.context["rows"]}
    assert [rows[line][0] for line in range(2, 10)] == [
        "changed", "same", "new", "wrong", "wrong", "wrong", "wrong", "same"
    ]  # fmt: skip
    assert rows[5][1].startswith("Nilai “7” di luar skala")
    assert rows[6][1] == "Indikator 3 sudah ada pada baris 4."
    assert rows[7][1] == "Indikator 99 tidak ada dalam instrumen periode ini."
    assert rows[8][1] == "Nama “Arsitektur SPBE” bukan nama indikator 5; itu nama indikator 11."
    assert stored(period) == {"1": 2, "2": 3}
    answer = client.post(page)
    assert answer.url == reverse("external_comparison", args=[period.pk])
    assert stored(period) == {"1": 4, "2": 3, "3": 5}
    events = Event.objects.filter(action__startswith="external_level.", after__has_key="level").count()
    assert events == 4
    last = Event.objects.get(action="external_level.import")
    assert (last.after["file"], last.after["levels"]) == ("hasil.csv", 2)
    assert not SheetDraft.objects.exists()
    assert client.post(page).url == reverse("external_comparison", args=[period.pk])


def test_a_workbook_with_merged_headings_and_groups(period):
    book = Workbook()
    sheet = book.active
    sheet.append(["Perolehan nilai indikator"])
    sheet.merge_cells("A1:D1")
    sheet.append(["No", "Domain/Aspek/Indikator", "Nilai", None])
    sheet.merge_cells("C2:D2")
    sheet.append([None, None, "2025", "2026"])
    sheet.append(["I", "Kebijakan Internal SPBE", 2.5, 3])
    sheet.append([1, "Tingkat Kematangan Kebijakan Internal Arsitektur SPBE", 2, 3])
    sheet.append(["Indikator 2", "Kebijakan Peta Rencana SPBE", 3, 4])
    sheet.append([None, "Indeks SPBE", 2.2, 2.85])
    out = io.BytesIO()
    book.save(out)
    content = out.getvalue()
    brought = services.read(sheets.read(io.BytesIO(content), "lhe.xlsx", len(content)), period)
    assert [(row.facts["code"], row.facts["level"]) for row in brought.plan.rows] == [("1", "3"), ("2", "4")]
    assert (brought.stated, brought.skipped) == ("2.85", 1)


def test_every_name_of_the_instrument_is_its_own_indicators(period):
    for attribute in ("name", "short_name"):
        rows = [
            (number, ["", getattr(each, attribute), "3"])
            for number, each in enumerate(
                Indicator.objects.filter(instrument=period.instrument_id).order_by("order"), 2
            )
        ]
        brought = services.read([(1, ["No", "Indikator", "Nilai"]), *rows], period)
        assert [row.facts.get("code") for row in brought.plan.rows] == [str(number) for number in range(1, 48)]


@pytest.mark.parametrize(("stated", "agrees"), [("3,00", True), ("3.0", True), ("3,01", False), ("2,99", False)])
def test_the_index_reckoned_stands_beside_the_one_stated(bring, login, city, period, stated, agrees):
    page = login(city.coordinator).get(bring(all_levels(period), stated))
    reckoned = page.context["reckoned"]
    assert (reckoned.score.index, reckoned.agrees) == (Fraction(3), agrees)
    assert ("tidak sama dengan yang dinyatakan" in page.content.decode()) == (not agrees)


def test_without_all_levels_no_index_is_compared(bring, login, city, period):
    reckoned = login(city.coordinator).get(bring("No;Nilai\n1;3\n;2,85\n", "2,85")).context["reckoned"]
    assert (reckoned.agrees, reckoned.score.answered) == (None, 1)


def test_a_wrong_index_or_file_keeps_what_was_typed(login, city, period):
    client, page = login(city.coordinator), reverse("external_import", args=[period.pk])
    answer = client.post(page, {"file": csv("No;Nilai\n1;3\n"), "stated": "9"})
    assert "Isi dengan indeks 1 sampai 5" in answer.content.decode()
    assert 'value="9"' in answer.content.decode()
    answer = client.post(page, {"file": csv("Apa;Ini\n1;3\n"), "stated": "2,85"})
    assert "Judul kolom tidak dikenali" in answer.content.decode()
    assert 'value="2,85"' in answer.content.decode()


def test_a_level_that_moved_meanwhile_stops_all(bring, city, period):
    bring("No;Nilai\n1;3\n2;4\n")
    draft = SheetDraft.objects.get()
    determination.set_external_level(period_id=period.pk, code="2", user=city.coordinator, level=1)
    with pytest.raises(WrongState, match="indikator 2 diubah orang lain"):
        services.apply(draft=draft, user=city.coordinator)
    assert stored(period) == {"2": 1}


def test_another_coordinators_list_is_not_found(bring, login, city, period):
    page = bring("No;Nilai\n1;3\n")
    second = make_person("koordinator2", (Role.COORDINATOR, city.dinsos))
    for person, status in ((second, 404), (city.verifier, 403), (city.leader, 403), (city.operator, 403)):
        assert (person, login(person).get(page).status_code) == (person, status)
        assert (person, login(person).post(page).status_code) == (person, status)
    assert stored(period) == {}


def test_the_template_comes_back_as_it_was_filled_in(login, city, period):
    content = login(city.coordinator).get(reverse("external_import_template", args=[period.pk])).content
    book = load_workbook(io.BytesIO(content))
    sheet = book.active
    assert [cell.value for cell in sheet[13]][:2] == [
        "12",
        "Tingkat Kematangan Peta Rencana SPBE Instansi Pusat/Pemerintah Daerah",
    ]
    sheet["C13"] = 4
    out = io.BytesIO()
    book.save(out)
    brought = services.read(sheets.read(io.BytesIO(out.getvalue()), "t.xlsx", len(out.getvalue())), period)
    assert [(row.name, row.outcome) for row in brought.plan.rows if row.outcome != "same"] == [
        ("12. Peta Rencana SPBE", "new")
    ]
    assert len(brought.plan.rows) == 47


# --- Beside the others -------------------------------------------------------------------------------


@pytest.fixture
def compared(assessment, period, city):
    """Dinkes is PIC of 1 to 5 and said 4; the Pemda is 3 everywhere, the ministry says 2 on 1 to 4 and 3 on 5."""
    changes = [(city.dinkes.pk, str(code), "pic") for code in range(1, 6)]
    set_assignments(period_id=period.pk, user=city.coordinator, changes=changes, reason="SK.")
    hand_in(assessment, city.operator, level=4)
    determine_all(period, city.coordinator)
    for code in range(1, 5):
        determination.set_external_level(period_id=period.pk, code=str(code), user=city.coordinator, level=2)
    determination.set_external_level(period_id=period.pk, code="5", user=city.coordinator, level=3)
    return period


def test_all_four_values_stand_beside_each_other(compared):
    shown = queries.comparison(compared)
    first, fifth, sixth = shown.rows[0], shown.rows[4], shown.rows[5]
    assert (first.own, first.verified, first.pemda, first.external) == (4, None, 3, 2)
    assert (first.difference, first.from_own, first.is_concerned) == (-1, -2, True)
    assert (fifth.difference, fifth.is_concerned) == (0, False)
    assert (sixth.external, sixth.difference) == (None, None)
    assert (shown.tally.lower, shown.tally.higher, shown.tally.same) == (4, 0, 1)
    aspect = shown.domains[0].aspects[0].totals
    assert (aspect.pemda.value, aspect.pemda.is_complete, aspect.difference) == (Fraction(3), True, None)
    assert (aspect.external.answered, aspect.external.assigned) == (5, 10)
    assert shown.totals.verified.shown is None


def test_totals_are_exact_once_both_are_complete(period, city):
    determine_all(period, city.coordinator)
    for each in Indicator.objects.filter(instrument=period.instrument_id):
        ExternalLevel.objects.create(
            period=period, indicator=each, level=2 if each.code == "1" else 3, entered_by=city.coordinator,
            entered_at=period.deadline,
        )  # fmt: skip
    shown = queries.comparison(period)
    assert shown.totals.difference == Fraction(-13, 1000)
    assert shown.domains[0].aspects[0].totals.difference == Fraction(-1, 10)


@pytest.mark.parametrize(
    ("kept", "codes"),
    [("lebih-rendah", ["1", "2", "3", "4"]), ("sama", ["5"]), ("lebih-tinggi", []), ("semua", None), ("lain", None)],
)
def test_the_page_keeps_one_side(compared, login, city, kept, codes):
    page = login(city.leader).get(reverse("external_comparison", args=[compared.pk]), {"saring": kept})
    shown = [row.code for domain in page.context["domains"] for aspect in domain.aspects for row in aspect.rows]
    assert shown == (codes if codes is not None else [str(number) for number in range(1, 48)])


def test_the_page_takes_the_same_queries_with_and_without_levels(period, city, login, django_assert_max_num_queries):
    client, url = login(city.verifier), reverse("external_comparison", args=[period.pk])
    client.get(url)
    with django_assert_max_num_queries(14) as before:
        client.get(url)
    determine_all(period, city.coordinator)
    for code in range(1, 20):
        determination.set_external_level(period_id=period.pk, code=str(code), user=city.coordinator, level=2)
    with django_assert_max_num_queries(14) as after:
        client.get(url)
    assert len(before) == len(after)


def test_the_same_as_a_file(compared, login, city):
    client, url = login(city.verifier), reverse("external_export", args=[compared.pk])
    book = load_workbook(io.BytesIO(client.get(url).content))
    rows = list(book["Indikator"].iter_rows(values_only=True))
    assert rows[1] == ("1", "Kebijakan Arsitektur SPBE", "Kebijakan Internal Tata Kelola SPBE", 4, None, 3, 2, -1, -2)
    total = list(book["Rekap"].iter_rows(values_only=True))[1]
    assert (total[0], total[4], total[-1]) == ("Indeks", 3, "5 dari 47")


# --- One-sided ---------------------------------------------------------------------------------------


def test_an_import_that_shows_it_tells_verifiers_and_coordinators_once(bring, login, city, period):
    determine_all(period, city.coordinator)
    Notification.objects.all().delete()
    text = all_levels(period, i1=2, i2=2, i3=1, i4=2)
    client = login(city.coordinator)
    client.post(bring(text))
    told = Notification.objects.filter(key__startswith="external.one_sided")
    assert {row.user for row in told} == {city.verifier, city.verifier2}
    assert {row.path for row in told} == {reverse("external_comparison", args=[period.pk])}
    assert "Aspek Kebijakan Internal Tata Kelola SPBE: 4 dari 10 indikator lebih rendah" in told[0].text
    page = client.get(reverse("external_comparison", args=[period.pk])).content.decode()
    assert "Selisihnya berat sebelah" in page
    client.post(bring(text.replace("47;Layanan Publik Sektor 3;3", "47;Layanan Publik Sektor 3;3,0")))
    assert told.count() == 2


def test_a_balanced_result_tells_nobody(bring, login, city, period):
    determine_all(period, city.coordinator)
    Notification.objects.all().delete()
    login(city.coordinator).post(bring(all_levels(period, i1=2, i2=2, i3=4, i4=4)))
    assert not Notification.objects.exists()


@pytest.fixture
def last_year(period, city):
    """2025: the ministry gave 2 below on indicators 1 to 4."""
    earlier = Period.objects.create(
        name="Penilaian 2025", year=2025, instrument=period.instrument, starts_on=period.starts_on,
        deadline=period.deadline, status="final", created_by=city.coordinator, finalised_at=period.deadline,
        opened_at=period.opened_at,
    )  # fmt: skip
    determine_all(earlier, city.coordinator)
    for each in Indicator.objects.filter(instrument=period.instrument_id):
        ExternalLevel.objects.create(
            period=earlier, indicator=each, level=1 if each.code in set("1234") else 3, entered_by=city.coordinator,
            entered_at=period.deadline,
        )  # fmt: skip
    return earlier


def test_the_review_page_says_it_of_the_indicators_concerned(submitted, last_year, login, city):
    sentence = "Tahun lalu kementerian memberi 2 di bawah nilai Pemda pada indikator ini."
    client = login(city.verifier)
    page = client.get(reverse("review", args=[submitted.pk, "2"])).content.decode()
    assert sentence in page
    assert reverse("external_comparison", args=[last_year.pk]) in page
    assert "kementerian memberi" not in client.get(reverse("review", args=[submitted.pk, "12"])).content.decode()


def test_a_few_differences_are_not_said(submitted, last_year, login, city):
    ExternalLevel.objects.filter(period=last_year, indicator__code="1").update(level=Decimal(3))
    page = login(city.verifier).get(reverse("review", args=[submitted.pk, "2"])).content.decode()
    assert "kementerian memberi" not in page


def test_a_decision_of_long_ago_says_the_year(submitted, last_year, login, city):
    Period.objects.filter(pk=last_year.pk).update(year=2023)
    page = login(city.verifier).get(reverse("review", args=[submitted.pk, "2"])).content.decode()
    assert "Pada 2023 kementerian memberi 2 di bawah" in page


def test_accepting_goes_on_as_before(submitted, last_year, city):
    accept_all(submitted, city.verifier)
    assert queries.hint(submitted.answers.get(indicator__code="3").indicator, submitted.period).difference == -2
