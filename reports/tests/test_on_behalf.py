"""What the agency report says was done for the agency, and by whom."""

from django.utils import timezone

from assessments import snapshot
from assessments.models import Answer
from assessments.services import answers as answer_services
from assessments.services import evidence as evidence_services
from reports.queries.agency_report import _indicator_row, agency_report, sources


def save(assessment, code, user, **changes):
    version = Answer.objects.get(assessment=assessment, indicator__code=code).version
    answer_services.save_answer(assessment_id=assessment.pk, code=code, user=user, version=version, changes=changes)


def test_it_names_the_indicators_and_who_filled_them_in(assessment, city):
    save(assessment, "5", city.coordinator, self_level=2)
    for code, user in (("7", city.coordinator), ("8", city.operator)):
        evidence_services.add_link(assessment_id=assessment.pk, code=code, user=user, url=f"https://a.id/{code}")
    save(assessment, "7", city.operator, self_level=2)
    report = agency_report(sources(assessment.pk), code="UJI", generated_at=timezone.now())
    name = str(city.coordinator)
    assert report.helpers == (("Indikator 5: diisi", name), ("Indikator 7: bukti dilampirkan", name))


def test_of_an_older_result_it_says_that_and_not_by_whom(assessment, city):
    save(assessment, "5", city.coordinator, self_level=2)
    taken = snapshot.take(assessment, snapshot.answers_for_snapshot([assessment])[assessment.pk])
    row = next(each for each in taken["indicators"] if each["code"] == "5")
    assert row["filled_by"] == str(city.coordinator)
    old = {key: value for key, value in row.items() if key != "filled_by"}
    old["evidence"] = [{"title": "Tanpa kunci baru"}]
    told = _indicator_row(old, False, {}, {}, {})
    assert (told.on_behalf, told.filled_by, told.attached_by) == (True, "", ())
