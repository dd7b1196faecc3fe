from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import levels, totals, workflow
from assessments.models import Assessment
from assessments.queries.answers import load_answers
from assessments.services import answers as answer_services
from assessments.services import reviews as review_services
from conftest import accept_all, fill

LEVEL = st.one_of(
    st.none(),
    st.just(levels.NOT_RELEVANT),
    st.integers(0, 10),
    st.decimals(0, 10, places=2).filter(lambda value: value != value.to_integral_value()),
)
CODE = st.from_regex(r"\A[0-9]{1,2}(-[0-9])?\Z")


@given(st.dictionaries(CODE, LEVEL, max_size=47))
def test_what_is_packed_is_read_back(given_levels):
    found = levels.unpack(levels.pack(given_levels.items()))
    assert list(found) == list(given_levels)
    assert {code: levels.number(text) for code, text in found.items()} == {
        code: None if level == levels.NOT_RELEVANT else level for code, level in given_levels.items()
    }
    assert {code for code, text in found.items() if text == levels.NOT_RELEVANT} == {
        code for code, level in given_levels.items() if level == levels.NOT_RELEVANT
    }


def test_numbers_are_whole_where_they_can_be():
    assert [levels.number(text) for text in ("3", "1.26", "", "x")] == [3, Decimal("1.26"), None, None]


def kept(assessment: Assessment) -> tuple[str, str]:
    """What is kept with the assessment, and what its answers and decisions say now."""
    row = Assessment.objects.get(pk=assessment.pk)
    return row.self_levels, row.verified_levels


def said(assessment: Assessment) -> tuple[str, str]:
    answers, reviews = load_answers(assessment)
    return totals.packed_self(answers), totals.packed_verified(answers, reviews)


def test_the_text_follows_every_move(assessment, city, period):
    empty = " ".join(f"{number}=" for number in range(1, 48))
    assert kept(assessment) == (empty, "")
    answer_services.save_answer(
        assessment_id=assessment.pk, code="2", user=city.operator, version=1, changes={"self_level": 4}
    )
    assert kept(assessment) == (empty.replace(" 2=", " 2=4"), "")
    fill(assessment, city.operator, level=3, i47=5)
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    assert kept(assessment) == (said(assessment)[0], "")
    assert kept(assessment)[0].endswith(" 46=3 47=5")
    review_services.decide(
        assessment_id=assessment.pk,
        code="1",
        user=city.verifier,
        decision="adjust",
        verified_level=2,
        note="Baru sebagian.",
    )
    assert kept(assessment)[1] == ""
    assessment.refresh_from_db()
    accept_all(assessment, city.verifier)
    workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    assert kept(assessment) == said(assessment)
    assert kept(assessment)[1].startswith("1=2 2=3 ")
    workflow.reopen(assessment_id=assessment.pk, user=city.coordinator, reason="Bukti baru.")
    assert kept(assessment) == (said(assessment)[0], "")


@pytest.mark.parametrize("is_approved", [True, False])
def test_only_what_was_approved_keeps_verified_levels_in_a_final_period(submitted, period, city, is_approved):
    accept_all(submitted, city.verifier)
    if is_approved:
        workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    assert kept(submitted)[1] == (said(submitted)[1] if is_approved else "")
