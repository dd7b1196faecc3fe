"""The history of an assessment: who reads what of it, and how it reads."""

import io
import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Role
from accounts.permissions import rights_of
from assessments import workflow
from assessments.models import Answer, Review
from assessments.queries import history as histories
from assessments.services import answers as answer_services
from assessments.services import evidence as evidence_services
from assessments.services import reviews as review_services
from audit.anchors import make_anchor
from audit.models import Event, Verification
from audit.services import prepare, record_all
from conftest import accept_all, fill, hand_in, make_person
from spbe_portal.formatting import date_id

WRONG = "assessment:7: kejadian nomor 9 (id 31) diubah atau dipalsukan."
SECRET = "Catatan yang belum diumumkan"


def seen(person, path: str, **query: str) -> str:
    client = Client()
    client.force_login(person)
    response = client.get(path, query)
    assert response.status_code == 200
    return response.content.decode() if not response.streaming else b"".join(response).decode()


def page_of(assessment, person, **query: str) -> str:
    return seen(person, reverse("history", args=[assessment.pk]), **query)


def words(page: str) -> str:
    """A page as it reads."""
    return " ".join(re.sub(r"<[^>]*>", "", page).split())


def decide(assessment, code, user, decision="accept", **more):
    return review_services.decide(assessment_id=assessment.pk, code=code, user=user, decision=decision, **more)


def save(assessment, code, user, **changes):
    version = Answer.objects.get(assessment=assessment, indicator__code=code).version
    return answer_services.save_answer(
        assessment_id=assessment.pk, code=code, user=user, version=version, changes=changes
    )


def known_to(person, assessment) -> list[str]:
    return list(
        histories.readable_events(rights_of(person), assessment).order_by("id").values_list("action", flat=True)
    )


@pytest.fixture(autouse=True)
def _told_apart(city):
    """Names that stand nowhere else on a page."""
    city.verifier.name, city.verifier2.name = "Wahyu Pemeriksa", "Sri Penilai"
    for person in (city.verifier, city.verifier2):
        person.save(update_fields=["name"])


@pytest.fixture
def members(city):
    """Everybody who is a member of Dinkes, in every role that reads a history."""
    return [
        city.operator,
        make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes)),
        make_person("koordinator-dinkes", (Role.COORDINATOR, city.dinkes)),
        make_person("pimpinan-verifikator", (Role.LEADER, city.dinkes), (Role.VERIFIER, city.diskominfo)),
    ]


# --- What may be known ---------------------------------------------------------------------------------------------


class TestOpenDecisions:
    @pytest.fixture
    def decided(self, assessment, city):
        """Handed in; one indicator adjusted, then adjusted otherwise, none of it announced."""
        hand_in(assessment, city.operator, i12=4)
        decide(assessment, "12", city.verifier, "adjust", verified_level=2, note=SECRET)
        decide(assessment, "12", city.verifier, "adjust", verified_level=1, note=f"{SECRET} lagi", version=1)
        assessment.refresh_from_db()
        return assessment

    def test_other_agencies_reviewers_read_every_decision_with_its_change(self, decided, city):
        for person in (city.verifier, city.verifier2, city.coordinator):
            page = page_of(decided, person)
            assert "menyesuaikan indikator 12: level 4 menjadi 2" in page
            assert "mengubah hasil verifikasi indikator 12: level 2 menjadi 1" in page
            assert "Belum diumumkan" in page

    def test_members_learn_nothing_of_them_anywhere(self, decided, city, members):
        before = ["assessment.submit"]
        for person in members:
            assert known_to(person, decided) == before, person
            for path in (
                reverse("history", args=[decided.pk]),
                reverse("answer_history", args=[decided.pk, "12"]),
            ):
                for query in ({}, {"jenis": "verifikasi"}, {"indikator": "12"}, {"orang": str(city.verifier.pk)}):
                    page = seen(person, path, **query)
                    assert not [text for text in (SECRET, "menyesuaikan", "level 4") if text in page], (path, query)
                    assert str(city.verifier) not in page
            for shape in ("csv", "xlsx"):
                client = Client()
                client.force_login(person)
                response = client.get(reverse("history_export", args=[decided.pk]), {"bentuk": shape})
                body = b"".join(response) if response.streaming else response.content
                text = body.decode() if shape == "csv" else str(list(load_workbook(io.BytesIO(body)).active.values))
                assert "mengajukan penilaian" in text
                assert SECRET not in text
                assert "indikator 12" not in text
                assert str(city.verifier) not in text
            before = [*before, "history.export", "history.export"]  # taking a file is an act of its own

    def test_what_members_read_does_not_depend_on_decisions_being_there(self, decided, city):
        after = page_of(decided, city.operator)
        decide(decided, "13", city.verifier)
        decide(decided, "14", city.verifier, "return", reason="other", note="x")
        csrf = [line for line in page_of(decided, city.operator).splitlines() if "csrf" not in line.lower()]
        assert csrf == [line for line in after.splitlines() if "csrf" not in line.lower()]

    def test_a_coordinators_trail_hides_those_of_the_own_agency_only(self, decided, city, members):
        own = members[2]
        trail = reverse("audit_trail")
        assert SECRET not in seen(own, trail)
        assert SECRET in seen(city.coordinator, trail)
        export = reverse("audit_trail_export")
        assert SECRET not in seen(own, export, bentuk="csv")
        assert SECRET in seen(city.coordinator, export, bentuk="csv")

    def test_after_a_return_members_read_the_last_word_only(self, decided, city, members):
        decide(decided, "13", city.verifier, "return", reason="other", note="Perbaiki.")
        workflow.return_assessment(assessment_id=decided.pk, user=city.verifier)
        for person in members:
            page = page_of(decided, person)
            assert "menyesuaikan indikator 12: level 4 menjadi 1" in page
            assert f"{SECRET} lagi" in page
            assert "level 4 menjadi 2" not in page
            assert "level 2 menjadi 1" not in page
            assert known_to(person, decided).count("review.decide") == 2
        assert known_to(city.verifier, decided).count("review.decide") == 3

    def test_what_changes_after_an_announcement_stays_hidden_until_the_next(self, decided, city):
        accept_all(decided, city.verifier)
        workflow.approve(assessment_id=decided.pk, user=city.verifier)
        workflow.reopen(assessment_id=decided.pk, user=city.coordinator, reason="Keliru.")
        decide(decided, "12", city.verifier2, "adjust", verified_level=3, note="Rahasia kedua", version=2)
        page = page_of(decided, city.operator)
        assert "level 4 menjadi 1" in page
        assert "Rahasia kedua" not in page
        assert str(city.verifier2) not in page
        assert known_to(city.operator, decided).count("review.decide") == 1
        workflow.approve(assessment_id=decided.pk, user=city.verifier2)
        page = page_of(decided, city.operator)
        assert "level 4 menjadi 3" in page
        assert "Rahasia kedua" in page

    def test_an_act_without_words_is_kept_from_members(self, decided, city):
        with transaction.atomic():
            record_all(
                [prepare("review.secret", decided, actor=city.verifier, stream=f"assessment:{decided.pk}", reason="x")]
            )
        assert "review.secret" not in known_to(city.operator, decided)
        assert "review.secret" in known_to(city.verifier, decided)


STATES = ("draft", "submitted", "returned", "approved", "final", "cancelled")


def bring_to(assessment, state, city) -> None:
    """An assessment in `state`, with a decision on 12 that is open wherever one can be."""
    if state == "draft":
        return
    if state == "cancelled":
        workflow.cancel(assessment_id=assessment.pk, user=city.coordinator, reason="x")
        return
    hand_in(assessment, city.operator, i12=4)
    decide(assessment, "12", city.verifier, "adjust", verified_level=2, note=SECRET)
    if state == "returned":
        decide(assessment, "13", city.verifier, "return", reason="other", note="x")
        workflow.return_assessment(assessment_id=assessment.pk, user=city.verifier)
    if state == "approved":
        assessment.refresh_from_db()
        accept_all(assessment, city.verifier)
        workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    if state == "final":  # frozen while decisions were open: they were never announced
        workflow.finalise_period(period_id=assessment.period_id, user=city.coordinator, reason="x")


@pytest.mark.parametrize("state", STATES)
def test_who_reads_the_history_and_its_decisions_role_by_state(assessment, city, members, state):
    """Every role against every state: the status of the page, and whether the decision on 12 can be known."""
    bring_to(assessment, state, city)
    handed_in = state not in ("draft", "cancelled")
    announced = state in ("returned", "approved")
    people = {
        "operator": (city.operator, 200, announced),
        "member verifier": (members[1], 200, announced),
        "member coordinator": (members[2], 200, announced),
        "leader there, verifier elsewhere": (members[3], 200 if handed_in else 404, announced),
        "other operator": (city.other_operator, 404, False),
        "verifier": (city.verifier2, 200 if handed_in else 404, handed_in),
        "coordinator": (city.coordinator, 200, handed_in),
        "leader": (city.leader, 403 if handed_in else 404, False),
        "admin": (city.admin, 404, False),
        "outsider": (city.outsider, 404, False),
    }
    for name, (person, status, knows) in people.items():
        client = Client()
        client.force_login(person)
        for path, query in (
            (reverse("history", args=[assessment.pk]), {}),
            (reverse("answer_history", args=[assessment.pk, "12"]), {}),
            (reverse("history_export", args=[assessment.pk]), {"bentuk": "csv"}),
        ):
            response = client.get(path, query)
            assert response.status_code == status, (name, path)
            body = b"".join(response).decode() if response.streaming else response.content.decode()
            assert (SECRET in body) == (knows and status == 200), (name, path)


# --- How it reads --------------------------------------------------------------------------------------------------


def test_neighbouring_saves_of_one_person_on_one_answer_read_as_one(assessment, city):
    for text in ("Satu.", "Satu dua.", "Satu dua tiga."):
        save(assessment, "3", city.operator, fact=text)
    save(assessment, "3", city.operator, self_level=2)
    page = page_of(assessment, city.operator)
    assert "menyimpan indikator 3: level 2 dipilih, fakta ditulis (14 huruf)" in page
    assert "4 kali disimpan" in page
    assert page.count('<li class="act">') == 1


def test_another_person_another_answer_and_a_pause_break_a_burst(assessment, city):
    now = timezone.now()
    answers = {each.indicator.code: each for each in assessment.answers.select_related("indicator")}
    acts = [
        ("3", city.operator, 0),
        ("3", city.operator, 9),
        ("3", city.operator2, 10),
        ("3", city.operator, 11),
        ("4", city.operator, 12),
        ("4", city.operator, 22),
    ]
    with transaction.atomic():
        record_all(
            [
                prepare(
                    "answer.save",
                    answers[code],
                    actor=person,
                    stream=f"assessment:{assessment.pk}",
                    before={"self_level": 1},
                    after={"self_level": 2},
                    at=now + timedelta(minutes=minute),
                )
                for code, person, minute in acts
            ]
        )
    groups = histories.grouped(histories.readable_events(rights_of(city.operator), assessment))
    assert [len(group) for group in groups] == [1, 1, 1, 1, 2]


def test_what_is_kept_back_breaks_no_burst_and_leaves_no_gap(assessment, city):
    hand_in(assessment, city.operator)
    decide(assessment, "13", city.verifier, "return", reason="other", note="x")
    workflow.return_assessment(assessment_id=assessment.pk, user=city.verifier)
    save(assessment, "13", city.operator, fact="Satu.")
    save(assessment, "13", city.operator, fact="Satu dua.")
    assert "2 kali disimpan" in page_of(assessment, city.operator)


def test_a_coordinators_save_is_told_on_behalf_of_the_agency(assessment, city):
    save(assessment, "3", city.coordinator, self_level=2)
    page = words(page_of(assessment, city.operator))
    assert "(Koordinator penilaian, Diskominfo), atas nama Dinas Kesehatan, menyimpan indikator 3" in page


def test_filters_by_person_kind_indicator_and_day(assessment, city):
    save(assessment, "3", city.operator, self_level=2)
    save(assessment, "4", city.operator2, self_level=3)
    piece = evidence_services.add_link(
        assessment_id=assessment.pk, code="4", user=city.operator2, url="https://a.id/x"
    )
    evidence_services.edit(
        assessment_id=assessment.pk,
        code="4",
        user=city.operator2,
        evidence_id=piece.pk,
        details={"title": "Judul baru"},
    )
    evidence_services.remove(assessment_id=assessment.pk, code="4", user=city.operator2, evidence_id=piece.pk)

    def told(**query) -> int:
        return page_of(assessment, city.operator, **query).count('<li class="act">')

    assert told() == 5
    assert told(orang=str(city.operator.pk)) == 1
    assert told(jenis="bukti") == 3
    assert told(indikator="4") == 4
    assert told(indikator="4", jenis="isian") == 1
    today = timezone.localdate()
    assert told(dari=f"{today:%d/%m/%Y}", sampai=f"{today:%d/%m/%Y}") == 5
    assert told(sampai=f"{today - timedelta(days=1):%d/%m/%Y}") == 0
    assert told(orang="zz", jenis="zz", indikator="zz", dari="zz") == 5


def test_one_indicators_page_holds_what_is_about_it_and_nothing_else(assessment, city):
    save(assessment, "3", city.operator, self_level=2)
    save(assessment, "4", city.operator, self_level=3)
    page = seen(city.operator, reverse("answer_history", args=[assessment.pk, "3"]))
    assert "menyimpan indikator 3" in page
    assert "menyimpan indikator 4" not in page
    client = Client()
    client.force_login(city.operator)
    assert client.get(reverse("answer_history", args=[assessment.pk, "999"])).status_code == 404


def test_typed_texts_are_escaped_and_a_changed_passage_is_shown(assessment, city):
    save(assessment, "3", city.operator, fact="Awal <script>alert(1)</script> akhir")
    page = page_of(assessment, city.operator)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Ditulis" in page


def test_a_file_holds_the_filtered_rows_and_no_formula(assessment, city):
    save(assessment, "3", city.operator, fact="=1+1", self_level=2)
    workflow.extend(
        assessment_id=assessment.pk,
        user=city.coordinator,
        until=assessment.due_at + timedelta(days=1),
        reason='=HYPERLINK("http://x")',
    )
    path = reverse("history_export", args=[assessment.pk])
    text = seen(city.operator, path, bentuk="csv")
    head = "Nomor;Waktu (WIB);Pelaku;Peran;Atas nama;Jenis;Indikator;Perbuatan;Alasan;Rincian"
    assert text.startswith(f"\ufeff{head}\r\n")
    newest = Event.objects.filter(stream=f"assessment:{assessment.pk}", action="assessment.extend").get()
    assert f"\n{newest.pk};{timezone.localtime(newest.at):%Y-%m-%d %H:%M:%S};" in text
    assert "'=HYPERLINK" in text
    assert ";=" not in text
    assert ';"=' not in text
    only = seen(city.operator, path, bentuk="csv", jenis="isian")
    assert only.count("\r\n") == 2
    client = Client()
    client.force_login(city.operator)
    body = client.get(path, {"bentuk": "xlsx"}).content
    sheet = load_workbook(io.BytesIO(body)).active
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "n"}
    assert client.get(path, {"bentuk": "exe"}).status_code == 404


def test_taking_a_file_is_an_event_with_its_filters(assessment, city):
    seen(city.operator, reverse("history_export", args=[assessment.pk]), bentuk="csv", jenis="isian")
    event = Event.objects.get(action="history.export")
    assert (event.actor, event.stream) == (city.operator, f"assessment:{assessment.pk}")
    assert event.after == {"format": "csv", "filters": {"jenis": "isian"}}


def test_the_number_of_queries_is_that_of_one_event_however_many(assessment, city):
    def count(person, path) -> int:
        client = Client()
        client.force_login(person)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    save(assessment, "3", city.operator, self_level=2)
    evidence_services.add_link(assessment_id=assessment.pk, code="3", user=city.operator, url="https://a.id/x")
    path = reverse("history", args=[assessment.pk])
    few = count(city.operator, path)
    for number in range(4, 20):
        save(assessment, str(number), city.operator2 if number % 2 else city.coordinator, self_level=2)
        evidence_services.add_link(
            assessment_id=assessment.pk, code=str(number), user=city.operator, url=f"https://a.id/{number}"
        )
    assert count(city.operator, path) == few
    fill(assessment, city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    decide(assessment, "3", city.verifier)
    with_one = count(city.verifier, path)
    for number in range(4, 20):
        decide(assessment, str(number), city.verifier)
    assert count(city.verifier, path) == with_one
    assert Review.objects.count() == 17


def test_the_state_of_the_chain_is_told_without_the_number_of_events(assessment, city):
    save(assessment, "3", city.operator, self_level=2)
    path = reverse("history", args=[assessment.pk])
    assert "belum pernah diperiksa" in seen(city.operator, path)
    Verification.objects.create(events=4321, streams=7, anchors=1)
    page = seen(city.operator, path)
    assert "Rantai jejak utuh" in page
    assert "4.321" not in page
    assert "4.321 kejadian" in seen(city.coordinator, reverse("audit_trail"))
    assert "· jangkar " not in page
    anchor = make_anchor()
    page = seen(city.operator, path)
    assert f"· jangkar {date_id(anchor.day)}" in page
    assert anchor.digest[:16] in page  # as the minutes print it
    Verification.objects.create(events=1, streams=1, anchors=1, problems=[WRONG], problem_count=1)
    assert "tidak utuh" in seen(city.operator, path)
    assert "nomor 9" not in seen(city.operator, path)
    page = seen(city.coordinator, reverse("audit_trail"))
    assert page.index(WRONG) < page.index("Jenis perbuatan")  # above the events
    assert f'href="{reverse("audit_trail")}?aliran=assessment%3A7"' in page


def test_the_trail_is_filtered_by_an_indicator_of_every_agency(assessment, city):
    save(assessment, "3", city.operator, self_level=2)
    save(assessment, "4", city.operator, self_level=5)
    evidence_services.add_link(assessment_id=assessment.pk, code="3", user=city.operator, url="https://a.id/x")
    trail = reverse("audit_trail")
    assert "indikator 4</a>" in seen(city.coordinator, trail)
    page = seen(city.coordinator, trail, indikator="3")
    assert page.count("indikator 3</a>") == 2
    assert "indikator 4</a>" not in page
    assert "Tidak ada kejadian yang cocok" in seen(city.coordinator, trail, indikator="999")
    assert "indikator 4</a>" in seen(city.coordinator, trail, indikator="4'--")  # makes no sense, so filters nothing
