"""The pages of follow-ups: what they show, what they take, and what they cost."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from assessments.models import FollowUp
from assessments.services import followups as services
from assessments.tests.files import pdf
from assessments.tests.test_followups import a_plan, approve, be_pic, closed, made, noted, reported
from audit.models import Event
from conftest import hand_in, make_person

pytestmark = pytest.mark.django_db

__all__ = ["noted"]  # a fixture of the other module


def in_days(number: int) -> date:
    return timezone.localdate() + timedelta(days=number)


def typed(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


# --- The list --------------------------------------------------------------------------------------


def test_an_operator_sees_their_own_with_what_to_do_now(period, city, login):
    made(period, city, text="Milik Dinkes.", due_on=in_days(3))
    made(period, city, text="Milik Dinsos.", agency_id=city.dinsos.pk)
    page = text_of(login(city.operator).get(reverse("followup_list")))
    assert "Milik Dinkes." in page
    assert "Milik Dinsos." not in page
    assert "1 jatuh tempo dalam 7 hari. Yang terdekat: Indikator 12" in page
    assert reverse("followup_create") not in page


def test_a_coordinator_sees_all_and_is_led_to_what_waits(period, city, login):
    waiting = reported(made(period, city), city.operator)
    made(period, city, text="Milik Dinsos.", agency_id=city.dinsos.pk)
    page = text_of(login(city.coordinator).get(reverse("followup_list")))
    assert "1 laporan OPD menunggu pemeriksaan Anda." in page
    assert f'href="{reverse("followup", args=[waiting.pk])}">Periksa laporan' in page
    assert "Milik Dinsos." in page


def test_the_list_narrows_by_what_is_asked(period, city, login):
    late = made(period, city, text="Terlambat.")
    FollowUp.objects.filter(pk=late.pk).update(due_on=in_days(-1))
    closed(made(period, city, text="Dihentikan.", agency_id=city.dinsos.pk), city.coordinator, "drop")
    made(period, city, text="Tanpa indikator.", indicator_id=None, aim=None)
    client = login(city.coordinator)

    def shown(**query) -> list[str]:
        response = client.get(reverse("followup_list"), query)
        return [row.text for row in response.context["shown"].rows]

    assert shown() == ["Terlambat.", "Tanpa indikator."]
    assert shown(status="lewat") == ["Terlambat."]
    assert shown(status="dihentikan") == ["Dihentikan."]
    assert len(shown(status="semua")) == 3
    assert shown(indikator="12") == ["Terlambat."]
    assert shown(opd=city.dinsos.pk, status="semua") == ["Dihentikan."]
    assert shown(q="tanpa") == ["Tanpa indikator."]
    assert shown(asal="plan") == []
    assert shown(opd="x", periode="9999999999999999999", status="asing") == ["Terlambat.", "Tanpa indikator."]


@pytest.mark.parametrize("who", ["operator", "coordinator", "leader"])
def test_the_list_costs_the_same_with_many(period, city, login, who):
    client = login(getattr(city, who))
    made(period, city)
    client.get(reverse("followup_list"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("followup_list"))
    for code in ("1", "2", "3", "4", "5", "6"):
        made(period, city, indicator_id=period.instrument.indicators.get(code=code).pk)
        made(period, city, agency_id=city.dinsos.pk)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("followup_list"))
    assert len(few) == len(many)
    assert len(many) <= 13


# --- Making ----------------------------------------------------------------------------------------


def test_a_recommendation_is_typed(period, city, login):
    client = login(city.coordinator)
    body = {
        "text": "Tetapkan SOP.",
        "agency_id": city.dinkes.pk,
        "indicator_id": period.instrument.indicators.get(code="7").pk,
        "aim": "4",
        "due_on": typed(in_days(9)),
    }
    response = client.post(reverse("followup_create"), body)
    follow_up = FollowUp.objects.get()
    assert response["Location"] == reverse("followup", args=[follow_up.pk])
    assert (follow_up.agency, follow_up.indicator.code, follow_up.aim, follow_up.due_on, follow_up.period) == (
        city.dinkes,
        "7",
        4,
        in_days(9),
        period,
    )


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(period, city, login):
    body = {"text": "Tetapkan SOP.", "agency_id": city.dinkes.pk, "due_on": "31/12/2019", "aim": "3"}
    response = login(city.coordinator).post(reverse("followup_create"), body)
    page = text_of(response)
    assert "Tenggat tidak boleh sebelum hari ini." in page
    assert "Tetapkan SOP.</textarea>" in page
    assert FollowUp.objects.count() == 0


@pytest.mark.parametrize("name", ["followup_create", "followup_from_reviews", "followup_from_plan"])
def test_before_any_period_there_is_nothing_to_take(city, login, name):
    response = login(city.coordinator).get(reverse(name), follow=True)
    assert "Belum ada periode yang dibuka" in text_of(response)


@pytest.mark.parametrize("wanted", ["0", "x", "9" * 30])
def test_a_period_that_is_not_there_is_404(period, city, login, wanted):
    assert login(city.coordinator).get(reverse("followup_create"), {"periode": wanted}).status_code == 404


def test_notes_of_reviews_are_taken_over_with_one_date_and_others_of_their_own(noted, period, city, login):
    approve(noted, city)
    client = login(city.coordinator)
    url = reverse("followup_from_reviews")
    rows = client.get(url).context["rows"]
    first, second = (row.key for row in rows)
    body = {
        "baris": [first, second],
        "due_on": typed(in_days(30)),
        f"pilih-{first}": "on",
        f"teks-{first}": "Lengkapi.",
        f"pilih-{second}": "on",
        f"teks-{second}": "Perbaiki.",
        f"tenggat-{second}": typed(in_days(5)),
    }
    assert "2 tindak lanjut dibuat." in text_of(client.post(url, body, follow=True))
    assert [(row.text, row.due_on) for row in FollowUp.objects.order_by("pk")] == [
        ("Lengkapi.", in_days(30)),
        ("Perbaiki.", in_days(5)),
    ]
    page = text_of(client.get(url))
    assert "Sudah menjadi tindak lanjut" in page
    assert f"pilih-{first}" not in page
    again = client.post(url, body)
    assert (again.status_code, FollowUp.objects.count()) == (200, 2)


def test_a_form_without_a_tick_or_a_date_says_so_and_keeps_the_texts(noted, period, city, login):
    approve(noted, city)
    client = login(city.coordinator)
    url = reverse("followup_from_reviews")
    key = client.get(url).context["rows"][0].key
    page = text_of(client.post(url, {"baris": [key], f"teks-{key}": "Sudah diubah."}))
    assert "Belum ada yang dipilih." in page
    assert "Sudah diubah." in page
    page = text_of(client.post(url, {"baris": [key], f"teks-{key}": "Sudah diubah.", f"pilih-{key}": "on"}))
    assert "Isi tenggatnya" in page
    assert FollowUp.objects.count() == 0


def test_all_rows_can_be_ticked_without_a_script_and_nothing_is_made(noted, period, city, login):
    approve(noted, city)
    client = login(city.coordinator)
    url = reverse("followup_from_reviews")
    keys = [row.key for row in client.get(url).context["rows"]]
    response = client.post(url, {"baris": keys, "tandai": "semua", **{f"teks-{key}": "Ya." for key in keys}})
    form = response.context["form"]
    assert [form[f"pilih-{key}"].value() for key in keys] == [True, True]
    assert "error-summary" not in text_of(response)
    assert FollowUp.objects.count() == 0


def test_the_plan_is_taken_over(period, city, login):
    a_plan(period, city, "1", "12", "13")
    be_pic(period, city.diskominfo, "1", "12")
    client = login(city.coordinator)
    url = reverse("followup_from_plan")
    shown = client.get(url)
    assert "Belum ada PIC bagi Indikator 13" in text_of(shown)
    form = shown.context["form"]
    body = {"due_on": typed(in_days(40))}
    for row in shown.context["rows"]:
        body |= {f"pilih-{row.key}": "on", f"teks-{row.key}": form[f"teks-{row.key}"].value()}
    client.post(url, body)
    assert sorted(FollowUp.objects.values_list("indicator__code", "agency__slug", "source", "aim")) == [
        ("1", "diskominfo", "plan", 4),
        ("12", "diskominfo", "plan", 4),
    ]


@pytest.mark.parametrize("name", ["followup_from_reviews", "followup_from_plan"])
def test_taking_over_costs_the_same_with_many(noted, period, city, login, name):
    approve(noted, city)
    a_plan(period, city, "1")
    be_pic(period, city.diskominfo, *[str(number) for number in range(1, 20)])
    client = login(city.coordinator)
    client.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(name))
    a_plan(period, city, *[str(number) for number in range(1, 20)])
    answers = noted.answers.order_by("pk")[10:25]
    for answer in answers:
        answer.reviews.update(decision="adjust", verified_level=2, note="Kurang.")
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(reverse(name)).context["rows"]) > 15
    assert len(few) == len(many)


# --- One of them -----------------------------------------------------------------------------------


def carry(client, follow_up, **fields):
    body = {"progress": "60", "report": "Disusun.", "version": follow_up.version}
    return client.post(reverse("followup_report", args=[follow_up.pk]), body | fields)


def test_the_owner_saves_then_reports_with_proof(period, city, login):
    follow_up = made(period, city)
    client = login(city.operator)
    carry(client, follow_up, simpan="1")
    follow_up.refresh_from_db()
    assert (follow_up.status, follow_up.progress, follow_up.report) == ("open", 60, "Disusun.")
    file = SimpleUploadedFile("sk.pdf", pdf(1), content_type="application/pdf")
    carry(client, follow_up, lapor="1", file=file)
    follow_up.refresh_from_db()
    assert (follow_up.status, follow_up.progress, follow_up.proof.original_name) == ("reported", 100, "sk.pdf")
    assert "Menunggu pemeriksaan koordinator." in text_of(client.get(reverse("followup", args=[follow_up.pk])))


def test_two_operators_see_each_others_text_and_the_second_may_save_over_it(period, city, login):
    follow_up = made(period, city)
    carry(login(city.operator2), follow_up, report="Dari rekan.")
    client = login(city.operator)
    response = carry(client, follow_up, report="Dari saya.")
    page = text_of(response)
    assert response.status_code == 422
    assert "Dari rekan." in page
    assert "Dari saya.</textarea>" in page
    assert 'name="version" value="2"' in page
    follow_up.refresh_from_db()
    carry(client, follow_up, report="Dari saya.")
    follow_up.refresh_from_db()
    assert follow_up.report == "Dari saya."


def test_what_was_typed_after_it_was_closed_is_shown_to_be_copied(period, city, login):
    follow_up = made(period, city)
    closed(follow_up, city.coordinator, "drop")
    response = carry(login(city.operator), follow_up, report="Sudah lama saya tulis.")
    assert response.status_code == 422
    assert "Sudah lama saya tulis." in text_of(response)


def test_a_file_of_another_kind_is_refused_beside_its_field(period, city, login):
    follow_up = made(period, city)
    response = carry(login(city.operator), follow_up, file=SimpleUploadedFile("a.pdf", b"bukan pdf"), lapor="1")
    assert "isinya bukan PDF" in text_of(response)
    follow_up.refresh_from_db()
    assert (follow_up.status, follow_up.report) == ("open", "")


def test_the_coordinator_sends_back_with_a_note_that_the_owner_reads(period, city, login):
    follow_up = reported(made(period, city), city.operator)
    client = login(city.coordinator)
    url = reverse("followup_close", args=[follow_up.pk])
    refused = client.post(url, {"langkah": "return", "version": follow_up.version})
    assert (refused.status_code, "Tulis catatannya terlebih dahulu" in text_of(refused)) == (422, True)
    client.post(url, {"langkah": "return", "version": follow_up.version, "note": "Belum ditandatangani."})
    page = text_of(login(city.operator).get(reverse("followup", args=[follow_up.pk])))
    assert "Belum ditandatangani." in page
    assert "Laporkan selesai" in page


@pytest.mark.parametrize("name", ["", "report", "asing"])
def test_a_step_that_is_not_the_coordinators_does_nothing(period, city, login, name):
    follow_up = made(period, city)
    client = login(city.coordinator)
    client.post(reverse("followup_close", args=[follow_up.pk]), {"langkah": name, "version": 1, "note": "x"})
    follow_up.refresh_from_db()
    assert (follow_up.status, follow_up.version) == ("open", 1)


def test_a_coordinator_who_looked_at_an_older_report_looks_again(period, city, login):
    follow_up = reported(made(period, city), city.operator)
    response = login(city.coordinator).post(
        reverse("followup_close", args=[follow_up.pk]), {"langkah": "confirm", "version": 1}
    )
    assert (response.status_code, "berubah sejak halaman dibuka" in text_of(response)) == (422, True)
    follow_up.refresh_from_db()
    assert follow_up.status == "reported"


def test_editing_over_another_change_shows_both(period, city, login):
    follow_up = made(period, city)
    services.edit_follow_up(
        follow_up_id=follow_up.pk, user=city.coordinator, details={"text": "Dari rekan."}, version=1
    )
    body = {
        "text": "Dari saya.",
        "agency_id": city.dinkes.pk,
        "aim": "4",
        "due_on": typed(follow_up.due_on),
        "version": "1",
    }
    client = login(city.coordinator)
    response = client.post(reverse("followup_edit", args=[follow_up.pk]), body)
    assert [(each.stored, each.typed) for each in response.context["differences"]] == [("Dari rekan.", "Dari saya.")]
    client.post(reverse("followup_edit", args=[follow_up.pk]), body | {"version": "2"})
    follow_up.refresh_from_db()
    assert follow_up.text == "Dari saya."


def test_what_is_not_open_is_not_edited(period, city, login):
    follow_up = reported(made(period, city), city.operator)
    response = login(city.coordinator).get(reverse("followup_edit", args=[follow_up.pk]), follow=True)
    assert "tidak dapat diubah sekarang" in text_of(response)


@pytest.mark.parametrize("name", ["followup_report", "followup_close", "followup_edit"])
@pytest.mark.parametrize("who", ["other_operator", "verifier", "leader", "admin", "outsider"])
def test_nobody_else_posts(period, city, login, name, who):
    follow_up = made(period, city)
    events = Event.objects.count()
    body = {"langkah": "drop", "note": "x", "version": "1", "progress": "5", "text": "x"}
    response = login(getattr(city, who)).post(reverse(name, args=[follow_up.pk]), body)
    assert response.status_code in (403, 404)
    follow_up.refresh_from_db()
    assert (follow_up.version, Event.objects.count()) == (1, events)


def test_proof_is_an_attachment_for_those_who_may_and_taking_it_from_outside_is_recorded(period, city, login):
    member = make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
    follow_up = reported(
        made(period, city), city.operator, file=SimpleUploadedFile("sk.pdf", pdf(1), content_type="application/pdf")
    )
    url = reverse("followup_proof", args=[follow_up.pk])
    people = {
        city.operator: (200, 200),
        city.other_operator: (404, 404),
        city.verifier: (200, 200),
        member: (200, 200),
        city.coordinator: (200, 200),
        city.leader: (403, 200),
        city.admin: (404, 404),
        city.outsider: (404, 404),
    }
    before = {person: login(person).get(url).status_code for person in people}
    closed(follow_up, city.coordinator, "confirm")
    after = {person: login(person).get(url).status_code for person in people}
    assert {person: (before[person], after[person]) for person in people} == people
    response = login(city.verifier).get(url)
    assert response["Content-Disposition"] == 'attachment; filename="sk.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content) == pdf(1)
    takers = set(Event.objects.filter(action="followup.download").values_list("actor__username", flat=True))
    assert takers == {"verifikator", "verifikator-dinkes", "koordinator", "pimpinan"}


def test_without_a_file_there_is_nothing_to_download(period, city, login):
    follow_up = made(period, city)
    assert login(city.coordinator).get(reverse("followup_proof", args=[follow_up.pk])).status_code == 404


def test_the_history_is_for_those_who_work_on_it(period, city, login):
    url = reverse("followup", args=[reported(made(period, city), city.operator).pk])
    seen = {
        who: "Riwayat" in text_of(login(getattr(city, who)).get(url)) for who in ("operator", "verifier", "leader")
    }
    assert seen == {"operator": True, "verifier": True, "leader": False}


def test_the_page_costs_the_same_whatever_happened(period, city, login):
    follow_up = made(period, city)
    url = reverse("followup", args=[follow_up.pk])
    client = login(city.coordinator)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(3):
        follow_up.refresh_from_db()
        closed(reported(follow_up, city.operator), city.coordinator, "return")
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(url).context["history"]) == 7
    assert len(few) == len(many)


# --- Elsewhere -------------------------------------------------------------------------------------


def test_open_ones_stand_beside_the_indicator_for_the_agency_and_its_reviewer(assessment, period, city, login):
    follow_up = made(period, city, text="Tetapkan SOP lebih dahulu.")
    made(period, city, text="Untuk Dinsos.", agency_id=city.dinsos.pk)
    link = reverse("followup", args=[follow_up.pk])
    page = text_of(login(city.operator).get(reverse("answer", args=[assessment.pk, "12"])))
    assert f'<a href="{link}">Tetapkan SOP lebih dahulu.</a>' in page
    assert "Untuk Dinsos." not in page
    assert link not in text_of(login(city.operator).get(reverse("answer", args=[assessment.pk, "13"])))
    hand_in(assessment, city.operator)
    page = text_of(login(city.verifier).get(reverse("review", args=[assessment.pk, "12"])))
    assert f'<a href="{link}">Tetapkan SOP lebih dahulu.</a>' in page
    assert "Tindak lanjut yang belum selesai (1)" in page


def test_the_home_page_says_how_many_are_near_or_late(assessment, period, city, login):
    client = login(city.operator)
    assert "Lihat tindak lanjut" not in text_of(client.get(reverse("home")))
    for days in (2, 6, 20):
        made(period, city, due_on=in_days(days))
    late = made(period, city)
    FollowUp.objects.filter(pk=late.pk).update(due_on=in_days(-1))
    page = text_of(client.get(reverse("home")))
    assert "2 jatuh tempo dalam 7 hari, 1 lewat tenggat." in page
