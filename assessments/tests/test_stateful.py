"""Two operators, a verifier and a coordinator at one assessment, in whatever order hypothesis thinks of.

The model knows what was acknowledged; after every act the database must say the same: no acknowledged save is
lost, the status moves only along the table, the totals are those of the answers, and one event stands for
each act. At the end of each run the whole trail verifies.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assessments import workflow
from assessments.errors import Refused
from assessments.models import Answer, Assessment, Assignment, Evidence, Period, Result, Review, Status
from assessments.moves import BY_NAME
from assessments.services import answers as answer_services
from assessments.services import evidence as evidence_services
from assessments.services import periods as period_services
from assessments.services import reviews as review_services
from assessments.specs import spec_of
from audit.models import Event
from audit.verification import verify

# On PostgreSQL, where each run takes three times as long, fewer: what differs there is the business of the races.
RUNS = int(os.environ.get("STATEFUL_RUNS") or (200 if connection.vendor == "sqlite" else 40))
STEPS = 20

CODES = ("1", "12", "30")  # of three domains, with weights of their own
codes = st.sampled_from(CODES)
writers = st.sampled_from(["operator", "operator2", "coordinator"])
reviewers = st.sampled_from(["verifier", "coordinator"])
levels = st.integers(1, 5)
texts = st.sampled_from(
    ["", "Ada SK.", "Ada SK dan SOP.", "Fakta panjang. " * 30, "Fakta panjang. " * 30 + "Tambahan."]
)


@dataclass
class Known:
    """What the model knows of one answer."""

    level: int | None = None
    fact: str = ""
    not_applicable: bool = False
    version: int = 1
    evidence: frozenset[int] = frozenset()
    decision: tuple[str, int | None] | None = None
    decision_version: int | None = None

    @property
    def is_answered(self) -> bool:
        return self.level is not None or self.not_applicable

    @property
    def is_complete(self) -> bool:
        return self.not_applicable or self.level == 1 or bool(self.level and self.fact and self.evidence)


def while_in(*states):
    """Mostly what makes sense now is tried; what does not is `out_of_turn`'s."""
    return precondition(lambda self: self.status in states)


EDITABLE = (Status.DRAFT, Status.RETURNED)


class People(RuleBasedStateMachine):
    """`world` is set by the test: the people, the period of one agency and three indicators."""

    world = None
    states: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.city, self.period, self.pk, self.weights = self.world
        self.known = {code: Known() for code in CODES}
        self.status = Status.DRAFT
        self.final_period = False
        self.wrote: set[str] = set()
        self.turns = 0
        self.events = self._count()

    def teardown(self) -> None:
        try:
            assert verify().problems == ()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    # --- What people do ---------------------------------------------------------------------------------------------

    @initialize(filled=st.booleans(), who=writers)
    def begin(self, filled, who):
        """Half of the runs begin with everything filled in, so that they get to the later states."""
        if filled:
            for code in CODES:
                self.save(code, who, 3, "Ada SK.", False)
                self.add_evidence(code, who)

    @while_in(*EDITABLE)
    @rule(code=codes, who=writers, level=levels, fact=texts, stale=st.booleans())
    def save(self, code, who, level, fact, stale):
        known = self.known[code]
        version = known.version - 1 if stale else known.version
        saved = self._try(lambda: self._save(code, who, version, self_level=level, fact=fact))
        if saved is None:
            return
        changed = (known.level, known.fact, known.not_applicable) != (level, fact, False)
        self._may_write(code)
        assert saved.changed == changed
        assert not (changed and stale)
        if changed:
            known.level, known.fact, known.not_applicable = level, fact, False
            known.version += 1
            self.wrote.add(who)

    @while_in(*EDITABLE)
    @rule(code=codes, who=writers)
    def declare_not_relevant(self, code, who):
        known = self.known[code]
        changes = {"not_applicable": True, "not_applicable_reason": "Bukan urusan kami."}
        saved = self._try(lambda: self._save(code, who, known.version, **changes))
        if saved is None:
            return
        self._may_write(code)
        if saved.changed:
            known.level, known.not_applicable = None, True
            known.version += 1
            self.wrote.add(who)

    @while_in(*EDITABLE)
    @rule(code=codes, who=writers)
    def add_evidence(self, code, who):
        """A link: a piece of evidence without a file to look into."""
        known = self.known[code]
        address = f"https://dinkes.example/{code}/{len(known.evidence)}"
        added = self._try(
            lambda: evidence_services.add_link(assessment_id=self.pk, code=code, user=self._person(who), url=address)
        )
        if added is not None:
            self._may_write(code)
            known.evidence |= {added.pk}
            self.wrote.add(who)

    @precondition(lambda self: self.status in EDITABLE and any(known.evidence for known in self.known.values()))
    @rule(who=writers, data=st.data())
    def remove_evidence(self, who, data):
        code, known = data.draw(st.sampled_from([each for each in self.known.items() if each[1].evidence]))
        gone = min(known.evidence)
        done = self._try(
            lambda: (
                evidence_services.remove(assessment_id=self.pk, code=code, user=self._person(who), evidence_id=gone)
                or True
            )
        )
        if done:
            self._may_write(code)
            known.evidence -= {gone}
            self.wrote.add(who)

    @while_in(*EDITABLE)
    @rule(who=st.sampled_from(["operator", "operator2", "coordinator", "verifier"]))
    def submit(self, who):
        if self._move("submit", who, lambda user: workflow.submit(assessment_id=self.pk, user=user)):
            assert who != "verifier"
            self.wrote.add(who)
            for known in self.known.values():
                if known.decision and known.decision[0] == "return":
                    known.decision = None
                assert known.decision or known.is_complete

    @while_in(Status.SUBMITTED)
    @rule(who=writers)
    def withdraw(self, who):
        if self._move("withdraw", who, lambda user: workflow.withdraw(assessment_id=self.pk, user=user)):
            assert not any(known.decision for known in self.known.values())

    @while_in(Status.SUBMITTED)
    @rule(code=codes, who=reviewers, level=levels, kind=st.sampled_from(["accept", "accept", "adjust", "return"]))
    def decide(self, code, who, level, kind):
        known = self.known[code]
        more = {"adjust": {"verified_level": level}, "return": {"reason": "not_signed"}}.get(kind, {})
        made = self._try(
            lambda: review_services.decide(
                assessment_id=self.pk,
                code=code,
                user=self._person(who),
                decision=kind,
                note="" if kind == "accept" else "Lihat lagi.",
                version=known.decision_version if known.decision else None,
                **more,
            )
        )
        if made is not None:
            assert self.status == Status.SUBMITTED
            assert who not in self.wrote
            known.decision = (kind, {"accept": known.level, "adjust": level, "return": None}[kind])
            known.decision_version = made.version

    @precondition(lambda self: self.status == Status.SUBMITTED)
    @rule(who=reviewers)
    def accept_the_rest(self, who):
        for code, known in self.known.items():
            if known.decision is None:
                self.decide(code, who, 1, "accept")

    @while_in(Status.SUBMITTED)
    @rule(who=reviewers)
    def return_it(self, who):
        if self._move("return", who, lambda user: workflow.return_assessment(assessment_id=self.pk, user=user)):
            assert who not in self.wrote
            assert "return" in {known.decision[0] for known in self.known.values() if known.decision}

    @while_in(Status.SUBMITTED)
    @rule(who=reviewers)
    def approve(self, who):
        if self._move("approve", who, lambda user: workflow.approve(assessment_id=self.pk, user=user)):
            assert who not in self.wrote
            assert {known.decision[0] for known in self.known.values()} <= {"accept", "adjust"}

    @while_in(Status.RETURNED, Status.APPROVED)
    @rule(who=writers)
    def reply_to_all(self, who):
        for code, known in self.known.items():
            if known.decision and known.decision[0] != "accept":
                self.reply(code, who)

    def reply(self, code, who):
        done = self._try(
            lambda: answer_services.reply(assessment_id=self.pk, code=code, user=self._person(who), text="Sudah.")
        )
        if done is not None:
            assert self.status in (Status.RETURNED, Status.APPROVED, Status.FINAL)
            assert self.known[code].decision[0] in ("return", "adjust")
            self.wrote.add(who)

    @while_in(Status.APPROVED, Status.FINAL)
    @rule(who=st.sampled_from(["coordinator", "verifier", "operator"]))
    def reopen(self, who):
        was_final = self.final_period
        act = lambda user: workflow.reopen(assessment_id=self.pk, user=user, reason="Bukti baru.")  # noqa: E731
        if self._move("reopen", who, act, events=2 if was_final else 1):
            assert who == "coordinator"
            self.final_period = False

    @while_in(*EDITABLE)
    @rule(hours=st.integers(1, 400))
    def extend(self, hours):
        until = timezone.now() + timedelta(hours=hours)
        done = self._try(
            lambda: workflow.extend(
                assessment_id=self.pk, user=self.city.coordinator, until=until, reason="Gangguan jaringan."
            )
        )
        if done is not None:
            assert self.status in BY_NAME["extend"].sources
            assert not self.final_period

    @precondition(lambda self: self.turns > 9)
    @rule()
    def time_passes(self):
        """The deadline is now; what comes after is late unless it is extended."""
        Period.objects.filter(pk=self.period.pk).update(deadline=timezone.now() - timedelta(days=1))

    @precondition(lambda self: self.turns > 14 or self.status == Status.APPROVED)
    @rule()
    def finalise(self):
        done = self._try(
            lambda: workflow.finalise_period(
                period_id=self.period.pk, user=self.city.coordinator, reason="Waktu habis."
            ),
            events=0 if self.status == Status.FINAL else 1,
        )
        if done is not None:
            assert not self.final_period
            assert self.status != Status.CANCELLED
            complete = self.status == Status.APPROVED
            self.status, self.final_period = Status.FINAL, True
            result = Result.objects.get(assessment=self.pk, superseded_at=None)
            assert result.is_complete == complete
            assert result.verified_exact == (self._exact(self._verified()) if complete else "")

    @precondition(lambda self: self.turns > 15)
    @rule()
    def cancel(self):
        act = lambda user: workflow.cancel(assessment_id=self.pk, user=user, reason="Keliru.")  # noqa: E731
        self._move("cancel", "coordinator", act)

    @rule(
        what=st.sampled_from(
            [
                "save",
                "add_evidence",
                "submit",
                "withdraw",
                "decide",
                "return_it",
                "approve",
                "reply",
                "reopen",
                "extend",
            ]
        ),
        code=codes,
        who=st.sampled_from(["operator", "verifier", "coordinator"]),
    )
    def out_of_turn(self, what, code, who):
        """Anything by anybody in any state: `_try` and the invariants say whether it might."""
        more = {
            "save": (code, who, 4, "Menyusul.", False),
            "add_evidence": (code, who),
            "decide": (code, who, 2, "adjust"),
            "reply": (code, who),
            "extend": (24,),
        }.get(what, (who,))
        getattr(self, what)(*more)

    @while_in(Status.SUBMITTED)
    @rule(who=reviewers, code=codes, kind=st.sampled_from(["return", "accept", "adjust"]))
    def review_and_send(self, who, code, kind):
        """Every answer decided, one of them perhaps against the agency, then sent back or approved."""
        self.decide(code, who, 2, kind)
        self.accept_the_rest(who)
        self.return_it(who)
        self.approve(who)

    @while_in(*EDITABLE)
    @rule(who=writers)
    def complete_and_submit(self, who):
        """What lacks is written, then it is handed in: the way most days go."""
        for code, known in self.known.items():
            if self.status == Status.RETURNED and known.decision and known.decision[0] == "return":
                self.save(code, who, known.level or 2, f"Diperbaiki {known.version}.", False)
            if not known.is_complete or not known.evidence:
                self.save(code, who, 3, "Ada SK dan SOP.", False)
                self.add_evidence(code, who)
        self.submit(who)

    # --- What must hold after each -----------------------------------------------------------------------------------

    @invariant()
    def nothing_acknowledged_is_lost(self):
        stored = {
            answer.indicator.code: (answer.self_level, answer.fact, answer.not_applicable, answer.version)
            for answer in Answer.objects.filter(assessment=self.pk).select_related("indicator")
        }
        assert stored == {
            code: (known.level, known.fact, known.not_applicable, known.version) for code, known in self.known.items()
        }
        evidence = set(Evidence.objects.filter(answer__assessment=self.pk).values_list("pk", flat=True))
        assert evidence == {pk for known in self.known.values() for pk in known.evidence}
        reviews = Review.objects.filter(answer__assessment=self.pk, is_current=True)
        rows = reviews.values_list("answer__indicator__code", "decision", "verified_level")
        decided = {code: (decision, level) for code, decision, level in rows}
        assert decided == {code: known.decision for code, known in self.known.items() if known.decision}

    @invariant()
    def status_and_totals_are_those_of_the_model(self):
        self.turns += 1
        self.states.add(self.status)
        stored = Assessment.objects.get(pk=self.pk)
        decisions = [known.decision[0] for known in self.known.values() if known.decision]
        assert (stored.status, stored.assigned_count, stored.answered_count, stored.decided_count) == (
            self.status,
            len(CODES),
            sum(known.is_answered for known in self.known.values()),
            len(decisions),
        )
        assert stored.returned_count == decisions.count("return")
        assert stored.self_exact == self._exact(self._self())
        # What froze unfinished has none; what is cancelled keeps what it had.
        kept = self.status in (Status.FINAL, Status.CANCELLED) and stored.verified_exact
        shown = self.status == Status.APPROVED or kept
        assert stored.verified_exact == (self._exact(self._verified()) if shown else "")

    # --- Tools --------------------------------------------------------------------------------------------------

    def _person(self, name):
        return getattr(self.city, name)

    def _save(self, code, who, version, **changes):
        return answer_services.save_answer(
            assessment_id=self.pk, code=code, user=self._person(who), version=version, changes=changes
        )

    def _try(self, act, *, events=1):
        """What the act gives, or None where it is refused; an event stands for it, unless nothing changed."""
        try:
            done = act()
        except (Refused, PermissionDenied, Review.DoesNotExist):
            assert self._count() == self.events
            return None
        written = self._count() - self.events
        assert written == events or (events == 1 and written == 0 and self._is_idle(done))
        self.events += written
        return done

    @staticmethod
    def _is_idle(done):
        """A save of what is stored, or a decision given twice, writes nothing."""
        return isinstance(done, Review) or getattr(done, "changed", None) is False

    def _move(self, name, who, act, *, events=1):
        before, move = self.status, BY_NAME[name]
        if self._try(lambda: act(self._person(who)), events=events) is None:
            return False
        assert before in move.sources
        assert not self.final_period or name == "reopen"
        self.status = move.target
        return True

    def _may_write(self, code):
        assert self.status in (Status.DRAFT, Status.RETURNED)
        assert not self.final_period
        if self.status == Status.RETURNED:
            assert self.known[code].decision[0] == "return"
        assert Assessment.objects.select_related("period").get(pk=self.pk).due_at > timezone.now() - timedelta(
            minutes=1
        )

    def _count(self):
        return Event.objects.filter(stream=f"assessment:{self.world[2]}").count()

    def _index(self, levels):
        """Sum of level x weight over the sum of the weights; what is None is left out."""
        counted = {code: level for code, level in levels.items() if level is not None}
        whole = sum(self.weights[code] for code in counted)
        return sum(self.weights[code] * level for code, level in counted.items()) / whole if whole else None

    def _self(self):
        return self._index({code: Fraction(known.level or 1) for code, known in self.known.items()})

    def _verified(self):
        return self._index({code: known.decision[1] for code, known in self.known.items()})

    @staticmethod
    def _exact(value):
        return "" if value is None else f"{value.numerator}/{value.denominator}"


@pytest.fixture
def world(city, instrument):
    """An open period of one agency with three indicators."""
    made = period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2026",
        year=2026,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[city.dinkes],
        target=Decimal("3.60"),
    )
    Assignment.objects.filter(period=made).exclude(indicator__code__in=CODES).delete()
    period = workflow.open_period(period_id=made.pk, user=city.coordinator)
    weights = {indicator.code: indicator.weight for indicator in spec_of(instrument).indicators}
    return city, period, Assessment.objects.get(period=period).pk, weights


@pytest.mark.django_db
def test_whatever_they_do_nothing_is_lost_and_the_trail_is_whole(world):
    machine = type("Run", (People,), {"world": world, "states": set()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a failing run of twenty acts can be read; making it shorter takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    if RUNS >= 200:  # fewer miss the rarest state now and then
        assert machine.states == set(Status)  # the runs went everywhere
