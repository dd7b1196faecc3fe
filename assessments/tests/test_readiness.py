"""The words for what is missing."""

from assessments.completeness import AnswerState, gaps
from assessments.models import Evidence, Review
from assessments.queries.readiness import GAPS, problems_of
from assessments.queries.sheet import GAP_STATES
from assessments.services import answers as answer_services
from conftest import attach, fill


def test_every_kind_of_gap_has_its_words_and_its_state():
    worst = [
        AnswerState("1", None, False, False, False, 0, was_returned=True),
        AnswerState("2", 3, False, False, False, 0),
        AnswerState("3", None, True, False, False, 0),
        AnswerState("4", 3, False, False, True, 1, infected_count=1),
    ]
    kinds = {gap.kind for gap in gaps(worst, 1)}
    assert kinds == set(GAPS) == set(GAP_STATES)


def test_a_problem_names_the_indicator_what_it_lacks_and_how_to_mend_it(assessment, city):
    fill(assessment, city.operator)
    Evidence.objects.filter(answer__indicator__code="7").delete()
    (problem,) = problems_of(assessment)
    name = assessment.answers.get(indicator__code="7").indicator.short_name
    assert problem.message == f"Indikator 7 {name} tanpa bukti dukung: lampirkan paling sedikit satu bukti."


def save(assessment, city, **changes):
    answer = assessment.answers.get(indicator__code="1")
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=city.operator, version=answer.version, changes=changes
    )


def still_open(assessment) -> list[str]:
    return [problem.indicator for problem in problems_of(assessment) if problem.code == "untouched"]


def test_white_space_mends_nothing(returned, city):
    save(returned, city, fact="  Ada. ")
    assert still_open(returned) == ["1", "2"]


def test_what_is_put_back_as_it_was_is_not_mended(returned, city):
    save(returned, city, self_level=2)
    assert still_open(returned) == ["2"]
    save(returned, city, self_level=3)
    assert still_open(returned) == ["1", "2"]


def test_other_pages_or_other_evidence_mend(returned, city):
    Evidence.objects.filter(answer__assessment=returned, answer__indicator__code="1").update(pages="3-5")
    attach(returned.answers.get(indicator__code="2"), city.operator, "Laporan yang ditandatangani")
    assert still_open(returned) == []


def test_a_reply_counts_as_an_answer_to_the_return(returned, city):
    answer_services.reply(assessment_id=returned.pk, code="1", user=city.operator, text="Sudah benar.")
    assert still_open(returned) == ["2"]


def test_a_return_that_kept_nothing_goes_by_the_times(returned, city):
    Review.objects.update(seen="")
    save(returned, city, fact="Ada .")
    assert still_open(returned) == ["2"]
