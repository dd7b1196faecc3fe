"""Writing answers: what is stored, what is refused, and what each leaves in the events."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.permissions import rights_of
from assessments import workflow
from assessments.errors import Invalid, Stale, TooLate, WrongState
from assessments.models import Answer, Assessment, Contributor, Review
from assessments.queries.fill import answer_page
from assessments.services import reviews as review_services
from assessments.services.answers import TEXT_MAX, reply, save_answer
from audit.models import Event
from conftest import accept_all


def save(assessment, user, version=1, code="12", **changes):
    return save_answer(assessment_id=assessment.pk, code=code, user=user, version=version, changes=changes)


def test_a_level_changes_the_stored_index_exactly(assessment, city):
    assert assessment.self_index == 1
    saved = save(assessment, city.operator, self_level="4")
    assert saved.answer.self_level == 4
    assessment.refresh_from_db()
    assert assessment.self_index == 1 + 3 * Fraction(5, 2) / 100
    assert (assessment.answered_count, assessment.assigned_count) == (1, 47)
    assert saved.score.index == assessment.self_index


def test_saving_the_same_again_changes_nothing_whatever_the_version(assessment, city):
    save(assessment, city.operator, fact="Ada.")
    again = save(assessment, city.operator, version=1, fact="Ada.")
    assert (again.changed, again.answer.version) == (False, 2)
    assert Event.objects.filter(action="answer.save").count() == 1


def test_a_stale_save_is_refused_and_carries_what_is_stored(assessment, city):
    save(assessment, city.operator2, fact="Lebih dulu.")
    with pytest.raises(Stale) as refusal:
        save(assessment, city.operator, version=1, fact="Belakangan.")
    assert refusal.value.current.fact == "Lebih dulu."
    assert Answer.objects.get(assessment=assessment, indicator__code="12").fact == "Lebih dulu."


def test_choosing_a_level_clears_not_relevant_and_the_other_way_round(assessment, city):
    first = save(assessment, city.operator, not_applicable=True, not_applicable_reason="Bukan urusan kami.")
    assert (first.answer.not_applicable, first.answer.self_level) == (True, None)
    second = save(assessment, city.operator, version=2, self_level=2)
    assert (second.answer.not_applicable, second.answer.self_level) == (False, 2)
    third = save(assessment, city.operator, version=3, not_applicable=True)
    assert (third.answer.not_applicable, third.answer.self_level) == (True, None)


@pytest.mark.parametrize("level", [0, 6, -1, "tiga", "3.5", True, "NaN", "Infinity", 1e30, "3,0"])
def test_a_level_outside_the_scale_is_refused(assessment, city, level):
    with pytest.raises(Invalid) as refusal:
        save(assessment, city.operator, self_level=level)
    assert refusal.value.errors == {"self_level": "Level tidak dikenal. Pilih level 1 sampai 5."}


def test_a_fraction_is_a_level_where_the_instrument_says_so(assessment, city):
    instrument = assessment.period.instrument
    instrument.is_fractional = True
    instrument.save()
    from assessments import specs

    specs._kept.cache_clear()
    assert save(assessment, city.operator, self_level="1.26").answer.self_level == Decimal("1.26")


def test_a_text_of_a_megabyte_is_refused_and_nothing_else_is_stored(assessment, city):
    with pytest.raises(Invalid) as refusal:
        save(assessment, city.operator, self_level=3, fact="x" * 1_000_000)
    assert refusal.value.errors["fact"].startswith("Teks terlalu panjang: 1.000.000 karakter")
    assert Answer.objects.get(assessment=assessment, indicator__code="12").self_level is None


def test_a_text_of_the_longest_length_is_kept_whole(assessment, city):
    assert save(assessment, city.operator, fact="x" * TEXT_MAX).answer.fact == "x" * TEXT_MAX


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "\udfff"])
def test_what_no_database_holds_is_refused(assessment, city, text):
    with pytest.raises(Invalid) as refusal:
        save(assessment, city.operator, fact=text)
    assert refusal.value.errors["fact"].startswith("Teks memuat karakter yang tidak dapat disimpan.")


def test_an_unknown_indicator_or_field_is_refused(assessment, city):
    with pytest.raises(Answer.DoesNotExist):
        save(assessment, city.operator, code="99", self_level=3)
    with pytest.raises(Invalid):
        save(assessment, city.operator, verified_level=5)


def test_after_the_deadline_nothing_is_saved(assessment, city, period):
    period.deadline = timezone.now() - timedelta(seconds=1)
    period.save()
    with pytest.raises(TooLate):
        save(assessment, city.operator, self_level=3)
    Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() + timedelta(hours=1))
    assert save(assessment, city.operator, self_level=3).changed


def test_a_submitted_answer_is_locked(submitted, city):
    with pytest.raises(WrongState):
        save(submitted, city.operator, version=2, fact="Terlambat.")


@pytest.mark.parametrize("who", ["other_operator", "verifier", "verifier2", "leader", "admin", "outsider"])
def test_nobody_else_writes(assessment, city, who):
    with pytest.raises(PermissionDenied):
        save(assessment, getattr(city, who), self_level=3)
    assert Event.objects.filter(action="answer.save").count() == 0


def test_a_coordinator_writes_on_behalf_and_it_is_recorded(assessment, city):
    saved = save(assessment, city.coordinator, self_level=3)
    assert saved.answer.on_behalf
    event = Event.objects.get(action="answer.save")
    assert (event.actor, event.on_behalf_of) == (city.coordinator, city.dinkes)
    assert (event.before, event.after) == ({"self_level": None}, {"self_level": 3})
    assert Contributor.objects.filter(assessment=assessment, user=city.coordinator).exists()


def test_a_reply_is_given_once_and_counts_as_a_change(returned, city):
    review = reply(assessment_id=returned.pk, code="1", user=city.operator, text=" Sudah ada di halaman 3. ")
    assert (review.reply, review.replied_by) == ("Sudah ada di halaman 3.", city.operator)
    with pytest.raises(WrongState):
        reply(assessment_id=returned.pk, code="1", user=city.operator, text="Lagi.")


def test_an_accepted_answer_takes_no_reply(returned, city):
    with pytest.raises(Review.DoesNotExist):
        reply(assessment_id=returned.pk, code="3", user=city.operator, text="Terima kasih.")


def test_a_reply_counts_as_mending_so_it_comes_in_time(returned, city):
    Assessment.objects.filter(pk=returned.pk).update(mend_by=timezone.now() - timedelta(minutes=1))
    with pytest.raises(TooLate):
        reply(assessment_id=returned.pk, code="1", user=city.operator, text="Sudah benar.")
    late = Assessment.objects.select_related("period__instrument", "agency").get(pk=returned.pk)
    assert answer_page(late, "1", rights_of(city.operator), timezone.now()).can_reply is False


def test_an_adjustment_is_replied_to_after_the_deadline(submitted, city):
    review_services.decide(
        assessment_id=submitted.pk, code="1", user=city.verifier, decision="adjust", verified_level=2, note="Sebagian."
    )
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    Assessment.objects.filter(pk=submitted.pk).update(extended_until=timezone.now() - timedelta(minutes=1))
    late = Assessment.objects.select_related("period__instrument", "agency").get(pk=submitted.pk)
    assert answer_page(late, "1", rights_of(city.operator), timezone.now()).can_reply is True
    reply(assessment_id=submitted.pk, code="1", user=city.operator, text="Kami keberatan.")
    assert Review.objects.get(answer__assessment=submitted, answer__indicator__code="1").reply == "Kami keberatan."
