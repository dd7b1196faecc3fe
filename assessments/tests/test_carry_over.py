"""Last year's answers and evidence: asked one by one, copied only when somebody says they are still valid."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from assessments.errors import Invalid, Stale, TooLate, WrongState
from assessments.models import Answer, Assessment, CarryOver, Contributor, Document, DocumentVersion, Evidence, Review
from assessments.queries import carry_over as queries
from assessments.services import answers as answer_services
from assessments.services import carry_over as services
from assessments.services import evidence as evidence_services
from assessments.services import reviews as review_services
from assessments.tests.test_last_year import run
from audit.models import Event
from conftest import accept_all, attach, hand_in
from indicators.models import Instrument
from indicators.queries import indicator_content


@pytest.fixture
def last(assessment, city, instrument) -> Assessment:
    """Dinkes's result of 2025: everything at level 3, accepted."""
    return run(city, instrument, 2025, 3)


def shown(assessment) -> queries.Overview:
    found = queries.overview(
        Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment.pk), timezone.localdate()
    )
    assert found is not None
    return found


def proposal(assessment, code="1") -> queries.Proposal:
    found = shown(assessment).find(code)
    assert found is not None
    return found


def decide(assessment, user, code="1", *, answer="", version=1, **said) -> queries.Proposal:
    """`all_pieces="ya"` for every piece of evidence."""
    every = said.pop("all_pieces", "")
    pieces = {piece.evidence.pk: every for piece in proposal(assessment, code).pieces} if every else {}
    return services.decide(
        assessment_id=assessment.pk, code=code, user=user, answer=answer, version=version, pieces=pieces | said
    )


def stored(assessment, code="1") -> Answer:
    return Answer.objects.get(assessment=assessment, indicator__code=code)


def events(assessment) -> list[tuple[str, str, str]]:
    rows = Event.objects.filter(stream=f"assessment:{assessment.pk}", action__startswith="carry.").order_by("id")
    return [(row.action, row.after["indicator"], row.after["of"]) for row in rows]


class TestAsking:
    def test_nothing_counts_before_it_is_confirmed(self, assessment, last, city):
        before = (assessment.self_exact, assessment.answered_count, assessment.status)
        found = shown(assessment)
        assert (found.period.year, found.total, found.decided, found.first_open) == (2025, 47, 0, "1")
        assessment.refresh_from_db()
        assert (assessment.self_exact, assessment.answered_count, assessment.status) == before
        assert (CarryOver.objects.count(), Evidence.objects.filter(answer__assessment=assessment).count()) == (0, 0)

    def test_without_a_complete_earlier_result_there_is_nothing(self, assessment, city, instrument):
        run(city, instrument, 2025, 3, approve=False)
        assert queries.overview(assessment, timezone.localdate()) is None

    def test_what_was_filled_in_and_attached_by_hand_is_not_asked_again(self, assessment, last, city):
        answer_services.save_answer(
            assessment_id=assessment.pk, code="1", user=city.operator, version=1, changes={"self_level": 2}
        )
        assert proposal(assessment).asks_answer is False
        assert proposal(assessment).is_open is True  # its evidence
        piece = proposal(assessment).pieces[0].evidence
        services.reuse(assessment_id=assessment.pk, code="1", user=city.operator, earlier=piece)
        assert proposal(assessment).is_open is False
        assert shown(assessment).decided == 1

    def test_the_queries_do_not_grow(self, assessment, last, city, django_assert_num_queries):
        fresh = Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment.pk)
        with django_assert_num_queries(8):
            queries.overview(fresh, timezone.localdate())
        for source in last.answers.all():
            attach(source, city.operator, f"Dokumen {source.pk}")
        decide(assessment, city.operator, answer="ya", all_pieces="ya")
        with django_assert_num_queries(8):
            assert len(queries.overview(fresh, timezone.localdate()).find("2").pieces) == 2


class TestTheAnswer:
    def test_it_is_taken_over_with_its_level_and_texts(self, assessment, last, city):
        done = decide(assessment, city.operator, answer="ya")
        answer = stored(assessment)
        assert (answer.self_level, answer.fact, answer.analysis) == (3, "Ada.", "Memenuhi.")
        assert (answer.version, answer.changed_by) == (2, city.operator)
        assert done.decision.is_valid is True
        assessment.refresh_from_db()
        assert (assessment.answered_count, assessment.status) == (1, "draft")
        assert Review.objects.filter(answer__assessment=assessment).count() == 0
        assert events(assessment) == [("carry.keep", "1", "answer")]

    def test_an_adjusted_one_with_the_verified_level(self, assessment, city, instrument):
        old = run(city, instrument, 2025, 3, approve=False, finalise=False)
        review_services.decide(
            assessment_id=old.pk,
            code="1",
            user=city.verifier,
            decision="adjust",
            verified_level=2,
            note="Belum ditetapkan.",
        )
        accept_all(old, city.verifier)
        workflow.approve(assessment_id=old.pk, user=city.verifier)
        workflow.finalise_period(period_id=old.period_id, user=city.coordinator, reason="")
        assert (proposal(assessment).level, proposal(assessment).is_adjusted) == (2, True)
        decide(assessment, city.operator, answer="ya")
        assert stored(assessment).self_level == 2

    def test_one_that_was_not_relevant_with_its_reason(self, assessment, last, city):
        Answer.objects.filter(assessment=last, indicator__code="1").update(
            self_level=None, not_applicable=True, not_applicable_reason="Tidak ada layanan."
        )
        Review.objects.filter(answer__assessment=last, answer__indicator__code="1").update(verified_level=None)
        decide(assessment, city.operator, answer="ya")
        answer = stored(assessment)
        assert (answer.not_applicable, answer.not_applicable_reason) == (True, "Tidak ada layanan.")

    def test_what_was_typed_is_replaced_only_where_somebody_says_so(self, assessment, last, city):
        answer_services.save_answer(
            assessment_id=assessment.pk, code="1", user=city.operator, version=1, changes={"fact": "Baru."}
        )
        with pytest.raises(Invalid, match="Isian tahun ini sudah ada"):
            decide(assessment, city.operator, answer="ya", version=2)
        assert (stored(assessment).fact, CarryOver.objects.count()) == ("Baru.", 0)
        decide(assessment, city.operator, answer="ganti", version=2)
        assert (stored(assessment).fact, stored(assessment).self_level) == ("Ada.", 3)

    def test_what_was_typed_meanwhile_is_never_replaced(self, assessment, last, city):
        answer_services.save_answer(
            assessment_id=assessment.pk, code="1", user=city.operator2, version=1, changes={"fact": "Baru."}
        )
        for choice in ("ya", "ganti"):
            with pytest.raises(Stale):
                decide(assessment, city.operator, answer=choice, version=1)
        assert stored(assessment).fact == "Baru."

    def test_said_again_it_leaves_what_was_changed_since(self, assessment, last, city):
        decide(assessment, city.operator, answer="ya")
        answer_services.save_answer(
            assessment_id=assessment.pk, code="1", user=city.operator, version=2, changes={"self_level": 4}
        )
        decide(assessment, city.operator, answer="ya", version=3)
        assert stored(assessment).self_level == 4
        assert len(events(assessment)) == 1

    def test_taken_back_it_is_emptied_unless_it_was_changed(self, assessment, last, city):
        for code in ("1", "2"):
            decide(assessment, city.operator, code, answer="ya")
        answer_services.save_answer(
            assessment_id=assessment.pk, code="2", user=city.operator, version=2, changes={"fact": "Baru."}
        )
        decide(assessment, city.operator, "1", answer="tidak", version=2)
        decide(assessment, city.operator, "2", answer="tidak", version=3)
        assert (stored(assessment).self_level, stored(assessment).fact) == (None, "")
        assert (stored(assessment, "2").self_level, stored(assessment, "2").fact) == (3, "Baru.")
        assert [row.is_valid for row in CarryOver.objects.all()] == [False, False]
        assert [action for action, _, _ in events(assessment)] == ["carry.keep"] * 2 + ["carry.drop"] * 2
        assessment.refresh_from_db()
        assert assessment.answered_count == 1


class TestEvidence:
    def test_it_is_attached_in_its_newest_version_with_its_pages(self, assessment, last, city):
        piece = proposal(assessment).pieces[0].evidence
        Evidence.objects.filter(pk=piece.pk).update(pages="4-7", level=3)
        newer = DocumentVersion.objects.create(
            document=piece.version.document,
            number=2,
            url="https://contoh.go.id/laporan",
            uploaded_by=city.operator,
        )
        assert (proposal(assessment).pieces[0].is_newer, proposal(assessment).pieces[0].newest) == (True, newer)
        done = decide(assessment, city.operator, all_pieces="ya")
        made = Evidence.objects.get(answer=stored(assessment))
        assert (made.version, made.pages, made.level) == (newer, "4-7", 3)
        assert done.pieces[0].is_open is False
        assert events(assessment) == [("carry.keep", "1", "evidence")]

    def test_dropped_it_is_not_attached_and_taken_off_again(self, assessment, last, city):
        decide(assessment, city.operator, all_pieces="tidak")
        assert not Evidence.objects.filter(answer__assessment=assessment).exists()
        decide(assessment, city.operator, all_pieces="ya")
        assert Evidence.objects.filter(answer__assessment=assessment).count() == 1
        decide(assessment, city.operator, all_pieces="tidak")
        assert not Evidence.objects.filter(answer__assessment=assessment).exists()
        assert [action for action, _, _ in events(assessment)] == ["carry.drop", "carry.keep", "carry.drop"]
        assert CarryOver.objects.count() == 1

    def test_an_expired_document_and_an_old_one_are_said(self, assessment, last, city):
        document = proposal(assessment).pieces[0].evidence.version.document
        assert proposal(assessment).pieces[0].cautions == ()
        document.valid_until = timezone.localdate() - timedelta(days=1)
        document.save()
        assert len(proposal(assessment).pieces[0].cautions) == 1
        document.valid_until, document.date = None, timezone.localdate() - timedelta(days=2000)
        document.save()
        assert len(proposal(assessment).pieces[0].cautions) == 1

    def test_all_or_nothing(self, assessment, last, city, monkeypatch):
        monkeypatch.setattr(evidence_services, "MAX_PER_ANSWER", 0)
        with pytest.raises(Invalid):
            decide(assessment, city.operator, answer="ya", all_pieces="ya")
        assert (stored(assessment).self_level, CarryOver.objects.count(), events(assessment)) == (None, 0, [])

    def test_evidence_of_another_indicator_or_agency_is_not_found(self, assessment, last, city):
        other = proposal(assessment, "2").pieces[0].evidence
        with pytest.raises(Evidence.DoesNotExist):
            services.decide(
                assessment_id=assessment.pk, code="1", user=city.operator, version=1, pieces={other.pk: "ya"}
            )


class TestWhoAndWhen:
    @pytest.mark.parametrize(
        ("who", "outcome"),
        [
            ("operator", None),
            ("operator2", None),
            ("coordinator", None),
            ("other_operator", PermissionDenied),
            ("verifier", PermissionDenied),
            ("verifier2", PermissionDenied),
            ("leader", PermissionDenied),
            ("admin", PermissionDenied),
            ("outsider", PermissionDenied),
        ],
    )
    def test_who_may_decide_in_a_draft(self, assessment, last, city, who, outcome):
        if outcome:
            with pytest.raises(outcome):
                decide(assessment, getattr(city, who), answer="ya")
            assert not CarryOver.objects.exists()
        else:
            decide(assessment, getattr(city, who), answer="ya")
            assert CarryOver.objects.get().decided_by == getattr(city, who)

    @pytest.mark.parametrize("state", ["submitted", "returned", "approved", "final"])
    def test_only_a_draft_takes_things_over(self, request, last, city, state):
        assessment = request.getfixturevalue(state)
        with pytest.raises(WrongState):
            decide(assessment, city.operator, answer="tidak")
        assert not CarryOver.objects.exists()

    def test_not_after_the_deadline(self, assessment, last, city):
        Assessment.objects.filter(pk=assessment.pk).update(extended_until=None)
        assessment.period.deadline = timezone.now() - timedelta(minutes=1)
        assessment.period.save()
        with pytest.raises(TooLate):
            decide(assessment, city.operator, answer="tidak")

    def test_on_behalf_it_is_recorded_as_such(self, assessment, last, city):
        decide(assessment, city.coordinator, answer="ya", all_pieces="tidak")
        rows = Event.objects.filter(action__startswith="carry.")
        assert [row.on_behalf_of for row in rows] == [city.dinkes] * 2
        assert stored(assessment).on_behalf is True
        assert Contributor.objects.filter(assessment=assessment, user=city.coordinator).exists()

    def test_also_who_only_said_that_something_is_not_valid_has_written(self, assessment, last, city):
        decide(assessment, city.coordinator, all_pieces="tidak")
        assert Contributor.objects.filter(assessment=assessment, user=city.coordinator).exists()


class TestPages:
    def page(self, assessment, code="1"):
        return reverse("carry_over_one", args=[assessment.pk, code])

    def test_the_list_says_how_far_one_is(self, login, assessment, last, city):
        decide(assessment, city.operator, answer="ya", all_pieces="ya")
        page = login(city.operator).get(reverse("carry_over", args=[assessment.pk])).content.decode()
        assert "1 dari 47 sudah diputuskan" in page
        assert "Lanjutkan: Indikator 2" in page
        assert self.page(assessment, "1") not in page
        every = login(city.operator).get(reverse("carry_over", args=[assessment.pk]) + "?filter=semua")
        assert self.page(assessment, "1") in every.content.decode()

    def test_one_form_saves_all_and_the_next_follows(self, login, assessment, last, city):
        piece = proposal(assessment).pieces[0].evidence.pk
        fields = {"version": 1, "answer": "ya", f"b{piece}": "tidak"}
        answer = login(city.operator).post(self.page(assessment), fields)
        assert (answer.status_code, answer["Location"]) == (302, self.page(assessment, "2"))
        assert stored(assessment).self_level == 3
        assert sorted(CarryOver.objects.values_list("is_valid", flat=True)) == [False, True]

    def test_half_decided_it_stays(self, login, assessment, last, city):
        answer = login(city.operator).post(self.page(assessment), {"version": 1, "answer": "tidak"}, follow=True)
        assert answer.redirect_chain == [(self.page(assessment), 302)]
        assert "Masih ada 1 yang belum diputuskan." in answer.content.decode()

    def test_an_empty_form_says_so(self, login, assessment, last, city):
        answer = login(city.operator).post(self.page(assessment), {"version": 1})
        assert answer.status_code == 422
        assert "Belum ada yang dipilih." in answer.content.decode()

    def test_what_was_typed_meanwhile_is_shown_and_the_choice_kept(self, login, assessment, last, city):
        answer_services.save_answer(
            assessment_id=assessment.pk, code="1", user=city.operator2, version=1, changes={"fact": "Sudah baru."}
        )
        piece = proposal(assessment).pieces[0].evidence.pk
        answer = login(city.operator).post(self.page(assessment), {"version": 1, "answer": "ganti", f"b{piece}": "ya"})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "Isian tahun ini diubah dari tempat lain" in page
        assert "Sudah baru." in page
        assert page.count("checked") == 2

    def test_all_can_be_chosen_beforehand_and_nothing_is_saved_by_that(self, login, assessment, last, city):
        page = login(city.operator).get(self.page(assessment) + "?semua=1").content.decode()
        assert page.count("checked") == 2
        assert not CarryOver.objects.exists()

    def test_after_the_hand_in_it_leads_to_the_sheet(self, login, last, city, assessment):
        hand_in(assessment, city.operator)
        for url in (reverse("carry_over", args=[assessment.pk]), self.page(assessment)):
            answer = login(city.operator).get(url)
            assert (answer.status_code, answer["Location"]) == (302, reverse("sheet", args=[assessment.pk]))

    def test_an_indicator_without_anything_last_year_is_not_found(self, login, assessment, last, city):
        Answer.objects.filter(assessment=last, indicator__code="1").delete()
        assert login(city.operator).get(self.page(assessment)).status_code == 404
        assert login(city.operator).get(self.page(assessment, "99")).status_code == 404


class TestSeveralAtOnce:
    def page(self, assessment, aspect="1"):
        return reverse("carry_over_several", args=[assessment.pk]) + (f"?aspek={aspect}" if aspect else "")

    def keep(self, assessment, user, **chosen) -> services.Several:
        return services.keep_several(assessment_id=assessment.pk, user=user, chosen=chosen)

    def aspect(self, assessment) -> tuple[str, list[str]]:
        aspect, proposals = shown(assessment).by_aspect()[0]
        return aspect.code, [each.code for each in proposals]

    def test_what_is_ticked_is_taken_over_with_its_evidence(self, login, assessment, last, city):
        code, codes = self.aspect(assessment)
        client = login(city.operator)
        page = client.get(self.page(assessment, code))
        ticks = [value for _, value, is_ticked in page.context["form"].lines() if is_ticked]
        assert ticks == [f"{each}:1" for each in codes]
        answer = client.post(self.page(assessment, code), {"pilih": ticks[1:], "sure": "on"})
        assert answer.status_code == 302
        assert stored(assessment, codes[0]).self_level is None
        for each in codes[1:]:
            assert stored(assessment, each).self_level == 3
            assert not proposal(assessment, each).is_open
        assessment.refresh_from_db()
        assert assessment.answered_count == len(codes) - 1
        assert len(events(assessment)) == 2 * (len(codes) - 1)

    @pytest.mark.parametrize("body", [{"sure": "on"}, {"pilih": ["1:1"]}, {}])
    def test_nothing_is_taken_over_without_a_tick_and_the_statement(self, login, assessment, last, city, body):
        answer = login(city.operator).post(self.page(assessment, self.aspect(assessment)[0]), body)
        assert (answer.status_code, CarryOver.objects.count()) == (422, 0)

    def test_what_was_typed_or_changed_meanwhile_is_left(self, assessment, last, city):
        save = {"assessment_id": assessment.pk, "user": city.operator, "version": 1}
        answer_services.save_answer(**save, code="1", changes={"fact": "Tahun ini."})
        answer_services.save_answer(**save, code="2", changes={"fact": "Sebentar."})
        answer_services.save_answer(**save | {"version": 2}, code="2", changes={"fact": ""})
        done = self.keep(assessment, city.operator, **{"1": 2, "2": 1, "3": 1})
        assert (done.done, len(done.left)) == (["3"], 2)
        assert (stored(assessment, "1").fact, stored(assessment, "2").fact) == ("Tahun ini.", "")

    def test_one_that_cannot_be_attached_keeps_the_others(self, assessment, last, city, monkeypatch):
        monkeypatch.setattr(evidence_services, "MAX_PER_ANSWER", 1)
        attach(stored(assessment), city.operator)
        done = self.keep(assessment, city.operator, **{"1": 1, "2": 1})
        assert (done.done, len(done.left)) == (["2"], 1)
        assert stored(assessment, "1").self_level is None

    def test_one_with_a_doubt_is_not_ticked_beforehand(self, login, assessment, last, city):
        code, _ = self.aspect(assessment)
        piece = Evidence.objects.get(answer=proposal(assessment).source)
        piece.version = attach(stored(last), city.operator, "Lain").version
        Evidence.objects.filter(answer=piece.answer).exclude(pk=piece.pk).delete()
        piece.save()
        Document.objects.filter(versions=piece.version).update(valid_until=date(2020, 1, 1))
        lines = login(city.operator).get(self.page(assessment, code)).context["form"].lines()
        assert [each.code for each, _, is_ticked in lines if not is_ticked] == ["1"]

    def test_an_unknown_aspect_or_indicator_is_not_found(self, login, assessment, last, city):
        client = login(city.operator)
        assert client.get(self.page(assessment, "zzz")).status_code == 404
        body = {"pilih": ["99:1"], "sure": "on"}
        assert client.post(self.page(assessment, self.aspect(assessment)[0]), body).status_code == 404
        assert client.post(self.page(assessment, ""), {"pilih": ["1:x"], "sure": "on"}).status_code == 302
        assert not CarryOver.objects.exists()

    @pytest.mark.parametrize("who", ["other_operator", "verifier", "leader", "admin", "outsider"])
    def test_nobody_else_decides(self, assessment, last, city, who):
        with pytest.raises(PermissionDenied):
            self.keep(assessment, getattr(city, who), **{"1": 1})

    def test_not_after_the_deadline(self, assessment, last, city):
        assessment.extended_until = None
        assessment.period.deadline = timezone.now() - timedelta(seconds=1)
        assessment.period.save()
        with pytest.raises(TooLate):
            self.keep(assessment, city.operator, **{"1": 1})

    def test_the_page_costs_the_same_however_much_is_there(self, login, assessment, last, city):
        client = login(city.operator)
        client.get(self.page(assessment, ""))
        with CaptureQueriesContext(connection) as few:
            client.get(self.page(assessment, ""))
        _, codes = self.aspect(assessment)
        self.keep(assessment, city.operator, **dict.fromkeys(codes[:3], 1))
        with CaptureQueriesContext(connection) as many:
            client.get(self.page(assessment, ""))
        assert len(few) == len(many)


# --- Last year had another instrument ---------------------------------------------------------------------


@pytest.fixture
def of_another(assessment, city) -> Assessment:
    """Dinkes's result of 2025 by the instrument of 2018: everything at level 3, accepted."""
    return run(city, Instrument.objects.get(code="permenpanrb-5-2018"), 2025, 3)


def test_what_is_mapped_is_offered_without_its_level(of_another, assessment, city, login):
    one = proposal(assessment, "36")  # staffing: the same service, on a scale from 0
    assert (one.source.indicator.code, one.link.share) == ("26", 1)
    assert (one.last_level, one.level, one.not_applicable) == (3, None, False)
    assert [piece.origin.indicator.code for piece in one.pieces] == ["26"]
    page = login(city.operator).get(reverse("carry_over_one", args=[assessment.pk, "36"])).content.decode()
    assert "Instrumen tahun lalu berbeda." in page
    assert "Layanan yang dinilai sama: kepegawaian." in page
    assert "bukan ketentuan peraturan." in page
    assert "tidak disalin" in login(city.operator).get(reverse("carry_over", args=[assessment.pk])).content.decode()
    Evidence.objects.filter(answer__assessment=of_another).update(level=3)
    decide(assessment, city.operator, "36", answer="ya", all_pieces="ya")
    answer = stored(assessment, "36")
    assert (answer.self_level, answer.fact, answer.analysis) == (None, "Ada.", "Memenuhi.")
    assert [piece.level for piece in answer.evidence.all()] == [None]


def test_its_level_keeps_the_name_it_had(of_another, assessment, city, login):
    one = proposal(assessment, "1")
    then, now = (
        next(step.name for step in indicator_content(each.indicator).ladder if step.level == 3)
        for each in (one.source, one.answer)
    )
    page = login(city.operator).get(reverse("carry_over_one", args=[assessment.pk, "1"]))
    assert (page.context["old_name"], page.context["verified_name"], then == now) == (then, then, False)


def test_all_that_is_mapped_to_one_indicator_is_offered_once_a_document(of_another, assessment, city):
    one = proposal(assessment, "1")
    assert one.source.indicator.code == "2"
    assert [(other.indicator.code, link.share) for other, link in one.others] == [("3", Fraction(1, 4))]
    assert len(one.pieces) == 1  # both cite the same report


def test_what_nothing_is_mapped_to_is_not_offered(of_another, assessment):
    assert shown(assessment).find("9") is None


def test_over_another_instrument_the_queries_are_as_many_for_one_indicator_as_for_all(of_another, assessment):
    counts = []
    for code in ("36", ""):
        with CaptureQueriesContext(connection) as asked:
            queries.overview(
                Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment.pk),
                timezone.localdate(),
                code,
            )
        counts.append(len(asked))
    assert counts[0] == counts[1]
