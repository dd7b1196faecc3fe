"""Which decision a reader goes by."""

import pytest
from django.utils import timezone

from accounts.permissions import rights_of
from assessments import totals, workflow
from assessments.models import Assessment, Review
from assessments.queries.answers import decisions_for, load_answers, shown_decision
from assessments.queries.fill import answer_page
from assessments.services import reviews as review_services
from assessments.specs import spec_of


def review(decision: str, *, round: int = 1, published: bool = True, current: bool = False) -> Review:
    return Review(decision=decision, round=round, is_published=published, is_current=current)


ACCEPTED = review("accept")
CHANGED = review("adjust", published=False, current=True)
RETURNED = review("return")


@pytest.mark.parametrize(
    "reviews, round, agency, reviewer",
    [
        ([], 1, None, None),
        ([CHANGED], 1, None, CHANGED),
        ([ACCEPTED, CHANGED], 1, ACCEPTED, CHANGED),
        ([RETURNED], 1, RETURNED, None),
        ([RETURNED], 2, None, None),
        ([ACCEPTED, RETURNED], 2, None, None),
        ([RETURNED, CHANGED], 2, None, CHANGED),
    ],
)
def test_reviewers_go_by_the_current_decision_and_others_by_the_latest_published(reviews, round, agency, reviewer):
    assert shown_decision(reviews, round, with_open=False) is agency
    assert shown_decision(reviews, round, with_open=True) is reviewer


def test_the_answer_page_keeps_the_published_decision_while_it_is_being_changed(approved, city):
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
    assessment = Assessment.objects.select_related("period__instrument", "agency").get(pk=approved.pk)
    found = {}
    for person in (city.operator, city.leader, city.verifier):
        page = answer_page(assessment, "1", rights_of(person), timezone.now())
        found[person.username] = (page.review.decision, page.state.text, len(page.earlier_reviews))
    assert found == {
        "operator-dinkes": ("accept", "Diterima", 0),
        "pimpinan": ("accept", "Diterima", 0),
        "verifikator": ("adjust", "Disesuaikan: 2", 1),
    }


def test_reading_the_decisions_is_one_query(returned, city, django_assert_num_queries):
    rights = rights_of(city.operator)
    with django_assert_num_queries(1):
        assert len(decisions_for(rights, returned)) == 47


def test_what_figures_are_made_of_is_two_short_queries(returned, django_assert_num_queries):
    assessment = Assessment.objects.select_related("period__instrument").get(pk=returned.pk)
    spec = spec_of(assessment.period.instrument)
    with django_assert_num_queries(2) as done:
        answers, decisions = load_answers(assessment)
        assert (len(answers), len(decisions), str(answers[0].indicator)[:3]) == (47, 47, "1. ")
        assert totals.self_score(spec, answers).index == 3
        assert totals.verified_score(spec, answers, decisions).answered == 45
    for text in ('"fact"', '"analysis"', '"agency_evidence"', '"note"'):
        assert not any(text in query["sql"] for query in done.captured_queries)
