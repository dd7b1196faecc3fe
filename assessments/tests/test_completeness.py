from hypothesis import given
from hypothesis import strategies as st

from assessments.completeness import AnswerState, Gap, gaps, gaps_of


def state(**changes) -> AnswerState:
    whole = {
        "code": "12",
        "level": 3,
        "not_applicable": False,
        "has_reason": False,
        "has_explanation": True,
        "evidence_count": 1,
    }
    return AnswerState(**{**whole, **changes})


def kinds(answer: AnswerState) -> list[str]:
    return [gap.kind for gap in gaps_of(answer, 1)]


def test_a_complete_answer_has_no_gap():
    assert gaps_of(state(), 1) == []


def test_the_lowest_level_needs_neither_explanation_nor_evidence():
    assert kinds(state(level=1, has_explanation=False, evidence_count=0)) == []


def test_the_lowest_level_is_the_instruments():
    assert [gap.kind for gap in gaps_of(state(level=1, has_explanation=False, evidence_count=0), 0)] == [
        "no_explanation",
        "no_evidence",
    ]


def test_an_empty_answer_says_only_that_it_is_empty():
    assert kinds(state(level=None, has_explanation=False, evidence_count=0)) == ["unanswered"]


def test_not_relevant_needs_a_reason_and_nothing_else():
    bare = {"level": None, "not_applicable": True, "has_explanation": False, "evidence_count": 0}
    assert kinds(state(**bare)) == ["no_reason"]
    assert kinds(state(**bare, has_reason=True)) == []


def test_a_returned_answer_must_be_touched():
    assert kinds(state(was_returned=True)) == ["untouched"]
    assert kinds(state(was_returned=True, changed_since_return=True)) == []


answers = st.builds(
    AnswerState,
    code=st.sampled_from(["1", "2", "35-1"]),
    level=st.none() | st.integers(0, 5),
    not_applicable=st.booleans(),
    has_reason=st.booleans(),
    has_explanation=st.booleans(),
    evidence_count=st.integers(0, 3),
    was_returned=st.booleans(),
    changed_since_return=st.booleans(),
)


@given(st.lists(answers))
def test_the_gaps_of_all_are_the_gaps_of_each_in_order(states):
    assert gaps(states, 1) == [gap for answer in states for gap in gaps_of(answer, 1)]


@given(answers)
def test_adding_what_is_missing_leaves_no_gap(answer):
    mended = AnswerState(
        answer.code, answer.level or 1, answer.not_applicable, True, True, 1, answer.was_returned, True
    )
    assert gaps_of(mended, 1) == []
    assert all(isinstance(gap, Gap) and gap.code == answer.code for gap in gaps_of(answer, 1))
