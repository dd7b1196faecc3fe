"""The words for what is missing."""

from assessments.completeness import AnswerState, gaps
from assessments.models import Evidence
from assessments.queries.readiness import GAPS, problems_of
from assessments.queries.sheet import GAP_STATES
from conftest import fill


def test_every_kind_of_gap_has_its_words_and_its_state():
    worst = [
        AnswerState("1", None, False, False, False, 0, was_returned=True),
        AnswerState("2", 3, False, False, False, 0),
        AnswerState("3", None, True, False, False, 0),
    ]
    kinds = {gap.kind for gap in gaps(worst, 1)}
    assert kinds == set(GAPS) == set(GAP_STATES)


def test_a_problem_names_the_indicator_what_it_lacks_and_how_to_mend_it(assessment, city):
    fill(assessment, city.operator)
    Evidence.objects.filter(answer__indicator__code="7").delete()
    (problem,) = problems_of(assessment)
    name = assessment.answers.get(indicator__code="7").indicator.short_name
    assert problem.message == f"Indikator 7 {name} tanpa bukti dukung: lampirkan paling sedikit satu bukti."
