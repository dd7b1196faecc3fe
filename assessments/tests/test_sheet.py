"""The sheet and how its index comes about."""

from fractions import Fraction

import pytest
from django.urls import reverse

from accounts.permissions import rights_of
from assessments import workflow
from assessments.models import Answer, Assessment, Evidence
from assessments.queries import sheet as queries
from assessments.queries.breakdown import breakdown
from assessments.services import answers as answer_services
from assessments.services import reviews as review_services
from conftest import accept_all, attach, fill, hand_in
from spbe_portal.templatetags.portal import status_badge


def shown(assessment, user) -> queries.Sheet:
    assessment = Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment.pk)
    return queries.sheet(assessment, rights_of(user))


def states(sheet) -> dict[str, str]:
    return {row.code: row.state.text for row in sheet.rows}


def counts(sheet) -> dict[str, int]:
    return {key: number for key, _, number in sheet.counts()}


def page(client, assessment, query="") -> str:
    return client.get(reverse("sheet", args=[assessment.pk]) + query).content.decode()


def test_rows_follow_the_instrument_with_the_index_of_each_group(assessment, city):
    sheet = shown(assessment, city.operator)
    assert [row.code for row in sheet.rows] == [str(number) for number in range(1, 48)]
    assert [(len(domain.aspects), domain.assigned) for domain in sheet.domains] == [(1, 10), (3, 10), (1, 11), (2, 16)]
    assert {domain.index for domain in sheet.domains} == {Fraction(1)}


def test_each_row_says_what_it_lacks(assessment, city):
    def save(code, **changes):
        answer_services.save_answer(
            assessment_id=assessment.pk, code=code, user=city.operator, version=1, changes=changes
        )

    save("1", self_level=3)
    save("2", self_level=3, fact="Ada.")
    save("3", self_level=1)
    save("4", not_applicable=True)
    save("5", self_level=2)
    attach(Answer.objects.get(assessment=assessment, indicator__code="5"), city.operator)
    sheet = shown(assessment, city.operator)
    found = states(sheet)
    assert [found[code] for code in "123456"] == [
        "Belum lengkap",
        "Tanpa bukti",
        "Lengkap",
        "Tanpa alasan",
        "Tanpa penjelasan",
        "Belum diisi",
    ]
    assert counts(sheet) == {
        "semua": 47,
        "belum-diisi": 42,
        "perlu-dilengkapi": 46,
        "dikembalikan": 0,
        "tanpa-bukti": 2,
        "disesuaikan": 0,
    }
    assert [row.code for domain in sheet.only("tanpa-bukti") for aspect in domain.aspects for row in aspect.rows] == [
        "1",
        "2",
    ]


def test_after_a_return_only_the_returned_wait(returned, city):
    found = states(shown(returned, city.operator))
    assert (found["1"], found["3"]) == ("Dikembalikan", "Diterima")
    answer_services.save_answer(
        assessment_id=returned.pk, code="1", user=city.operator, version=2, changes={"fact": "Sudah."}
    )
    assert states(shown(returned, city.operator))["1"] == "Sudah diperbaiki"


def test_a_published_decision_stands_until_its_change_is_published(approved, city):
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada bukti baru.")
    review_services.decide(
        assessment_id=approved.pk,
        code="1",
        user=city.verifier,
        decision="adjust",
        verified_level=2,
        note="Sebagian.",
        version=1,
    )
    assert set(states(shown(approved, city.operator)).values()) == {"Diterima"}
    assert states(shown(approved, city.leader))["1"] == "Diterima"
    assert states(shown(approved, city.verifier))["1"] == "Disesuaikan: 2"
    workflow.approve(assessment_id=approved.pk, user=city.verifier)
    assert states(shown(approved, city.operator))["1"] == "Disesuaikan: 2"


def test_what_was_mended_and_handed_in_again_waits_for_a_new_decision(returned, city):
    for code in ("1", "2"):
        answer_services.reply(assessment_id=returned.pk, code=code, user=city.operator, text="Sudah benar.")
    workflow.submit(assessment_id=returned.pk, user=city.operator)
    found = states(shown(returned, city.operator))
    assert (found["1"], found["3"]) == ("Menunggu verifikasi", "Diterima")
    review_services.decide(assessment_id=returned.pk, code="1", user=city.verifier, decision="accept", version=None)
    assert states(shown(returned, city.operator))["1"] == "Menunggu verifikasi"


def test_open_decisions_are_seen_by_reviewers_only(submitted, city):
    review_services.decide(
        assessment_id=submitted.pk, code="1", user=city.verifier, decision="adjust", verified_level=2, note="Sebagian."
    )
    assert states(shown(submitted, city.operator))["1"] == "Menunggu verifikasi"
    assert states(shown(submitted, city.verifier))["1"] == "Disesuaikan: 2"


def test_filters_work_as_links(login, assessment, city):
    client = login(city.operator)
    fill(assessment, city.operator)
    Evidence.objects.filter(answer__indicator__code="7").delete()
    rows = 'class="sheet-row"'
    assert page(client, assessment).count(rows) == 47
    assert page(client, assessment, "?filter=tanpa-bukti").count(rows) == 1
    assert page(client, assessment, "?filter=apa-saja").count(rows) == 47
    assert "Tidak ada yang tersisa di saringan ini" in page(client, assessment, "?filter=belum-diisi")


def test_a_leader_sees_figures_and_no_way_to_the_answers(login, submitted, city):
    found = page(login(city.leader), submitted)
    assert "3,00" in found
    assert reverse("answer", args=[submitted.pk, "1"]) not in found
    assert reverse("answer", args=[submitted.pk, "1"]) in page(login(city.verifier), submitted)


def test_who_may_see_a_draft(login, assessment, city):
    expected = {
        city.operator: 200,
        city.coordinator: 200,
        city.other_operator: 404,
        city.verifier: 404,
        city.leader: 404,
        city.admin: 404,
        city.outsider: 404,
    }
    for name in ("sheet", "index_breakdown"):
        where = reverse(name, args=[assessment.pk])
        assert {who: login(who).get(where).status_code for who in expected} == expected


def test_buttons_are_the_moves_one_may_make(login, assessment, city):
    submit, withdraw = (reverse(name, args=[assessment.pk]) for name in ("submit", "withdraw"))
    draft = page(login(city.operator), assessment)
    assert (submit in draft, withdraw in draft) == (True, False)
    hand_in(assessment, city.operator)
    given = page(login(city.operator), assessment)
    assert (submit in given, withdraw in given) == (False, True)
    seen = page(login(city.verifier), assessment)
    assert (submit in seen, withdraw in seen) == (False, False)


def test_the_verified_index_appears_with_the_approval(login, submitted, city):
    assert shown(submitted, city.operator).verified is None
    review_services.decide(
        assessment_id=submitted.pk, code="1", user=city.verifier, decision="adjust", verified_level=2, note="Sebagian."
    )
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    assert shown(submitted, city.operator).verified.index == Fraction(3) - Fraction("1.3") / 100


@pytest.mark.parametrize("left_out", [False, True])
def test_the_contributions_total_the_index_exactly(submitted, city, left_out):
    if left_out:
        answer = Answer.objects.get(assessment=submitted, indicator__code="21")
        answer.not_applicable, answer.self_level = True, None
        answer.save()
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    approved = Assessment.objects.select_related("period__instrument", "agency").get(pk=submitted.pk)
    found = breakdown(approved, rights_of(city.operator))
    parts = [part for _, parts in found.domains for part in parts]
    assert sum(part.own_sum for part in parts) == found.sheet.own.index
    assert sum(part.verified_sum for part in parts) == found.sheet.verified.index
    assert found.is_renormalised is left_out


def test_the_breakdown_reads_as_level_times_weight(login, submitted, city):
    found = login(city.operator).get(reverse("index_breakdown", args=[submitted.pk])).content.decode()
    assert "0,0390" in found  # 3 x 1,3 / 100
    assert "3,0000" in found


def test_the_number_of_queries_does_not_grow_with_answers_and_evidence(
    login, assessment, city, django_assert_max_num_queries
):
    client = login(city.operator)
    for name in ("sheet", "index_breakdown", "submit"):
        where = reverse(name, args=[assessment.pk])
        client.get(where)
        with django_assert_max_num_queries(16) as done:
            client.get(where)
        few = len(done)
        fill(assessment, city.operator)
        client.get(where)
        with django_assert_max_num_queries(few):
            client.get(where)
        Evidence.objects.all().delete()
        Answer.objects.update(self_level=None, fact="", analysis="")


def test_results_and_their_revisions_stand_below_the_sheet(final, city, login):
    page = login(city.operator).get(reverse("sheet", args=[final.pk])).content.decode()
    assert "Hasil yang sudah difinalkan" in page
    assert "Berlaku" in page
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Bukti baru.")
    page = login(city.operator).get(reverse("sheet", args=[final.pk])).content.decode()
    assert "Digantikan" in page


def test_what_froze_unfinished_is_not_shown_as_final(login, final, period, city):
    other = Assessment.objects.get(period=period, agency=city.dinsos)
    for person in (city.leader, city.other_operator, city.coordinator):
        page = login(person).get(reverse("sheet", args=[other.pk])).content.decode()
        assert status_badge("unfinished") in page
        assert status_badge("final") not in page
        assert "Alasan: Batas waktu sudah lewat." in page
    assert status_badge("final") in login(city.leader).get(reverse("sheet", args=[final.pk])).content.decode()


def test_a_hand_in_for_the_agency_is_named_on_the_sheet(login, assessment, city):
    fill(assessment, city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.coordinator)
    page = login(city.operator).get(reverse("sheet", args=[assessment.pk])).content.decode()
    assert "Koordinator atas nama Dinas Kesehatan" in page


def test_when_all_is_mended_the_sheet_says_so(login, returned, city):
    url = reverse("sheet", args=[returned.pk])
    assert "<strong>2 indikator dikembalikan.</strong>" in login(city.operator).get(url).content.decode()
    for code in ("1", "2"):
        answer_services.reply(assessment_id=returned.pk, code=code, user=city.operator, text="Sudah.")
    page = login(city.operator).get(url).content.decode()
    assert "Semua indikator yang dikembalikan (2) sudah diperbaiki.</strong> Ajukan kembali paling lambat" in page


def test_the_lowest_level_is_spoken_of_only_where_something_is_not_answered(login, assessment, city):
    url = reverse("sheet", args=[assessment.pk])
    said = "Indikator yang belum terisi dihitung sebagai level terendah."
    assert said in login(city.operator).get(url).content.decode()
    fill(assessment, city.operator)
    assert said not in login(city.operator).get(url).content.decode()


def test_a_coordinator_is_not_warned_on_what_is_frozen(login, final, city):
    page = login(city.coordinator).get(reverse("answer", args=[final.pk, "1"])).content.decode()
    assert "Anda mengisi atas nama" not in page


def test_a_cancelled_assessment_is_not_offered_for_review(login, submitted, city):
    workflow.cancel(assessment_id=submitted.pk, user=city.coordinator, reason="Digabung.")
    page = login(city.coordinator).get(reverse("sheet", args=[submitted.pk])).content.decode()
    assert reverse("review_overview", args=[submitted.pk]) not in page


def test_a_leader_learns_from_when_on_answers_can_be_read(login, submitted, city):
    response = login(city.leader).get(reverse("answer", args=[submitted.pk, "1"]))
    assert response.status_code == 403
    assert "Jawaban dan bukti dapat dibaca setelah penilaian disetujui." in response.content.decode()
