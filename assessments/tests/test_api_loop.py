"""The loop for programs: what is told, what is refused, and that nothing is decided otherwise than on the pages."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from assessments.models import Answer, Assessment, DocumentVersion, Evidence, Period, Review
from assessments.services import documents
from assessments.tests.files import pdf
from assessments.tests.test_api_parity import client_of
from audit.models import Event
from conftest import accept_all, attach, fill, hand_in


def at(name: str, *args) -> str:
    return reverse(f"api_{name}", args=args)


@pytest.fixture
def operator(city):
    return client_of(city.operator)


@pytest.fixture
def verifier(city):
    return client_of(city.verifier)


@pytest.fixture
def coordinator(city):
    return client_of(city.coordinator)


# --- Assessments -----------------------------------------------------------------------------------------------------


def test_the_list_narrows_orders_and_pages_with_a_fixed_number_of_queries(coordinator, assessment, city, period):
    def listed(**wanted):
        with CaptureQueriesContext(connection) as queries:
            answer = coordinator.get(at("assessments"), wanted)
        return answer.json(), len(queries)

    listed()  # the first use of a token is noted
    everything, many = listed()
    of_one, one = listed(agency=city.dinkes.pk)
    assert (everything["count"], of_one["count"]) == (3, 1)
    assert many == one
    assert [row["agency"]["short_name"] for row in everything["results"]] == ["Dinkes", "Diskominfo", "Dinsos"]
    backwards, _ = listed(ordering="-agency__name", page_size=2)
    assert [row["agency"]["short_name"] for row in backwards["results"]] == ["Dinsos", "Diskominfo"]
    assert "page=2" in backwards["next"]
    assert set(listed(ordering="round")[0]) == {"ordering"}  # refused, not passed over
    assert listed(status="submitted")[0]["count"] == 0
    row = of_one["results"][0]
    assert row["period"] == {
        "id": period.pk,
        "name": "Penilaian 2026",
        "year": 2026,
        "status": "open",
        "instrument": "spbe-47-7aspek",
    }
    assert row["self"] == {
        "index": "1.00",
        "index_exact": "1",
        "predicate": "Kurang",
        "coverage": {"answered": 0, "assigned": 47},
    }
    assert row["verified"] is None


def test_a_filter_that_means_nothing_is_refused(coordinator, assessment):
    assert coordinator.get(at("assessments"), {"agency": "x"}).status_code == 400
    assert coordinator.get(at("assessments"), {"period": "9" * 30}).status_code == 400
    assert coordinator.get(at("assessments"), {"status": "selesai"}).status_code == 400


def test_one_assessment_tells_figures_deadlines_and_actions(operator, assessment, city, period):
    fill(assessment, city.operator, i1=5)
    answer = operator.get(at("assessment", assessment.pk))
    told = answer.json()
    assert told["status"] == "draft"
    assert told["actions"] == ["submit"]
    assert told["self"]["coverage"] == {"answered": 47, "assigned": 47}
    assert (told["self"]["index"], told["self"]["index_exact"]) == ("3.03", "3.026")
    assert set(told["self"]["domains"]) == {"1", "2", "3", "4"}
    assert len(told["self"]["aspects"]) == 7
    assert told["verified"] is None
    assert told["due_at"] == told["deadline"]
    assert answer.headers["ETag"] == f'"{told["revision"]}"'


def test_the_verified_index_is_provisional_for_reviewers_and_absent_for_the_agency(
    operator, verifier, coordinator, submitted, city
):
    answer = verifier.put(
        at("review", submitted.pk, "1"), {"decision": "adjust", "verified_level": 1, "note": "Belum ada."}
    )
    assert (answer.status_code, answer.json()["verified_level"], answer.headers["ETag"]) == (200, 1, '"1"')
    seen = verifier.get(at("assessment", submitted.pk)).json()
    assert (seen["verified"]["provisional"], seen["verified"]["decided"]) == (True, 1)
    assert (seen["verified"]["index"], seen["verified"]["coverage"]) == ("1.00", {"answered": 1, "assigned": 47})
    assert operator.get(at("assessment", submitted.pk)).json()["verified"] is None
    submitted.refresh_from_db()
    accept_all(submitted, city.verifier)
    approved = verifier.post(at("assessment_approve", submitted.pk))
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    known = operator.get(at("assessment", submitted.pk)).json()
    assert (known["verified"]["provisional"], known["verified"]["index"]) == (False, "2.97")
    row = operator.get(at("assessments")).json()["results"][0]
    assert (row["verified"]["index_exact"], row["decided"]) == ("2.974", None)
    assert operator.get(at("review", submitted.pk, "1")).json()["reviewer"] is None
    assert coordinator.get(at("review", submitted.pk, "1")).json()["reviewer"] == str(city.verifier)


def test_problems_are_those_that_a_submission_is_refused_with(operator, assessment, city):
    listed = operator.get(at("assessment_problems", assessment.pk)).json()
    refused = operator.post(at("assessment_submit", assessment.pk))
    assert listed["count"] == 47
    assert listed["problems"][0] == {
        "code": "unanswered",
        "indicator": "1",
        "message": listed["problems"][0]["message"],
    }
    assert (refused.status_code, refused.json()["problems"]) == (409, listed["problems"])
    fill(assessment, city.operator)
    assert operator.get(at("assessment_problems", assessment.pk)).json() == {"count": 0, "problems": []}
    assert operator.post(at("assessment_submit", assessment.pk)).json()["status"] == "submitted"


# --- Answers ---------------------------------------------------------------------------------------------------------


def test_all_answers_come_in_order_with_a_fixed_number_of_queries(operator, assessment, city):
    with CaptureQueriesContext(connection) as few:
        empty = operator.get(at("answers", assessment.pk)).json()
    fill(assessment, city.operator)
    with CaptureQueriesContext(connection) as many:
        full = operator.get(at("answers", assessment.pk)).json()
    assert (empty["count"], full["count"]) == (47, 47)
    assert [row["number"] for row in full["results"]][:3] == ["1", "2", "3"]
    assert {len(row["evidence"]) for row in full["results"]} == {1}
    assert len(many) <= len(few) + 1  # without evidence there is nothing to fetch beside it


def test_a_save_answers_with_what_is_stored_and_its_new_version(operator, assessment, city):
    url = at("answer", assessment.pk, "12")
    before = operator.get(url)
    body = {"self_level": 3, "fact": "Ada.\r\n", "version": before.json()["version"]}
    saved = operator.patch(url, body)
    told = saved.json()
    assert (saved.status_code, told["self_level"], told["fact"], told["analysis"]) == (200, 3, "Ada.\n", "")
    assert (told["version"], saved.headers["ETag"], told["changed_by"]) == (2, '"2"', str(city.operator))
    by_etag = operator.patch(url, {"not_applicable": True, "not_applicable_reason": "Bukan."}, HTTP_IF_MATCH='"2"')
    assert (by_etag.status_code, by_etag.json()["self_level"]) == (200, None)
    assert Event.objects.filter(action="answer.save").count() == 2


def test_a_stale_save_is_refused_with_what_is_stored(operator, assessment, city):
    url = at("answer", assessment.pk, "12")
    client_of(city.operator2).patch(url, {"fact": "Milik orang lain.", "version": 1})
    refused = operator.patch(url, {"fact": "Milik saya.", "version": 1})
    assert refused.status_code == 409
    assert refused.json()["current"] == operator.get(url).json()
    assert refused.json()["current"]["fact"] == "Milik orang lain."


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"fact": "Tanpa versi."}, "version"),
        ({"self_level": 9, "version": 1}, "self_level"),
        ({"self_level": True, "version": 1}, "self_level"),
        ({"self_level": 2.5, "version": 1}, "self_level"),
        ({"fact": None, "version": 1}, "fact"),
        ({"fact": "x" * 20_001, "version": 1}, "fact"),
        ({"verified_level": 5, "version": 1}, "verified_level"),
        ({"not_applicable": "mungkin", "version": 1}, "not_applicable"),
        ({"version": -1}, "version"),
    ],
    ids=["unseen", "beyond", "truth", "half", "null", "long", "foreign", "perhaps", "negative"],
)
def test_values_are_refused_by_field(operator, assessment, body, named):
    refused = operator.patch(at("answer", assessment.pk, "12"), body)
    assert (refused.status_code, list(refused.json())) == (400, [named])
    assert Answer.objects.get(assessment=assessment, indicator__code="12").version == 1


def test_what_is_no_object_is_refused_too(operator, assessment):
    assert operator.patch(at("answer", assessment.pk, "12"), [1]).status_code == 400
    url = at("answer", assessment.pk, "12")
    assert operator.patch(url, '{"fact": "\\ud800", "version": 1}', content_type="application/json").status_code == 400
    assert operator.patch(url, "{", content_type="application/json").status_code == 400


def test_an_answer_that_is_not_there_is_not_found(operator, assessment):
    assert operator.get(at("answer", assessment.pk, "99")).status_code == 404
    assert operator.patch(at("answer", assessment.pk, "99"), {"fact": "x", "version": 1}).status_code == 404


def late(period: Period) -> None:
    Period.objects.filter(pk=period.pk).update(deadline=timezone.now() - timedelta(minutes=1))


def test_after_the_deadline_nothing_is_taken(operator, assessment, period):
    late(period)
    url = at("answer", assessment.pk, "12")
    assert "Batas waktu" in operator.get(url).json()["lock"]
    saved = operator.patch(url, {"fact": "Terlambat.", "version": 1})
    added = operator.post(at("evidence_list", assessment.pk, "12"), {"url": "https://contoh.go.id/sk"})
    assert (saved.status_code, added.status_code) == (409, 409)
    assert "Batas waktu" in saved.json()["detail"]


def test_an_agency_replies_once_to_what_came_back(operator, returned):
    url = at("answer_reply", returned.pk, "1")
    assert operator.post(url, {"text": " "}).status_code == 400
    told = operator.post(url, {"text": "Sudah kami tanda tangani."})
    assert (told.status_code, told.json()["reply"]) == (200, "Sudah kami tanda tangani.")
    assert operator.post(url, {"text": "Lagi."}).status_code == 409
    assert operator.get(at("answer", returned.pk, "1")).json()["review"]["reply"] == "Sudah kami tanda tangani."
    assert operator.get(at("answer", returned.pk, "3")).json()["lock"] != ""


# --- Evidence --------------------------------------------------------------------------------------------------------


def upload(client, assessment: Assessment, content: bytes = b"", name: str = "sk.pdf", **details):
    file = SimpleUploadedFile(name, content or pdf(2), "application/pdf")
    return client.post(at("evidence_list", assessment.pk, "12"), {"file": file, **details}, format="multipart")


def test_a_file_becomes_evidence_and_comes_back_as_it_was(operator, assessment, city):
    content = pdf(2)
    added = upload(operator, assessment, content, title="SK Tim SPBE", date="2026-03-01", pages="1-2", level="3")
    told = added.json()
    assert (added.status_code, told["title"], told["date"], told["level"]) == (201, "SK Tim SPBE", "2026-03-01", 3)
    assert (told["version"]["file_name"], told["version"]["page_count"], told["was_known"]) == ("sk.pdf", 2, False)
    got = operator.get(told["download"], HTTP_ACCEPT="*/*")
    assert (got.status_code, b"".join(got.streaming_content)) == (200, content)
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert upload(operator, assessment, content).status_code == 400  # the same again
    assert operator.get(at("answer", assessment.pk, "12")).json()["evidence"][0]["id"] == told["id"]
    listed = operator.get(at("evidence_list", assessment.pk, "12")).json()
    assert (listed["count"], listed["results"][0]["title"]) == (1, "SK Tim SPBE")


def test_files_are_checked_as_on_the_page(operator, assessment, settings):
    wrong = upload(operator, assessment, b"MZ not a pdf")
    assert (wrong.status_code, list(wrong.json())) == (400, ["file"])
    assert upload(operator, assessment, name="program.exe").status_code == 400
    settings.EVIDENCE_MAX_BYTES = 200
    large = upload(operator, assessment)
    assert (large.status_code, "terlalu besar" in large.json()["detail"].lower()) == (413, True)
    assert not Evidence.objects.exists()


def test_exactly_one_source_is_asked_for(operator, assessment):
    url = at("evidence_list", assessment.pk, "12")
    assert operator.post(url, {"title": "Tanpa isi"}).status_code == 400
    assert operator.post(url, {"url": "javascript:alert(1)"}).json() == {
        "url": ["Alamat tidak dapat dipakai. Tulis lengkap dengan https:// di depannya, tanpa karakter tersembunyi."]
    }
    added = operator.post(url, {"url": "https://jdih.contoh.go.id/perwal.pdf", "title": "Perwal", "kind": "peraturan"})
    assert (added.status_code, added.json()["kind"], added.json()["download"]) == (201, "peraturan", None)


def test_a_document_of_the_library_is_attached_but_not_another_agencys(operator, assessment, city):
    own = documents.add_link(agency_id=city.dinkes.pk, user=city.operator, url="https://contoh.go.id/a").version
    theirs = documents.add_link(agency_id=city.dinsos.pk, user=city.other_operator, url="https://contoh.go.id/b")
    url = at("evidence_list", assessment.pk, "12")
    added = operator.post(url, {"document_version": own.pk, "pages": "4", "level": 2})
    assert (added.status_code, added.json()["was_known"], added.json()["pages"]) == (201, True, "4")
    assert operator.post(url, {"document_version": theirs.version.pk}).status_code == 404
    assert list(operator.post(url, {"document_version": own.pk, "title": "Lain"}).json()) == ["title"]


def test_evidence_is_described_and_taken_off(operator, assessment, city):
    made = attach(Answer.objects.get(assessment=assessment, indicator__code="12"), city.operator)
    url = at("evidence", assessment.pk, "12", made.pk)
    changed = operator.patch(url, {"title": "Laporan 2026", "level": 2})
    assert (changed.status_code, changed.json()["title"], changed.json()["level"]) == (200, "Laporan 2026", 2)
    assert operator.patch(url, {"title": ""}).status_code == 400
    assert operator.get(at("evidence", assessment.pk, "13", made.pk)).status_code == 404
    assert (operator.delete(url).status_code, operator.delete(url).status_code) == (204, 404)


def test_a_reviewers_download_is_recorded_and_a_dangerous_file_stays_closed(verifier, submitted):
    made = Evidence.objects.filter(answer__assessment=submitted, answer__indicator__code="12").get()
    url = at("evidence_file", submitted.pk, "12", made.pk)
    assert verifier.get(url).status_code == 200
    assert Event.objects.filter(action="evidence.download").count() == 1
    DocumentVersion.objects.update(scan=DocumentVersion.Scan.INFECTED)
    closed = verifier.get(url, HTTP_ACCEPT="application/pdf")
    assert (closed.status_code, "berbahaya" not in closed.json()["detail"]) == (409, True)
    assert Event.objects.filter(action="evidence.download").count() == 1


def test_a_lost_file_is_said_to_be_lost(verifier, submitted):
    made = Evidence.objects.filter(answer__assessment=submitted, answer__indicator__code="12").get()
    made.version.file.storage.delete(made.version.file.name)
    lost = verifier.get(at("evidence_file", submitted.pk, "12", made.pk))
    assert (lost.status_code, "penyimpanan" in lost.json()["detail"]) == (404, True)


def test_evidence_of_what_is_handed_in_is_frozen(operator, submitted):
    made = Evidence.objects.filter(answer__assessment=submitted, answer__indicator__code="12").get()
    url = at("evidence", submitted.pk, "12", made.pk)
    assert operator.patch(url, {"pages": "9"}).status_code == 409
    assert operator.delete(url).status_code == 409
    assert upload(operator, submitted).status_code == 409


# --- Decisions -------------------------------------------------------------------------------------------------------


def test_a_decision_needs_what_its_kind_needs(verifier, submitted):
    url = at("review", submitted.pk, "1")
    assert list(verifier.put(url, {"decision": "tolak"}).json()) == ["decision"]
    assert set(verifier.put(url, {"decision": "adjust"}).json()) == {"verified_level", "note"}
    assert set(verifier.put(url, {"decision": "return"}).json()) == {"reason", "note"}
    assert not Review.objects.exists()


def test_own_decisions_are_replaced_and_others_never_unseen(verifier, submitted, city):
    url = at("review", submitted.pk, "1")
    other = client_of(city.verifier2)
    assert verifier.put(url, {"decision": "accept"}).json()["version"] == 1
    adjusted = {"decision": "adjust", "verified_level": 2, "note": "Belum memadai."}
    assert verifier.put(url, adjusted).json()["version"] == 2
    refused = other.put(url, {"decision": "accept"})
    assert (refused.status_code, refused.json()["current"]["verified_level"]) == (409, 2)
    assert other.put(url, {"decision": "accept", "version": 2}).json()["version"] == 3
    assert verifier.put(url, adjusted, HTTP_IF_MATCH='"2"').status_code == 409
    assert verifier.put(url, {**adjusted, "version": None}).status_code == 409


def test_a_decision_of_an_earlier_round_is_refused(verifier, submitted):
    assert verifier.put(at("review", submitted.pk, "1"), {"decision": "accept", "round": 0}).status_code == 409


def test_after_a_reopening_announced_decisions_can_be_changed(verifier, coordinator, approved):
    assert coordinator.post(at("assessment_reopen", approved.pk), {"reason": " "}).status_code == 400
    assert coordinator.post(at("assessment_reopen", approved.pk), {"reason": "Bukti baru."}).status_code == 200
    decided = verifier.put(
        at("review", approved.pk, "1"), {"decision": "adjust", "verified_level": 4, "note": "Terpenuhi."}
    )
    assert (decided.status_code, decided.json()["version"]) == (200, 2)


# --- Moves -----------------------------------------------------------------------------------------------------------


def test_a_return_sets_its_time_and_says_what_is_wrong_with_it(verifier, submitted):
    url = at("assessment_return", submitted.pk)
    assert verifier.post(url).status_code == 409  # nothing is marked
    back = {"decision": "return", "reason": "not_signed", "note": "Belum ditandatangani."}
    verifier.put(at("review", submitted.pk, "1"), back)
    assert list(verifier.post(url, {"mend_by": "2020-01-01T10:00"}).json()) == ["mend_by"]
    assert list(verifier.post(url, {"mend_by": "9999-12-31T23:59:59-12:00"}).json()) == ["mend_by"]
    stale = verifier.post(url, {"revision": 1})
    assert (stale.status_code, stale.json()["current"]["status"]) == (409, "submitted")
    until = (timezone.now() + timedelta(days=3)).replace(microsecond=0)
    told = verifier.post(url, {"mend_by": until.isoformat()}).json()
    assert (told["status"], told["returned"]) == ("returned", 1)
    assert told["due_at"] == told["mend_by"] == timezone.localtime(until).isoformat()


def test_what_is_undecided_stands_in_the_way_of_approval(verifier, submitted):
    refused = verifier.post(at("assessment_approve", submitted.pk), {})
    assert (refused.status_code, len(refused.json()["problems"])) == (409, 47)


def test_extending_moves_one_agencys_deadline(coordinator, assessment, period):
    until = (period.deadline + timedelta(days=4)).isoformat()
    told = coordinator.post(at("assessment_extend", assessment.pk), {"until": until, "reason": "Bencana."}).json()
    assert told["due_at"] == told["extended_until"]
    assert told["due_at"] > told["deadline"]
    early = coordinator.post(
        at("assessment_extend", assessment.pk), {"until": timezone.now().isoformat(), "reason": "Bencana."}
    )
    assert list(early.json()) == ["until"]


def test_a_frozen_unfinished_assessment_has_no_verified_index(coordinator, assessment, period, city):
    hand_in(assessment, city.operator)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Waktu habis.")
    told = coordinator.get(at("assessment", assessment.pk)).json()
    assert (told["status"], told["verified"]) == ("final", None)
    assert [(each["is_complete"], each["reason"]) for each in told["results"]] == [(False, "Waktu habis.")]


def test_writing_for_an_agency_is_recorded_as_such(coordinator, assessment, city):
    coordinator.patch(at("answer", assessment.pk, "12"), {"fact": "Diisikan.", "version": 1})
    assert Event.objects.get(action="answer.save").on_behalf_of == city.dinkes


def test_what_an_address_takes_is_told_by_the_schema_alone(coordinator, submitted):
    assert coordinator.options(at("review", submitted.pk, "1")).status_code == 405
    assert coordinator.options(at("carry_over_one", submitted.pk, "1")).status_code == 405
