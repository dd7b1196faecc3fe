"""The coordinator's pages."""

import re
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, Membership, Role
from assessments import workflow
from assessments.errors import Stale
from assessments.models import Assessment, Period, Result, Status
from assessments.services import periods as services
from audit.models import Event
from conftest import accept_all, fill, hand_in, make_person
from indicators.models import Indicator, Instrument
from spbe_portal.formatting import datetime_id

PEMDA_OPEN = "Nilai Pemda belum final: masih ada indikator yang belum ditetapkan."


def said(response) -> list[str]:
    """The messages an answer leaves for the next page."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors(response) -> dict[str, list[str]]:
    return {name: list(found) for name, found in response.context["form"].errors.items()}


@pytest.fixture
def draft(city, instrument) -> Period:
    """A period in preparation for Dinkes and Diskominfo."""
    return services.create_period(
        user=city.coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=20),
        agencies=[city.dinkes, city.diskominfo],
    )


def typed(instrument: Instrument, agencies, /, **changes) -> dict:
    """What the form of a new period sends."""
    return {
        "name": "Penilaian 2027",
        "year": "2027",
        "instrument": str(instrument.pk),
        "starts_on": f"{timezone.localdate():%Y-%m-%d}",
        "deadline_date": f"{timezone.localdate() + timedelta(days=30):%Y-%m-%d}",
        "deadline_time": "16.00",
        "mend_days": "5",
        "target": "3,60",
        "agencies_chosen": [str(agency.pk) for agency in agencies],
        **changes,
    }


# --- Who comes in ---------------------------------------------------------------------------------------------------


def test_every_page_of_a_period_is_the_coordinators_alone(client, city, period):
    pages = [
        reverse("period_list"),
        reverse("period_create"),
        *(reverse(name, args=[period.pk]) for name in ("period", "period_edit", "period_finalise", "period_cancel")),
    ]
    others = [city.operator, city.verifier, city.leader, city.admin, city.outsider]
    got = {}
    for person in [city.coordinator, *others]:
        client.force_login(person)
        got[person.username] = [client.get(page).status_code for page in pages]
    assert got == {
        "koordinator": [200] * len(pages),
        **{person.username: [403] * len(pages) for person in others},
    }


def test_a_period_that_does_not_exist_is_not_found(login, city, db):
    assert login(city.coordinator).get(reverse("period", args=[999])).status_code == 404


@pytest.mark.parametrize("name", ["extend", "cancel", "reopen"])
def test_moves_on_an_assessment_are_hidden_from_those_who_may_not_know_of_it(client, city, assessment, name):
    got = {}
    for person in [city.operator, city.other_operator, city.verifier, city.leader, city.admin]:
        client.force_login(person)
        got[person.username] = client.get(reverse(name, args=[assessment.pk])).status_code
    assert got == {
        "operator-dinkes": 403,
        "operator-dinsos": 404,
        "verifikator": 404,
        "pimpinan": 404,
        "admin": 404,
    }


def test_a_verifier_may_see_what_was_handed_in_but_not_cancel_it(login, city, submitted):
    response = login(city.verifier).post(reverse("cancel", args=[submitted.pk]), {"reason": "Coba."})
    assert response.status_code == 403
    submitted.refresh_from_db()
    assert submitted.status == Status.SUBMITTED


# --- The list --------------------------------------------------------------------------------------------------------


def test_without_a_period_the_list_says_what_to_do(login, city):
    page = login(city.coordinator).get(reverse("period_list")).content.decode()
    assert "Belum ada periode penilaian" in page


def test_the_list_counts_by_status_and_leaves_cancelled_ones_out(login, city, submitted, period):
    cancelled = Assessment.objects.get(period=period, agency=city.dinsos)
    workflow.cancel(assessment_id=cancelled.pk, user=city.coordinator, reason="Digabung.")
    (row,) = login(city.coordinator).get(reverse("period_list")).context["rows"]
    assert row.shares == [("draft", 1), ("submitted", 1)]
    assert (row.handed_in, row.agencies) == (1, 2)


# --- Making one ------------------------------------------------------------------------------------------------------


def test_a_new_period_starts_with_the_default_instrument_and_every_agency_ticked(login, city, instrument):
    Agency.objects.create(
        slug="lama",
        name="Dinas Lama",
        short_name="Lama",
        kind="dinas",
        valid_until=timezone.localdate() - timedelta(1),
    )
    form = login(city.coordinator).get(reverse("period_create")).context["form"]
    assert form.initial["instrument"] == instrument.pk
    assert form.chosen == {city.dinkes.pk, city.dinsos.pk, city.diskominfo.pk}
    assert "Dinas Lama" not in str(form.groups)


def test_creating_stores_local_time_and_a_comma_number_and_goes_to_the_period(login, city, instrument):
    response = login(city.coordinator).post(reverse("period_create"), typed(instrument, [city.dinkes, city.dinsos]))
    period = Period.objects.get()
    assert response.url == reverse("period", args=[period.pk])
    assert period.target == Decimal("3.60")
    assert timezone.localtime(period.deadline).time() == time(16, 0)
    assert period.status == Period.Status.DRAFT
    assert period.assignments.count() == 2 * 47
    assert Event.objects.get(action="period.create").actor == city.coordinator


def test_everything_typed_stays_when_something_is_wrong(login, city, instrument):
    sent = typed(
        instrument, [city.dinkes], name="", year="duaribu", deadline_time="25.99", mend_days="0", target="tiga"
    )
    response = login(city.coordinator).post(reverse("period_create"), sent)
    assert response.status_code == 200
    assert errors(response) == {
        "name": ["Isi nama periode."],
        "year": ["Tulis tahun dengan angka, misalnya 2026."],
        "deadline_time": ["Tulis jam dan menit, misalnya 16.00."],
        "mend_days": ["Isi 1 sampai 60 hari kerja."],
        "target": ["Tulis angka dengan koma, misalnya 3,60."],
    }
    form = response.context["form"]
    assert {name: form[name].value() for name in sent} == sent
    page = response.content.decode()
    assert 'value="duaribu"' in page
    assert 'value="25.99"' in page
    assert f'id="opd-{city.dinkes.pk}" checked' in page
    assert f'id="opd-{city.dinsos.pk}" checked' not in page
    assert not Period.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "x" * 121}, "name"),
        ({"year": "1999"}, "year"),
        ({"year": "99999999999999999999999"}, "year"),
        ({"instrument": ""}, "instrument"),
        ({"instrument": "999"}, "instrument"),
        ({"instrument": "' OR 1=1"}, "instrument"),
        ({"starts_on": "lusa"}, "starts_on"),
        ({"starts_on": "2090-01-01"}, "deadline_date"),
        ({"deadline_date": ""}, "deadline_date"),
        ({"deadline_date": "2020-01-01", "starts_on": "2019-01-01"}, "deadline_date"),
        ({"deadline_time": ""}, "deadline_time"),
        ({"mend_days": "61"}, "mend_days"),
        ({"mend_days": "-1"}, "mend_days"),
        ({"target": "5,01"}, "target"),
        ({"target": "0,5"}, "target"),
        ({"target": "3,605"}, "target"),
        ({"target": "1e9"}, "target"),
        ({"target": "NaN"}, "target"),
        ({"agencies_chosen": []}, "agencies_chosen"),
        ({"agencies_chosen": ["999"]}, "agencies_chosen"),
        ({"agencies_chosen": ["satu"]}, "agencies_chosen"),
    ],
)
def test_a_wrong_value_is_said_at_its_field(login, city, instrument, changes, field):
    response = login(city.coordinator).post(reverse("period_create"), typed(instrument, [city.dinkes], **changes))
    assert response.status_code == 200
    assert list(errors(response)) == [field]
    assert not Period.objects.exists()


def test_a_deadline_in_the_past_is_said_with_the_other_errors_even_without_its_time(login, city, instrument):
    sent = typed(instrument, [], deadline_date="2026-01-05", deadline_time="jam empat", name="", starts_on="")
    found = errors(login(city.coordinator).post(reverse("period_create"), sent))
    assert found["deadline_date"] == ["Tanggal 5 Januari 2026 sudah lewat. Pilih yang akan datang."]
    assert set(found) == {"name", "starts_on", "deadline_date", "deadline_time", "agencies_chosen"}


def test_the_summary_of_errors_is_in_the_order_of_the_page(login, city, instrument):
    sent = typed(instrument, [], name="", starts_on="", deadline_date="", deadline_time="", mend_days="")
    page = login(city.coordinator).post(reverse("period_create"), sent).content.decode()
    names = ["name", "starts_on", "deadline_date", "deadline_time", "mend_days", "agencies_chosen"]
    assert re.findall(r'<li><a href="#id_(\w+)">', page) == names


def test_the_form_is_sent_to_its_own_address_without_a_place_on_the_page(login, city, instrument):
    page = login(city.coordinator).get(reverse("period_create")).content.decode()
    assert f'<form method="post" action="{reverse("period_create")}" novalidate>' in page


def test_a_name_is_given_once_whatever_its_case(login, city, instrument, draft):
    response = login(city.coordinator).post(
        reverse("period_create"), typed(instrument, [city.dinkes], name=" PENILAIAN 2027 ")
    )
    assert errors(response) == {"name": ["Nama ini sudah dipakai periode lain. Pilih nama lain."]}


def test_a_colon_and_a_point_are_taken_too(login, city, instrument):
    login(city.coordinator).post(
        reverse("period_create"), typed(instrument, [city.dinkes], deadline_time="8:05", target="3.6")
    )
    period = Period.objects.get()
    assert timezone.localtime(period.deadline).time() == time(8, 5)
    assert period.target == Decimal("3.60")


def test_an_instrument_that_is_not_whole_cannot_be_chosen_and_the_page_says_why(login, city, instrument):
    Indicator.objects.filter(instrument=instrument, code="1").update(weight_numerator=9)
    response = login(city.coordinator).get(reverse("period_create"))
    assert instrument not in response.context["form"].instruments
    assert "belum dapat dipakai" in response.content.decode()
    response = login(city.coordinator).post(reverse("period_create"), typed(instrument, [city.dinkes]))
    assert errors(response) == {"instrument": ["Instrumen ini tidak dapat dipakai. Pilih yang lain."]}


@pytest.mark.parametrize(
    ("button", "ticked"),
    [
        ("semua", {"dinkes", "dinsos", "diskominfo", "camat"}),
        ("kosong", set()),
        ("dinas", {"dinkes", "dinsos", "diskominfo"}),
    ],
)
def test_ticking_groups_needs_no_script_saves_nothing_and_keeps_the_rest(login, city, instrument, button, ticked):
    Agency.objects.create(slug="camat", name="Kecamatan", short_name="Kec.", kind="kecamatan")
    sent = typed(instrument, [city.dinkes], tandai=button, name="Belum selesai diketik", target="tiga")
    response = login(city.coordinator).post(reverse("period_create"), sent)
    form = response.context["form"]
    assert set(Agency.objects.filter(pk__in=form.chosen).values_list("slug", flat=True)) == ticked
    assert form["name"].value() == "Belum selesai diketik"
    assert form["target"].value() == "tiga"
    assert form["instrument"].value() == str(instrument.pk)
    assert not Period.objects.exists()


# --- Changing one ----------------------------------------------------------------------------------------------------


def edited(period: Period, **changes) -> dict:
    local = timezone.localtime(period.deadline)
    return {
        "name": period.name,
        "deadline_date": f"{local:%Y-%m-%d}",
        "deadline_time": f"{local:%H.%M}",
        "mend_days": str(period.mend_days),
        "target": "3,60",
        "reason": "",
        "version": str(period.version),
        **changes,
    }


def test_saving_a_running_period_unchanged_asks_for_no_reason_and_writes_no_event(login, city, period):
    before = Period.objects.get(pk=period.pk).deadline
    response = login(city.coordinator).post(reverse("period_edit", args=[period.pk]), edited(period))
    assert response.status_code == 302
    period.refresh_from_db()
    assert period.deadline == before
    assert not Event.objects.filter(action="period.edit").exists()


def test_a_new_deadline_while_running_needs_a_reason(login, city, period):
    later = f"{timezone.localdate() + timedelta(days=40):%Y-%m-%d}"
    page = reverse("period_edit", args=[period.pk])
    response = login(city.coordinator).post(page, edited(period, deadline_date=later))
    assert errors(response) == {"reason": ["Tulis alasan perubahan batas waktu."]}
    response = login(city.coordinator).post(page, edited(period, deadline_date=later, reason="Bencana banjir."))
    assert response.status_code == 302
    period.refresh_from_db()
    assert f"{timezone.localtime(period.deadline):%Y-%m-%d}" == later
    assert said(response) == [
        f"Perubahan periode sudah disimpan. Batas waktu sekarang {datetime_id(period.deadline)}."
    ]
    assert Event.objects.get(action="period.edit").reason == "Bencana banjir."


def test_instrument_and_year_of_a_running_period_cannot_be_sent(login, city, period):
    other = Instrument.objects.get(code="permenpanrb-59-2020")
    login(city.coordinator).post(
        reverse("period_edit", args=[period.pk]), edited(period, instrument=str(other.pk), year="2030", name="Baru")
    )
    period.refresh_from_db()
    assert (period.name, period.year) == ("Baru", 2026)
    assert period.instrument_id != other.pk


def test_an_agency_added_while_running_gets_its_assessment(login, city, period):
    camat = Agency.objects.create(slug="camat", name="Kecamatan Utara", short_name="Kec.", kind="kecamatan")
    page = reverse("period_edit", args=[period.pk])
    assert login(city.coordinator).get(page).context["form"].choices == [camat]
    login(city.coordinator).post(page, edited(period, agencies_chosen=[str(camat.pk)]))
    assert Assessment.objects.get(period=period, agency=camat).assigned_count == 47
    assert Assessment.objects.filter(period=period).count() == 4


def test_a_period_in_preparation_can_change_instrument_and_agencies(login, city, draft):
    other = Instrument.objects.get(code="permenpanrb-59-2020")
    sent = typed(other, [city.dinsos], name=draft.name, version="1")
    assert login(city.coordinator).post(reverse("period_edit", args=[draft.pk]), sent).status_code == 302
    draft.refresh_from_db()
    assert draft.instrument == other
    assert set(draft.assignments.values_list("agency__slug", "indicator__instrument").distinct()) == {
        ("dinsos", other.pk)
    }


def differing(response) -> list[tuple[str, str, str]]:
    return [(each.label, each.stored, each.typed) for each in response.context["differences"]]


def test_an_edit_over_an_older_state_is_refused_and_shows_both(login, city, period):
    client, page = login(city.coordinator), reverse("period_edit", args=[period.pk])
    assert client.post(page, edited(period, name="Penilaian SPBE 2026")).status_code == 302
    second = edited(period, mend_days="9")  # from a page opened before
    response = client.post(page, second)
    assert differing(response) == [
        ("Nama periode", "Penilaian SPBE 2026", "Penilaian 2026"),
        ("Waktu perbaikan (hari kerja)", "5", "9"),
    ]
    text = response.content.decode()
    assert all(part in text for part in ("Data ini juga diubah dari tempat lain", 'value="9"', "Penilaian SPBE 2026"))
    period.refresh_from_db()
    assert (period.name, period.mend_days, period.version) == ("Penilaian SPBE 2026", 5, 2)
    # Who has seen both sends once more, mended or not.
    mended = {**second, "name": "Penilaian SPBE 2026", "version": response.context["form"]["version"].value()}
    assert client.post(page, mended).status_code == 302
    period.refresh_from_db()
    assert (period.name, period.mend_days, period.version) == ("Penilaian SPBE 2026", 9, 3)


def test_the_same_edit_sent_twice_is_no_conflict(login, city, period):
    client, page = login(city.coordinator), reverse("period_edit", args=[period.pk])
    sent = edited(period, mend_days="9")
    assert [client.post(page, sent).status_code for _ in range(2)] == [302, 302]
    assert Event.objects.filter(action="period.edit").count() == 1


def test_a_moved_deadline_is_shown_beside_the_old_one_and_not_moved_back(login, city, period):
    client, page = login(city.coordinator), reverse("period_edit", args=[period.pk])
    old, later = edited(period, mend_days="9"), timezone.localdate() + timedelta(days=40)
    client.post(page, edited(period, deadline_date=f"{later:%Y-%m-%d}", reason="Banjir."))
    response = client.post(page, old)
    assert [label for label, *_ in differing(response)] == ["Batas waktu", "Waktu perbaikan (hari kerja)"]
    period.refresh_from_db()
    assert timezone.localdate(period.deadline) == later


def test_agencies_of_a_period_in_preparation_are_not_lost_to_an_older_form(login, city, draft):
    client, page = login(city.coordinator), reverse("period_edit", args=[draft.pk])
    local = timezone.localtime(draft.deadline)
    sent = typed(
        draft.instrument, [city.dinkes], deadline_date=f"{local:%Y-%m-%d}", deadline_time=f"{local:%H.%M}", target=""
    )
    first = {**sent, "version": "1", "agencies_chosen": [str(city.dinkes.pk), str(city.dinsos.pk)]}
    assert client.post(page, first).status_code == 302
    response = client.post(page, {**sent, "version": "1"})
    assert differing(response) == [("OPD yang dinilai", "2 OPD, termasuk Dinas Sosial", "1 OPD")]
    assert draft.assignments.values("agency").distinct().count() == 2


@pytest.mark.parametrize("version", ["", "x", "9" * 5000])
def test_a_form_without_its_version_is_not_saved(login, city, period, version):
    response = login(city.coordinator).post(
        reverse("period_edit", args=[period.pk]), edited(period, name="Lain", version=version)
    )
    assert errors(response) == {"version": ["Formulir ini tidak lengkap. Muat ulang halaman, lalu isi kembali."]}


def test_ticking_keeps_the_version_the_page_was_opened_on(login, city, draft):
    response = login(city.coordinator).post(
        reverse("period_edit", args=[draft.pk]), typed(draft.instrument, [], version="7", tandai="semua")
    )
    assert '<input type="hidden" name="version" value="7"' in response.content.decode()


def test_a_final_period_is_not_edited_but_explained(login, city, final, period):
    response = login(city.coordinator).get(reverse("period_edit", args=[period.pk]))
    assert response.url == reverse("period", args=[period.pk])
    assert said(response) == ["Periode ini berstatus Final, jadi tidak dapat diubah."]


# --- Opening ---------------------------------------------------------------------------------------------------------


def test_opening_asks_first_and_then_makes_the_assessments(login, city, draft):
    page = reverse("period_open", args=[draft.pk])
    assert login(city.coordinator).get(page).status_code == 200
    draft.refresh_from_db()
    assert draft.status == Period.Status.DRAFT
    response = login(city.coordinator).post(page)
    assert said(response) == ["Periode sudah dibuka. 2 OPD dapat mulai mengisi."]
    draft.refresh_from_db()
    assert draft.status == Period.Status.OPEN


def test_opening_before_the_first_day_is_warned_of(login, city, draft):
    client, page = login(city.coordinator), reverse("period_open", args=[draft.pk])
    warning = "bila dibuka sekarang, OPD dapat langsung mengisi."
    assert warning not in client.get(page).content.decode()
    Period.objects.filter(pk=draft.pk).update(starts_on="2027-10-01")
    assert f"Periode ini baru mulai 1 Oktober 2027; {warning}" in client.get(page).content.decode()


def test_opening_again_is_explained_and_changes_nothing(login, city, draft):
    page = reverse("period_open", args=[draft.pk])
    client = login(city.coordinator)
    client.post(page)
    for response in (client.post(page), client.get(page)):
        assert response.url == reverse("period", args=[draft.pk])
        assert "berstatus Berjalan" in said(response)[-1]
    assert Assessment.objects.filter(period=draft).count() == 2


def test_what_stands_in_the_way_is_listed_at_once_and_refuses(login, city, draft):
    draft.assignments.all().delete()
    Period.objects.filter(pk=draft.pk).update(deadline=timezone.now() - timedelta(days=1))
    page = reverse("period_open", args=[draft.pk])
    for response in (login(city.coordinator).get(page), login(city.coordinator).post(page)):
        assert [problem.code for problem in response.context["problems"]] == ["agencies", "deadline"]
    draft.refresh_from_db()
    assert draft.status == Period.Status.DRAFT


def test_agencies_nobody_may_review_are_named_before_opening(login, city, draft):
    # Only Diskominfo's own verifier and coordinator remain.
    Membership.objects.filter(user=city.verifier2).update(valid_until=timezone.localdate() - timedelta(days=1))
    response = login(city.coordinator).get(reverse("period_open", args=[draft.pk]))
    assert [row.agency.slug for row in response.context["without_reviewer"]] == ["diskominfo"]
    assert [row.agency.slug for row in response.context["without_operator"]] == ["diskominfo"]


# --- A running period ------------------------------------------------------------------------------------------------


def test_the_page_says_who_is_late_and_until_when_each_may_work(login, city, returned, period):
    soon = timezone.now() - timedelta(hours=1)
    Assessment.objects.filter(pk=returned.pk).update(mend_by=soon)
    response = login(city.coordinator).get(reverse("period", args=[period.pk]))
    progress = response.context["progress"]
    assert [row.assessment.agency.slug for row in progress.late] == ["dinkes"]
    assert progress.counts == {"returned": 1, "draft": 2}
    assert response.context["chips"] == [
        ("", "Semua", 3),
        ("draft", "Draf", 2),
        ("returned", "Dikembalikan", 1),
        ("terlambat", "Lewat batas waktu", 1),
    ]
    page = response.content.decode()
    assert "2 OPD belum mengajukan, 1 sedang memperbaiki." in page
    assert "1 OPD sudah lewat batas waktunya." in page
    assert "1 dari 3 OPD sudah mengajukan.</p>" in page


def test_a_returned_agency_counts_as_handed_in_on_the_list_the_page_and_the_results(login, city, returned, period):
    client = login(city.coordinator)
    row = client.get(reverse("period_list")).context["rows"][0]
    progress = client.get(reverse("period", args=[period.pk])).context["progress"]
    turnout = client.get(reverse("results")).context["turnout"]
    assert (row.handed_in, row.agencies) == (1, 3)
    assert (progress.handed_in, progress.active) == (1, 3)
    assert (turnout.handed_in, turnout.agencies) == (1, 3)
    assert (len(progress.waiting), len(progress.mending)) == (2, 1)


def test_a_new_period_tells_no_zeros(login, city, period):
    page = login(city.coordinator).get(reverse("period", args=[period.pk])).content.decode()
    assert "3 OPD belum mengajukan. Batas waktu" in page
    assert "sudah mengajukan" not in page
    assert "menunggu verifikasi" not in page


def test_filters_and_search_narrow_the_table(login, city, submitted, period):
    client, page = login(city.coordinator), reverse("period", args=[period.pk])

    def slugs(query: str) -> list[str]:
        return [row.assessment.agency.slug for row in client.get(page + query).context["page"].object_list]

    assert slugs("") == ["dinkes", "diskominfo", "dinsos"]
    assert slugs("?status=submitted") == ["dinkes"]
    assert slugs("?cari=SOSIAL") == ["dinsos"]
    assert slugs("?cari=diskom") == ["diskominfo"]
    assert slugs("?status=draft&cari=dinkes") == []
    assert slugs("?status=tidak-ada") == []
    assert slugs("?halaman=99") == ["dinkes", "diskominfo", "dinsos"]


def test_a_reviewer_who_filled_in_does_not_count_as_reviewer(login, city, assessment, period):
    Membership.objects.filter(user=city.verifier2).update(valid_until=timezone.localdate() - timedelta(days=1))
    page = reverse("period", args=[period.pk])
    client = login(city.coordinator)
    before = [row.assessment.agency.slug for row in client.get(page).context["progress"].without_reviewer]
    assert before == ["diskominfo"]
    fill(assessment, city.coordinator)
    fill(assessment, city.verifier)
    after = [row.assessment.agency.slug for row in client.get(page).context["progress"].without_reviewer]
    assert after == ["dinkes", "diskominfo"]


def test_the_reminder_names_who_has_not_handed_in_and_nobody_else(login, city, returned, period):
    hand_in(Assessment.objects.get(period=period, agency=city.dinsos), city.other_operator)
    reminder = login(city.coordinator).get(reverse("not_handed_in", args=[period.pk])).context["message"]
    waiting, mending = reminder.split("Sedang memperbaiki (1 OPD):")
    assert "1. Dinas Kesehatan: 2 indikator dikembalikan, paling lambat" in mending
    assert "Belum mengajukan (1 OPD):" in waiting
    assert "1. Dinas Komunikasi dan Informatika: 0 dari 47 indikator terisi" in waiting
    assert "Dinas Sosial" not in reminder


def test_the_coordinator_is_never_offered_to_review_their_own_agency(login, city, period):
    own = Assessment.objects.get(period=period, agency=city.diskominfo)
    fill(own, make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo)))
    Assessment.objects.filter(pk=own.pk).update(status="submitted", round=1, submitted_at=timezone.now())
    rows = login(city.coordinator).get(reverse("period", args=[period.pk])).context["progress"].rows
    assert {row.assessment.agency.slug: row.actions for row in rows}["diskominfo"] == ("withdraw", "cancel")


@pytest.mark.parametrize("name", ["period", "period_finalise", "period_list", "period_edit"])
def test_pages_of_a_period_take_as_many_queries_for_forty_agencies_as_for_three(login, city, period, name):
    client = login(city.coordinator)
    page = reverse(name, args=[] if name == "period_list" else [period.pk])
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(page)
    agencies = [
        Agency.objects.create(slug=f"kec-{n}", name=f"Kecamatan {n:02}", short_name=f"Kec. {n}", kind="kecamatan")
        for n in range(37)
    ]
    present = list(Agency.objects.filter(assignments__period=period).distinct())
    services.edit_period(period_id=period.pk, user=city.coordinator, details={}, agencies=[*present, *agencies])
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) == len(few)
    assert len(many) <= (18 if name == "period_finalise" else 14)  # the government's table too


@pytest.mark.parametrize("name", ["period", "period_open", "period_edit"])
def test_pages_before_opening_take_as_many_queries_for_forty_agencies_as_for_two(login, city, draft, name):
    client, page = login(city.coordinator), reverse(name, args=[draft.pk])
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    agencies = [
        Agency.objects.create(slug=f"kec-{n}", name=f"Kecamatan {n:02}", short_name=f"Kec. {n}", kind="kecamatan")
        for n in range(38)
    ]
    services.edit_period(
        period_id=draft.pk, user=city.coordinator, details={}, agencies=[city.dinkes, city.diskominfo, *agencies]
    )
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) == len(few)


# --- One agency: extend, reopen, cancel ------------------------------------------------------------------------------


def test_extending_moves_one_agencys_deadline(login, city, assessment, period):
    day = timezone.localdate() + timedelta(days=30)
    response = login(city.coordinator).post(
        reverse("extend", args=[assessment.pk]),
        {"deadline_date": f"{day:%Y-%m-%d}", "deadline_time": "12.30", "reason": "Gangguan jaringan."},
    )
    assert response.url == reverse("period", args=[period.pk])
    assessment.refresh_from_db()
    assert assessment.due_at == datetime.combine(day, time(12, 30), tzinfo=timezone.get_default_timezone())
    other = Assessment.objects.select_related("period").get(period=period, agency=city.dinsos)
    assert other.due_at == other.period.deadline
    assert Event.objects.get(action="assessment.extend").reason == "Gangguan jaringan."


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, ["deadline_date", "deadline_time", "reason"]),
        ({"deadline_date": "2020-01-01", "deadline_time": "12.00", "reason": "Ya."}, ["deadline_date"]),
        ({"deadline_date": "2090-01-01", "deadline_time": "12.00", "reason": "  "}, ["reason"]),
        ({"deadline_date": "besok", "deadline_time": "siang", "reason": "Ya."}, ["deadline_date", "deadline_time"]),
        ({"deadline_date": "2090-01-01", "deadline_time": "12.00", "reason": "x" * 2001}, ["reason"]),
    ],
)
def test_a_wrong_extension_is_said_at_its_field_and_kept(login, city, assessment, sent, fields):
    response = login(city.coordinator).post(reverse("extend", args=[assessment.pk]), sent)
    assert response.status_code == 200
    assert sorted(errors(response)) == sorted(fields)
    assert response.context["form"]["reason"].value() == sent.get("reason")
    assessment.refresh_from_db()
    assert assessment.extended_until is None


def test_the_same_extension_sent_twice_is_refused_at_its_field(login, city, assessment):
    sent = {"deadline_date": "2090-01-01", "deadline_time": "12.00", "reason": "Ya."}
    client, page = login(city.coordinator), reverse("extend", args=[assessment.pk])
    assert client.post(page, sent).status_code == 302
    assert list(errors(client.post(page, sent))) == ["deadline_date"]
    assert Event.objects.filter(action="assessment.extend").count() == 1


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_mistyped_year_is_said_at_its_field(login, city, assessment, instrument, day):
    sent = {"deadline_date": day, "deadline_time": "00.00", "reason": "Ya."}
    client = login(city.coordinator)
    wrong = ["Tahun harus antara 2018 dan 2100. Periksa kembali tanggalnya."]
    assert errors(client.post(reverse("extend", args=[assessment.pk]), sent)) == {"deadline_date": wrong}
    sent = typed(instrument, [city.dinkes], deadline_date=day, starts_on=day)
    assert errors(client.post(reverse("period_create"), sent)) == {"deadline_date": wrong, "starts_on": wrong}


def test_cancelling_needs_a_reason_and_sent_twice_it_is_explained(login, city, assessment, period):
    client, page = login(city.coordinator), reverse("cancel", args=[assessment.pk])
    assert errors(client.post(page, {"reason": " "})) == {"reason": ["Tulis alasannya terlebih dahulu."]}
    assert said(client.post(page, {"reason": "Digabung."})) == ["Penilaian Dinas Kesehatan sudah dibatalkan."]
    assessment.refresh_from_db()
    assert assessment.status == Status.CANCELLED
    again = client.post(page, {"reason": "Digabung."})
    assert again.url == reverse("period", args=[period.pk])
    assert "berstatus Dibatalkan" in said(again)[-1]


def test_reopening_a_final_assessment_runs_the_period_again_and_keeps_the_result(login, city, final, period):
    client, page = login(city.coordinator), reverse("reopen", args=[final.pk])
    assert "ditandai digantikan" in client.get(page).content.decode()
    response = client.post(page, {"reason": "Ada bukti baru."})
    assert response.url == reverse("period", args=[period.pk])
    period.refresh_from_db()
    assert period.status == Period.Status.OPEN
    assert Result.objects.get(assessment=final).superseded_at is not None
    assert "tidak dapat dilakukan sekarang" in said(client.post(page, {"reason": "Lagi."}))[-1]


def test_a_draft_cannot_be_reopened_and_the_page_says_so(login, city, assessment, period):
    response = login(city.coordinator).get(reverse("reopen", args=[assessment.pk]))
    assert response.url == reverse("period", args=[period.pk])
    assert said(response) == [
        "Penilaian Dinas Kesehatan berstatus Draf, jadi langkah “Buka kembali penilaian” tidak dapat dilakukan "
        "sekarang."
    ]


# --- Finalising and cancelling the period ----------------------------------------------------------------------------


def test_finalising_lists_what_is_not_approved_and_asks_why(login, city, approved, period):
    client, page = login(city.coordinator), reverse("period_finalise", args=[period.pk])
    response = client.get(page)
    assert [row.assessment.agency.slug for row in response.context["progress"].unfinished] == ["diskominfo", "dinsos"]
    listed = {"unfinished": response.context["progress"].unfinished_token}
    assert errors(client.post(page, listed)) == {"reason": ["Tulis alasannya terlebih dahulu."]}
    assert not Result.objects.exists()
    response = client.post(page, {**listed, "reason": "Batas waktu sudah lewat."})
    assert said(response) == [f"Periode sudah difinalkan: 1 hasil lengkap, 2 tidak selesai. {PEMDA_OPEN}"]
    page = client.get(response.url).content.decode()
    assert "1 hasil lengkap, 2 tidak selesai" in page
    assert "Batas waktu sudah lewat." in page


def test_what_would_freeze_is_grouped_by_what_is_still_possible(login, city, returned, period):
    for slug, user in (("dinsos", city.other_operator), ("diskominfo", None)):
        each = Assessment.objects.get(period=period, agency__slug=slug)
        hand_in(each, user or make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo)))
    accept_all(Assessment.objects.get(period=period, agency=city.dinsos), city.verifier)
    response = login(city.coordinator).get(reverse("period_finalise", args=[period.pk]))
    assert [
        (words, [row.assessment.agency.slug for row in rows]) for _, words, rows in response.context["progress"].groups
    ] == [
        ("tinggal disetujui", ["dinsos"]),
        ("belum selesai diverifikasi", ["diskominfo"]),
        ("sedang memperbaiki", ["dinkes"]),
    ]
    page = response.content.decode()
    assert "1 tinggal disetujui</h3>" in page
    dinsos = Assessment.objects.get(period=period, agency=city.dinsos)
    assert f'href="{reverse("approve", args=[dinsos.pk])}"' in page
    assert f'href="{reverse("extend", args=[returned.pk])}"' in page


def test_without_anything_unfinished_no_reason_is_asked(login, city, approved, period):
    for other in Assessment.objects.filter(period=period).exclude(pk=approved.pk):
        workflow.cancel(assessment_id=other.pk, user=city.coordinator, reason="Digabung.")
    client, page = login(city.coordinator), reverse("period_finalise", args=[period.pk])
    context = client.get(page).context
    assert "reason" not in context["form"].fields
    sent = {"unfinished": context["progress"].unfinished_token}
    done = said(client.post(page, sent))
    assert done == [f"Periode sudah difinalkan: 1 hasil lengkap, 0 tidak selesai. {PEMDA_OPEN}"]


CHANGED = (
    "Daftar OPD yang belum disetujui berubah setelah halaman ini dibuka, jadi periode belum difinalkan. "
    "Periksa daftar yang sekarang, lalu finalkan."
)


@pytest.mark.parametrize(
    "change",
    [
        lambda city, approved: workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Bukti baru."),
        lambda city, approved: hand_in(
            Assessment.objects.get(period=approved.period_id, agency=city.dinsos), city.other_operator
        ),
    ],
)
def test_finalising_is_refused_where_the_list_is_no_longer_the_one_on_screen(login, city, approved, period, change):
    client, page = login(city.coordinator), reverse("period_finalise", args=[period.pk])
    sent = {"unfinished": client.get(page).context["progress"].unfinished_token, "reason": "Waktu habis."}
    change(city, approved)
    response = client.post(page, sent)
    assert errors(response) == {"__all__": [CHANGED]}
    assert response.context["form"]["reason"].value() == "Waktu habis."
    assert not Result.objects.exists()
    again = re.search(r'name="unfinished" value="(\w+)"', response.content.decode())[1]
    assert client.post(page, {**sent, "unfinished": again}).status_code == 302
    assert Result.objects.count() == 3


def test_a_list_that_is_no_longer_empty_is_said_with_the_reason_it_asks_for(login, city, approved, period):
    for other in Assessment.objects.filter(period=period).exclude(pk=approved.pk):
        workflow.cancel(assessment_id=other.pk, user=city.coordinator, reason="Digabung.")
    client, page = login(city.coordinator), reverse("period_finalise", args=[period.pk])
    sent = {"unfinished": client.get(page).context["progress"].unfinished_token}
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Bukti baru.")
    assert errors(client.post(page, sent)) == {
        "__all__": [CHANGED],
        "reason": ["Tulis alasannya terlebih dahulu."],
    }


def test_the_list_is_looked_at_again_under_the_lock(city, approved, period):
    with pytest.raises(Stale) as refusal:
        workflow.finalise_period(
            period_id=period.pk, user=city.coordinator, reason="Waktu habis.", expected_unfinished="lain"
        )
    assert {each.agency.slug for each in refusal.value.current} == {"dinsos", "diskominfo"}


def test_after_a_partial_reopening_the_final_ones_are_told_apart_and_keep_their_reason(login, city, approved, period):
    client, page = login(city.coordinator), reverse("period", args=[period.pk])
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Waktu habis.")
    assert client.get(reverse("period_list")).context["rows"][0].standing == "1 hasil lengkap, 2 tidak selesai"
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Bukti baru.")
    shown = client.get(page).content.decode()
    assert '<p class="now-text">1 menunggu verifikasi, 2 tidak selesai.</p>' in shown
    workflow.approve(assessment_id=approved.pk, user=city.verifier)
    shown = client.get(page).content.decode()
    assert "Semua penilaian sudah disetujui" not in shown
    assert "Tidak ada lagi yang menunggu: 1 sudah disetujui, 2 tidak selesai. Periode dapat difinalkan lagi." in shown
    finalise = reverse("period_finalise", args=[period.pk])
    sent = {"unfinished": client.get(finalise).context["progress"].unfinished_token}
    assert said(client.post(finalise, sent))[-1] == (
        f"Periode sudah difinalkan: 1 hasil baru (revisi 2); 2 hasil lain tidak berubah. {PEMDA_OPEN}"
    )
    period.refresh_from_db()
    assert period.finalise_reason == "Waktu habis."
    assert "Alasan membekukan yang belum selesai: Waktu habis." in client.get(page).content.decode()


def test_finalising_again_is_explained_and_writes_no_second_result(login, city, final, period):
    page = reverse("period_finalise", args=[period.pk])
    response = login(city.coordinator).post(page, {"reason": "Lagi."})
    assert said(response) == ["Periode ini berstatus Final, jadi tidak dapat difinalkan."]
    assert Result.objects.filter(assessment=final).count() == 1


def test_a_period_without_anything_to_finalise_says_so(login, city, period):
    for each in Assessment.objects.filter(period=period):
        workflow.cancel(assessment_id=each.pk, user=city.coordinator, reason="Digabung.")
    client, page = login(city.coordinator), reverse("period_finalise", args=[period.pk])
    response = client.post(page, {"unfinished": client.get(page).context["progress"].unfinished_token})
    assert errors(response) == {"__all__": ["Tidak ada penilaian yang dapat difinalkan pada periode ini."]}


def test_cancelling_a_period_cancels_its_assessments_once(login, city, assessment, period):
    client, page = login(city.coordinator), reverse("period_cancel", args=[period.pk])
    assert client.get(page).context["number"] == 3
    client.post(page, {"reason": "Instrumen salah."})
    assert set(Assessment.objects.filter(period=period).values_list("status", flat=True)) == {"cancelled"}
    assert said(client.post(page, {"reason": "Lagi."}))[-1] == (
        "Periode ini berstatus Dibatalkan, jadi tidak dapat dibatalkan."
    )
    assert Event.objects.filter(action="period.cancel").count() == 1
    assert client.get(reverse("period", args=[period.pk])).status_code == 200


def test_a_period_with_results_cannot_be_cancelled(login, city, final, period):
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Ada bukti baru.")
    response = login(city.coordinator).post(reverse("period_cancel", args=[period.pk]), {"reason": "Coba."})
    assert said(response) == ["Periode ini pernah final dan punya hasil, jadi tidak dapat dibatalkan."]


def test_the_next_step_follows_the_state_of_the_period(login, city, period):
    client, page = login(city.coordinator), reverse("period", args=[period.pk])
    operators = {"dinkes": city.operator, "dinsos": city.other_operator}
    operators["diskominfo"] = make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo))
    assert "Ingatkan OPD" in client.get(page).content.decode()
    for each in Assessment.objects.filter(period=period).select_related("agency"):
        hand_in(each, operators[each.agency.slug])
    assert "Semua OPD sudah mengajukan: 3 menunggu verifikasi." in client.get(page).content.decode()
    for each in Assessment.objects.filter(period=period):
        reviewer = city.verifier2 if each.agency_id == city.diskominfo.pk else city.verifier
        accept_all(each, reviewer)
        workflow.approve(assessment_id=each.pk, user=reviewer)
    assert "Semua penilaian sudah disetujui" in client.get(page).content.decode()


# --- Whatever is sent ------------------------------------------------------------------------------------------------

ODD = ["9" * 30, "9" * 5000, "x", "-1", "\x00", "²"]


@pytest.mark.parametrize("sent", ODD)
def test_an_agency_that_is_none_is_said_at_its_field(login, city, instrument, sent):
    response = login(city.coordinator).post(
        reverse("period_create"), typed(instrument, [city.dinkes], agencies_chosen=[str(city.dinkes.pk), sent])
    )
    assert (response.status_code, list(errors(response))) == (200, ["agencies_chosen"])
    assert not Period.objects.exists()


@pytest.mark.parametrize("sent", ODD)
def test_an_instrument_that_is_none_is_said_at_its_field(login, city, instrument, sent):
    response = login(city.coordinator).post(
        reverse("period_create"), typed(instrument, [city.dinkes], instrument=sent)
    )
    assert (response.status_code, list(errors(response))) == (200, ["instrument"])


@pytest.mark.parametrize("sent", ODD)
def test_ticking_leaves_out_what_is_no_agency(login, city, instrument, sent):
    response = login(city.coordinator).post(
        reverse("period_create"),
        typed(instrument, [], agencies_chosen=[sent, str(city.dinkes.pk)], tandai="tidak-ada"),
    )
    assert response.context["form"].chosen == {city.dinkes.pk}


# --- Decisions that are not published yet ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["period", "period_finalise"])
def test_open_decisions_on_the_own_agency_are_not_counted_before_its_member(client, city, submitted, period, name):
    member = make_person("koordinator-dinkes", (Role.COORDINATOR, city.dinkes))
    accept_all(submitted, city.verifier)
    shown = {}
    for person in (city.coordinator, member):
        client.force_login(person)
        response = client.get(reverse(name, args=[period.pk]))
        row = next(row for row in response.context["progress"].rows if row.assessment == submitted)
        cells = re.findall(
            r'data-label="Diverifikasi"[^>]*>(?:<span class="stacked">)?([^<]*)', response.content.decode()
        )
        shown[person] = (row.decided, row.returned, "47/47" in cells)
    assert shown == {city.coordinator: (47, 0, True), member: (None, None, False)}


def test_returns_that_are_published_are_counted_before_everybody(login, city, returned, period):
    member = make_person("koordinator-dinkes", (Role.COORDINATOR, city.dinkes))
    response = login(member).get(reverse("period", args=[period.pk]))
    row = next(row for row in response.context["progress"].rows if row.assessment == returned)
    assert (row.decided, row.returned) == (47, 2)
    message = login(member).get(reverse("not_handed_in", args=[period.pk])).context["message"]
    assert "2 indikator dikembalikan" in message


@pytest.mark.parametrize("name", ["period_list", "results"])
def test_a_page_answers_head_and_refuses_post(login, city, final, name):
    client = login(city.coordinator)
    assert (client.head(reverse(name)).status_code, client.post(reverse(name)).status_code) == (200, 405)
