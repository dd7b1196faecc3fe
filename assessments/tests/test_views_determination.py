"""The pages on which the government's levels are determined."""

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency
from assessments import levels, workflow
from assessments.models import Assessment, Assignment, Determination, ExternalLevel, PemdaResult, Period
from assessments.services import determination as services
from audit.models import Event
from conftest import accept_all
from indicators.models import Indicator

LIST = "/pemda/penetapan/"


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors(response) -> dict[str, list[str]]:
    return {name: list(found) for name, found in response.context["form"].errors.items()}


def page_of(period, code="12") -> str:
    return reverse("determine", args=[period.pk, code])


@pytest.fixture
def led(approved, period, city):
    """Dinkes is PIC of everything but 47, approved at level 3."""
    rows = Assignment.objects.filter(period=period, agency=city.dinkes).exclude(indicator__code="47")
    rows.update(kind="pic")
    return period


@pytest.fixture
def determined(led, city):
    services.determine_suggested(period_id=led.pk, user=city.coordinator)
    services.determine(period_id=led.pk, code="47", user=city.coordinator, level=2, reason="Hasil rapat.")
    return led


def finalise(period, city):
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")


# --- Who sees what ----------------------------------------------------------------------


@pytest.mark.parametrize("who", ["verifier", "leader"])
def test_verifiers_and_leaders_read_and_cannot_write(who, login, city, determined):
    client = login(getattr(city, who))
    table = client.get(LIST).content.decode()
    assert "Kebijakan Arsitektur SPBE" in table
    assert ("Tetapkan semua usulan" in table, "Tetapkan satu per satu" in table) == (False, False)
    page = client.get(page_of(determined)).content.decode()
    assert ('name="level"' in page, 'name="external"' in page, "Hapus penetapan" in page) == (False, False, False)
    before = Event.objects.count()
    posts = [
        (page_of(determined), {"level": "5", "reason": "Alasan.", "version": "1"}),
        (reverse("determine_suggested", args=[determined.pk]), {}),
        (reverse("determination_finalise", args=[determined.pk]), {}),
        (reverse("determination_reopen", args=[determined.pk]), {"reason": "Alasan."}),
        (reverse("determination_clear", args=[determined.pk, "12"]), {"version": "1"}),
        (reverse("external_level", args=[determined.pk, "12"]), {"external": "4"}),
    ]
    assert [client.post(address, sent).status_code for address, sent in posts] == [403] * 6
    assert Event.objects.count() == before


def test_what_a_pic_has_not_handed_in_is_nobodys_to_read(login, city, period, assessment):
    Assignment.objects.filter(period=period, agency=city.dinkes).update(kind="pic")
    assessment.answers.filter(indicator__code="12").update(self_level=4, fact="Rahasia dapur.")
    Assessment.objects.filter(pk=assessment.pk).update(self_levels="12=4")
    for who in ("coordinator", "verifier", "leader"):
        response = login(getattr(city, who)).get(page_of(period))
        assert [detail.answer for detail in response.context["pics"]] == [None]
        assert "Rahasia dapur." not in response.content.decode()
        assert response.context["row"].pics[0].self_level is None


def test_leaders_read_a_pics_answer_from_approval_on_verifiers_from_the_hand_in(login, city, period, submitted):
    Assignment.objects.filter(period=period, agency=city.dinkes).update(kind="pic")
    address = reverse("answer", args=[submitted.pk, "12"])
    assert address in login(city.verifier).get(page_of(period)).content.decode()
    assert address not in login(city.leader).get(page_of(period)).content.decode()
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    assert address in login(city.leader).get(page_of(period)).content.decode()


def test_an_open_decision_is_not_announced_here(login, city, period, submitted):
    Assignment.objects.filter(period=period, agency=city.dinkes).update(kind="pic")
    accept_all(submitted, city.verifier)
    submitted.answers.get(indicator__code="12").reviews.update(note="Masih dipertimbangkan.")
    page = login(city.coordinator).get(page_of(period)).content.decode()
    assert "Masih dipertimbangkan." not in page
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    assert "Masih dipertimbangkan." in login(city.coordinator).get(page_of(period)).content.decode()


def test_other_periods_and_indicators_are_not_found(login, city, led):
    client = login(city.coordinator)
    draft = Period.objects.create(
        name="Penilaian 2027",
        year=2027,
        instrument=led.instrument,
        starts_on=led.starts_on,
        deadline=led.deadline,
    )
    addresses = [f"{LIST}?periode={draft.pk}", f"{LIST}?periode=x", page_of(draft), page_of(led, "99")]
    assert [client.get(address).status_code for address in addresses] == [404] * 4
    sent = {"level": "3", "reason": "Alasan.", "version": "0"}
    assert client.post(page_of(led, "99"), sent).status_code == 404


def test_before_any_period_the_page_says_so(login, city):
    assert "Belum ada periode penilaian" in login(city.leader).get(LIST).content.decode()


# --- The table ----------------------------------------------------------------------


def test_the_table_says_how_far_it_is_and_what_stands_in_the_way(login, city, led):
    services.determine(period_id=led.pk, code="1", user=city.coordinator, level=5, reason="Lebih tinggi.")
    response = login(city.coordinator).get(LIST)
    page = response.content.decode()
    assert response.context["chips"] == [
        ("semua", "Semua", 47),
        ("belum", "Belum ditetapkan", 46),
        ("siap", "Siap ditetapkan", 45),
        ("tanpa-usulan", "Tanpa usulan", 1),
        ("berbeda", "Beralasan", 1),
    ]
    assert "1 dari 47" in page
    figures = page[page.index("det-figures") : page.index("judul-daftar")]
    assert ("Indeks sementara" in figures, "bukan hasil penilaian" in figures) == (True, True)
    assert ("Kurang" in figures, "selisih" in figures) == (False, False)
    assert "Tetapkan semua usulan (45)" in page
    kept = login(city.coordinator).get(LIST, {"saring": "tanpa-usulan"})
    rows = [row for domain in kept.context["domains"] for row in domain.rows]
    assert [(row.code, row.obstacle) for row in rows] == [("47", "Belum ada PIC.")]


def test_all_suggested_at_once_lists_what_was_skipped(login, city, led):
    client = login(city.coordinator)
    response = client.post(reverse("determine_suggested", args=[led.pk]))
    assert said(response) == [
        "46 indikator ditetapkan sesuai usulan. 1 dilewati karena tanpa usulan; sebabnya di bawah ini."
    ]
    assert response.url == f"{LIST}?periode={led.pk}&saring=tanpa-usulan#daftar"
    assert "Belum ada PIC." in client.get(response.url).content.decode()
    assert Determination.objects.count() == 46


# --- One after the other ----------------------------------------------------------------------


def test_saving_moves_the_index_and_leads_to_the_next_open_one(login, city, led):
    client = login(city.coordinator)
    response = client.post(page_of(led, "1"), {"level": "3", "reason": "", "version": "0"})
    assert response.url == f"{page_of(led, '2')}#isi"
    (text,) = said(response)
    assert text.startswith("Indikator 1 ditetapkan di level 3. Indeks sementara 1,03 (1 dari 47 ditetapkan).")
    services.determine_suggested(period_id=led.pk, user=city.coordinator)
    assert client.post(page_of(led, "3"), {"level": "3", "version": "1"}).url == f"{page_of(led, '47')}#isi"
    last = client.post(page_of(led, "47"), {"level": "2", "reason": "Hasil rapat.", "version": "0"})
    assert last.url == f"{LIST}?periode={led.pk}"


def test_the_suggestion_is_chosen_beforehand_and_nothing_where_there_is_none(login, city, led):
    client = login(city.coordinator)
    assert client.get(page_of(led, "12")).context["choice"] == {"level": "3", "reason": "", "version": 0}
    assert client.get(page_of(led, "47")).context["choice"] == {"level": "", "reason": "", "version": 0}


@pytest.mark.parametrize(
    "sent, wrong",
    [
        ({"level": "4", "reason": " "}, {"reason": ["Tulis alasannya: levelnya berbeda dari usulan (level 3)."]}),
        ({"level": "", "reason": "Ada."}, {"level": ["Pilih level yang ditetapkan."]}),
        ({"level": "7", "reason": "Ada."}, {"level": ["Level tidak dikenal. Pilih level 1 sampai 5."]}),
        ({"level": "3,5", "reason": "Ada."}, {"level": ["Level tidak dikenal. Pilih level 1 sampai 5."]}),
        (
            {"level": "4", "reason": "x" * 2001},
            {"reason": ["Alasan terlalu panjang: paling banyak 2.000 karakter."]},
        ),
    ],
)
def test_what_cannot_be_saved_is_said_and_stays_as_typed(sent, wrong, login, city, led):
    response = login(city.coordinator).post(page_of(led), {**sent, "version": "0"})
    assert (response.status_code, errors(response)) == (422, wrong)
    assert response.context["choice"] == {**sent, "version": 0}
    assert not Determination.objects.exists()


def test_a_form_without_its_version_is_refused(login, city, led):
    response = login(city.coordinator).post(page_of(led), {"level": "3"})
    assert (response.status_code, list(errors(response))) == (422, ["version"])


def test_over_anothers_determination_both_are_shown_and_sending_again_is_an_answer_to_it(login, city, led):
    client = login(city.coordinator)
    services.determine(period_id=led.pk, code="12", user=city.coordinator, level=5, reason="Milik orang lain.")
    response = client.post(page_of(led), {"level": "2", "reason": "Milik saya.", "version": "0"})
    page = response.content.decode()
    assert response.status_code == 409
    assert ("Milik orang lain." in page, "Milik saya." in page, "Yang tersimpan" in page) == (True, True, True)
    assert response.context["choice"] == {"level": "2", "reason": "Milik saya.", "version": 1}
    assert client.post(page_of(led), response.context["choice"]).status_code == 302
    assert Determination.objects.get().level == 2


def test_a_determination_is_taken_back_from_its_page(login, city, determined):
    client = login(city.coordinator)
    assert "Hapus penetapan" in client.get(page_of(determined)).content.decode()
    address = reverse("determination_clear", args=[determined.pk, "12"])
    assert said(client.post(address, {"version": "9"}))[0].startswith("Nilai Pemda indikator ini sudah ditetapkan")
    assert said(client.post(address, {}))[-1].startswith("Formulir ini tidak lengkap")
    assert Determination.objects.count() == 47
    assert said(client.post(address, {"version": "1"}))[-1] == "Penetapan indikator 12 dihapus."
    assert Determination.objects.count() == 46
    assert client.post(reverse("determination_clear", args=[determined.pk, "99"]), {"version": "1"}).status_code == 404


def test_the_ministrys_level_is_entered_beside(login, city, led):
    client = login(city.coordinator)
    address = reverse("external_level", args=[led.pk, "12"])
    assert said(client.post(address, {"external": "4"})) == ["Nilai eksternal indikator 12 disimpan: level 4."]
    wrong = client.post(address, {"external": "9"})
    assert (wrong.status_code, wrong.context["external_value"]) == (422, "9")
    assert "Pilih level 1 sampai 5." in wrong.content.decode()
    assert ExternalLevel.objects.get().level == 4
    assert said(client.post(address, {"external": ""}))[-1] == "Nilai eksternal indikator 12 dikosongkan."
    assert client.post(reverse("external_level", args=[led.pk, "99"]), {"external": "4"}).status_code == 404


# --- Final ----------------------------------------------------------------------


def test_a_final_result_is_shown_and_locked(login, city, determined):
    finalise(determined, city)
    result = PemdaResult.objects.get()
    client = login(city.coordinator)
    table = client.get(LIST).content.decode()
    assert "Final, revisi 1." in table
    assert result.digest[:12] in table
    assert ("Tetapkan satu per satu" in table, "Finalkan nilai Pemda" in table) == (False, False)
    assert 'name="level"' not in client.get(page_of(determined)).content.decode()
    late = client.post(page_of(determined), {"level": "5", "reason": "Terlambat.", "version": "1"})
    assert (late.status_code, "Terlambat." in late.content.decode()) == (409, True)
    assert "sudah final (revisi 1)" in late.content.decode()


def test_a_government_left_open_is_finalised_from_its_page(login, city, led):
    finalise(led, city)
    client = login(city.coordinator)
    way = reverse("period", args=[led.pk])
    assert "47 dari 47 indikator belum ditetapkan" in client.get(way).content.decode()
    assert f"{LIST}?periode={led.pk}&amp;saring=belum" in client.get(way).content.decode()
    assert "Periode sudah final, nilai Pemda belum." in client.get(LIST).content.decode()
    address = reverse("determination_finalise", args=[led.pk])
    early = client.post(address)
    assert said(early) == ["Nilai Pemda belum dapat difinalkan: 47 indikator belum ditetapkan."]
    for code in range(1, 48):
        services.determine(
            period_id=led.pk, code=str(code), user=city.coordinator, level=4, reason="Dibahas dalam rapat."
        )
    assert "indeksnya, 4,00 (Sangat Baik), dibekukan menjadi hasil." in client.get(LIST).content.decode()
    assert "Finalkan nilai Pemda" in client.get(way).content.decode()
    assert said(client.post(address))[-1] == "Nilai Pemda sudah difinalkan (revisi 1)."
    assert PemdaResult.objects.get().index == 4
    assert "Nilai Pemda belum final" not in client.get(way).content.decode()


def test_a_final_government_is_opened_again_with_a_reason(login, city, determined):
    finalise(determined, city)
    client = login(city.coordinator)
    address = reverse("determination_reopen", args=[determined.pk])
    assert address in client.get(LIST).content.decode()
    assert "Tulis alasannya terlebih dahulu." in client.post(address, {"reason": " "}).content.decode()
    assert said(client.post(address, {"reason": "Salah ketik."})) == [
        "Nilai Pemda dibuka kembali; hasil revisi 1 tidak berlaku lagi."
    ]
    page = client.get(LIST).content.decode()
    assert ("Periode sudah final, nilai Pemda belum." in page, address in page) == (True, False)
    assert said(client.post(address, {"reason": "Lagi."}))[-1].startswith("Nilai Pemda periode ini tidak terkunci")
    assert address not in login(city.leader).get(LIST).content.decode()


def test_reopened_the_old_result_is_said_to_stand(login, city, determined, approved):
    finalise(determined, city)
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada yang keliru.")
    client = login(city.coordinator)
    assert "Hasil final revisi 1 (2,97, Baik) tetap berlaku" in client.get(LIST).content.decode()
    page = client.get(page_of(determined)).content.decode()
    assert ('name="level"' in page, "Hapus penetapan" in page) == (True, False)


def test_finalising_the_period_says_what_happens_to_the_government(login, city, led, approved):
    client = login(city.coordinator)
    page = reverse("period_finalise", args=[led.pk])
    assert "47 dari 47 indikator belum ditetapkan" in client.get(page).content.decode()
    services.determine_suggested(period_id=led.pk, user=city.coordinator)
    services.determine(period_id=led.pk, code="47", user=city.coordinator, level=2, reason="Hasil rapat.")
    assert "Indeks Pemda <strong>2,97 (Baik)</strong> ikut dibekukan." in client.get(page).content.decode()
    Assessment.objects.filter(pk=approved.pk).update(verified_levels="1=2 2=3")
    assert "Usulan 1 indikator berubah sesudah ditetapkan." in client.get(page).content.decode()
    sent = {"unfinished": client.get(page).context["progress"].unfinished_token, "reason": "Waktu habis."}
    assert said(client.post(page, sent))[-1].endswith("Indeks Pemda 2,97 (Baik) final, revisi 1.")
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada yang keliru.")
    assert "Nilai Pemda revisi 1 (2,97, Baik) tetap berlaku" in client.get(page).content.decode()


# --- Queries ----------------------------------------------------------------------


@pytest.mark.parametrize("name, most", [("table", 20), ("indicator", 26)])
def test_the_pages_take_the_same_queries_for_few_and_many_agencies(name, most, login, city, determined):
    client = login(city.coordinator)
    page = LIST if name == "table" else page_of(determined)
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    indicators = list(Indicator.objects.filter(instrument=determined.instrument))
    packed = levels.pack((indicator.code, 4) for indicator in indicators)
    agencies = Agency.objects.bulk_create(
        Agency(slug=f"opd-{n}", name=f"OPD {n}", short_name=f"OPD {n}", kind="dinas") for n in range(40)
    )
    made = Assessment.objects.bulk_create(
        Assessment(
            period=determined,
            agency=agency,
            status="approved",
            round=1,
            submitted_at=timezone.now(),
            approved_at=timezone.now(),
            self_levels=packed,
            verified_levels=packed,
        )
        for agency in agencies
    )
    Assignment.objects.bulk_create(
        Assignment(period=determined, agency=agency, indicator=indicator, kind="pic" if place < 5 else "support")
        for place, agency in enumerate(agencies)
        for indicator in indicators
    )
    for assessment in made[:5]:
        assessment.answers.create(indicator=indicators[11], self_level=4, fact="Ada.")
    with CaptureQueriesContext(connection) as many:
        response = client.get(page)
    assert "OPD 3" in response.content.decode()
    assert len(many) == len(few)
    assert len(many) <= most
