"""Decisions side by side: the measure, and the coordinator's page."""

from fractions import Fraction
from math import comb

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from accounts.models import Agency, Role
from accounts.permissions import rights_of
from assessments import consistency as measure
from assessments.consistency import Tally, compare, two_sided
from assessments.models import Answer, Assessment, Contributor, Review, Status
from assessments.queries import consistency as queries
from assessments.services import reviews as review_services
from conftest import hand_in, make_person

# --- The measure ---------------------------------------------------------------------------------------------------


@st.composite
def draws(draw):
    total = draw(st.integers(1, 60))
    marked, drawn = draw(st.integers(0, total)), draw(st.integers(0, total))
    return draw(st.integers(max(0, drawn + marked - total), min(drawn, marked))), drawn, marked, total


@given(draws())
def test_the_probability_is_twice_the_smaller_tail_counted_out(case):
    seen, drawn, marked, total = case
    ways = {
        k: comb(marked, k) * comb(total - marked, drawn - k)
        for k in range(max(0, drawn + marked - total), min(drawn, marked) + 1)
    }
    assert sum(ways.values()) == comb(total, drawn)
    is_above = seen * total >= drawn * marked
    tail = sum(each for k, each in ways.items() if (k >= seen if is_above else k <= seen))
    assert two_sided(*case) == min(Fraction(1), Fraction(2 * tail, comb(total, drawn)))


@given(draws())
def test_each_tail_is_that_of_fishers_exact_test(case):
    seen, drawn, marked, total = case
    table = [[seen, drawn - seen], [marked - seen, total - marked - drawn + seen]]
    side = "greater" if seen * total >= drawn * marked else "less"
    assert float(two_sided(*case)) == pytest.approx(min(1.0, 2 * fisher_exact(table, alternative=side).pvalue))


@given(draws())
def test_what_is_not_stepped_into_is_as_unlikely_as_what_is(case):
    """Counting acceptances instead tells the same. (A count on the mean itself is no difference either way.)"""
    seen, drawn, marked, total = case
    other = two_sided(drawn - seen, drawn, total - marked, total)
    if seen * total == drawn * marked:
        assert other == two_sided(*case) or min(other, two_sided(*case)) > Fraction(1, 2)
    else:
        assert other == two_sided(*case)


@pytest.mark.parametrize("case", [(3, 2, 3, 5), (0, 5, 3, 5), (-1, 2, 3, 5), (1, 6, 3, 5)])
def test_counts_that_cannot_be_are_refused(case):
    with pytest.raises(ValueError):
        two_sided(*case)


def test_a_reviewer_who_steps_in_far_more_often_is_marked_and_so_is_the_opposite():
    lenient, usual, strict = Tally(1, accepted=99, adjusted=1), Tally(2, 80, 15, 5), Tally(3, 40, 50, 10)
    assert [row.verdict for row in compare([lenient, usual, strict])] == [measure.LESS, measure.ALIKE, measure.MORE]


def test_alike_reviewers_are_not_marked_and_few_decisions_are_not_judged():
    rows = compare([Tally(1, 80, 20), Tally(2, 78, 22), Tally(3, 0, 19)])
    assert [row.verdict for row in rows] == [measure.ALIKE, measure.ALIKE, measure.TOO_FEW]
    assert rows[2].probability is None


def test_a_difference_that_is_sure_but_small_is_not_marked():
    rows = compare([Tally(1, 9500, 500), Tally(2, 9100, 900)])
    assert rows[0].probability < Fraction(1, 10**6)
    assert {row.verdict for row in rows} == {measure.ALIKE}


def test_a_large_difference_that_may_be_chance_is_not_marked():
    rows = compare([Tally(1, 14, 6), Tally(2, 18, 2)])
    assert abs(rows[0].tally.share - rows[1].tally.share) == Fraction(1, 5)
    assert {row.verdict for row in rows} == {measure.ALIKE}


def test_alone_there_is_nobody_to_compare_with():
    (row,) = compare([Tally(1, 50, 50)])
    assert (row.verdict, row.others_share) == (measure.TOO_FEW, None)


@given(st.lists(st.builds(Tally, st.integers(1, 9), *[st.integers(0, 60)] * 3), max_size=5))
def test_the_shares_of_the_others_and_the_own_add_up(tallies):
    total, stepped_in = sum(each.decisions for each in tallies), sum(each.stepped_in for each in tallies)
    for row in compare(tallies):
        own = (row.tally.share or 0) * row.tally.decisions
        others = (row.others_share or 0) * (total - row.tally.decisions)
        assert own + others == stepped_in


# --- The page ------------------------------------------------------------------------------------------------------


def decide(assessment, code, user, decision="accept", **more):
    return review_services.decide(assessment_id=assessment.pk, code=code, user=user, decision=decision, **more)


@pytest.fixture
def decided(assessment, city, period):
    """Two agencies handed in; 12 adjusted for Dinkes and accepted for Dinsos."""
    other = Assessment.objects.get(period=period, agency=city.dinsos)
    hand_in(assessment, city.operator, i12=4)
    hand_in(other, city.other_operator, i12=2)
    decide(assessment, "12", city.verifier, "adjust", verified_level=2, note="Bukti kurang.")
    decide(other, "12", city.verifier)
    decide(assessment, "13", city.verifier, "return", reason="illegible", note="Buram.")
    return assessment


def page_of(period, person, **query) -> str:
    client = Client()
    client.force_login(person)
    response = client.get(reverse("consistency", args=[period.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def test_every_agency_stands_with_its_levels_decision_and_reviewer(decided, city, period):
    rows = {
        row.assessment.agency.short_name: row
        for row in queries.side_by_side(rights_of(city.coordinator), period, "12")
    }
    assert list(rows) == ["Dinkes", "Diskominfo", "Dinsos"]
    dinkes, dinsos, diskominfo = rows["Dinkes"], rows["Dinsos"], rows["Diskominfo"]
    assert (dinkes.answer.self_level, dinkes.review.verified_level, dinkes.review.decision) == (4, 2, "adjust")
    assert (dinkes.rise, dinsos.rise, diskominfo.review) == (Fraction(-2), Fraction(0), None)
    page = page_of(period, city.coordinator, indikator="12")
    assert "Bukti kurang." in page
    assert reverse("review", args=[decided.pk, "12"]) in page
    only = page_of(period, city.coordinator, indikator="12", lihat="disesuaikan")
    assert "Dinas Kesehatan</a>" in only
    assert "Dinas Sosial</a>" not in only


def test_one_goes_from_indicator_to_indicator_in_order(decided, city, period):
    page = page_of(period, city.coordinator, indikator="12")
    assert "?indikator=11" in page
    assert "?indikator=13" in page
    client = Client()
    client.force_login(city.coordinator)
    assert client.get(reverse("consistency", args=[period.pk]), {"indikator": "zz"}).status_code == 404


def test_reviewers_are_counted_with_their_mean_change(decided, city, period):
    (reviewer,) = queries.reviewers(rights_of(city.coordinator), period)
    tally = reviewer.compared.tally
    assert (tally.accepted, tally.adjusted, tally.returned) == (1, 1, 1)
    assert tally.mean_rise == Fraction(-1)  # of two answers: one lowered by two, one kept
    page = page_of(period, city.coordinator)
    assert "−1,00" in page
    assert "Terlalu sedikit keputusan" in page


def test_a_strict_reviewer_is_marked_in_words(assessment, city, period):
    other = Assessment.objects.get(period=period, agency=city.dinsos)
    hand_in(assessment, city.operator)
    hand_in(other, city.other_operator)
    _decide_all(assessment, city.verifier, "accept")
    _decide_all(other, city.coordinator, "adjust")
    found = {row.person: row.compared.verdict for row in queries.reviewers(rights_of(city.coordinator), period)}
    assert found == {city.verifier: measure.LESS, city.coordinator: measure.MORE}
    page = page_of(period, city.coordinator)
    assert "Lebih sering" in page
    assert "Lebih jarang" in page


def test_a_coordinator_learns_nothing_open_of_the_own_agency(decided, city, period):
    own = make_person("koordinator-dinkes", (Role.COORDINATOR, city.dinkes))
    page = page_of(period, own, indikator="12")
    assert "Bukti kurang." not in page
    (reviewer,) = queries.reviewers(rights_of(own), period)
    assert (reviewer.compared.tally.decisions, reviewer.compared.tally.mean_rise) == (1, 0)
    Review.objects.filter(answer__assessment=decided).update(is_published=True)
    assert "Bukti kurang." in page_of(period, own, indikator="12")


def test_who_may_not_review_an_agency_is_led_to_its_answer(decided, city, period):
    own = make_person("koordinator-dinkes", (Role.COORDINATOR, city.dinkes))
    Contributor.objects.create(assessment=Assessment.objects.get(period=period, agency=city.dinsos), user=own)
    opens = {row.assessment.agency.slug: row.may_review for row in queries.side_by_side(rights_of(own), period, "12")}
    assert opens == {"dinkes": False, "dinsos": False, "diskominfo": False}
    page = page_of(period, own, indikator="12")
    assert reverse("answer", args=[decided.pk, "12"]) in page
    assert reverse("review", args=[decided.pk, "12"]) not in page


def test_the_number_of_queries_does_not_grow_with_agencies_or_decisions(assessment, city, period):
    def count() -> int:
        client = Client()
        client.force_login(city.coordinator)
        with CaptureQueriesContext(connection) as queries_made:
            assert client.get(reverse("consistency", args=[period.pk])).status_code == 200
        return len(queries_made)

    hand_in(assessment, city.operator)
    _decide_all(assessment, city.verifier, "accept")
    few = count()
    _more_agencies(period, assessment, city, 20)
    assert count() == few


def _decide_all(assessment, user, decision) -> None:
    Review.objects.bulk_create(
        Review(
            answer=answer,
            round=assessment.round or 1,
            decision=decision,
            verified_level=answer.self_level if decision == "accept" else 1,
            note="" if decision == "accept" else "x",
            reviewer=user,
            decided_at=timezone.now(),
        )
        for answer in assessment.answers.all()
    )


def _more_agencies(period, assessment, city, number: int) -> None:
    codes = list(assessment.answers.values_list("indicator", flat=True))
    for index in range(number):
        name = f"OPD {index}"
        agency = Agency.objects.create(slug=f"opd-{index}", name=name, short_name=name, kind="dinas")
        made = Assessment.objects.create(
            period=period, agency=agency, status=Status.SUBMITTED, round=1, submitted_at=timezone.now()
        )
        Answer.objects.bulk_create(Answer(assessment=made, indicator_id=pk, self_level=3) for pk in codes)
        _decide_all(made, city.verifier2 if index % 2 else city.verifier, "accept")
