"""A made-up government of any size, written in bulk, to measure the pages with. Only for a scratch database."""

import random
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Agency, Membership, Role, User
from assessments import levels as texts
from assessments.models import Answer, Assessment, Assignment, Determination, Period, Result, Status
from assessments.specs import spec_of
from assessments.totals import fraction_text
from assessments.workflow.pemda import finalise_pemda
from indicators.models import Indicator, Instrument
from indicators.scoring import FORMULA_VERSION, InstrumentSpec, score
from indicators.services import mark_in_use

BATCH = 2000
#: The states of the running period in turn.
STATES = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED, Status.RETURNED, Status.APPROVED, Status.DRAFT)


class World:
    """`agencies` agencies with every indicator assigned: two years final, one running. `people` by role."""

    def __init__(self, agencies: int, now: datetime | None = None):
        self.now = now or timezone.now()
        self._draw = random.Random(agencies)
        self.instrument = Instrument.objects.get(is_default=True)
        mark_in_use(self.instrument)
        self.instrument.refresh_from_db()
        self.spec: InstrumentSpec = spec_of(self.instrument)
        self.indicators = list(Indicator.objects.filter(instrument=self.instrument).order_by("order"))
        self.agencies = Agency.objects.bulk_create(
            [
                Agency(
                    slug=f"opd-{number}",
                    name=f"Perangkat Daerah {number:04d}",
                    short_name=f"PD {number:04d}",
                    kind=Agency.Kind.values[number % len(Agency.Kind.values)],
                )
                for number in range(1, agencies + 1)
            ],
            batch_size=BATCH,
        )
        self.people = {role: self._person(role) for role in (Role.OPERATOR, Role.COORDINATOR, Role.LEADER)}
        year = self.now.year
        for past in (year - 2, year - 1):
            self._period(past, Period.Status.FINAL)
        self.running = self._period(year, Period.Status.OPEN)

    def _person(self, role: str) -> User:
        """A member of the first agency."""
        person = User.objects.create(username=f"ukur-{role}", name=f"Pengukur {role}")
        Membership.objects.create(user=person, agency=self.agencies[0], role=role, valid_from=date(2020, 1, 1))
        return person

    def _period(self, year: int, status: str) -> Period:
        is_final = status == Period.Status.FINAL
        period = Period.objects.create(
            name=f"Penilaian {year}",
            year=year,
            instrument=self.instrument,
            status=status,
            starts_on=date(year, 1, 2),
            # Running: the time is over for who is still at it.
            deadline=self.now - timedelta(days=1) if not is_final else self.now - timedelta(days=300),
            target="3.60",
            created_by=self.people[Role.COORDINATOR],
            opened_at=self.now,
            finalised_at=self.now if is_final else None,
        )
        Assignment.objects.bulk_create(
            (
                Assignment(
                    period=period,
                    agency=agency,
                    indicator=indicator,
                    kind="pic" if order % len(self.agencies) == place else "support",
                )
                for place, agency in enumerate(self.agencies)
                for order, indicator in enumerate(self.indicators)
            ),
            batch_size=BATCH,
        )
        assessments = Assessment.objects.bulk_create(
            [
                self._assessment(period, agency, Status.FINAL if is_final else STATES[place % len(STATES)])
                for place, agency in enumerate(self.agencies)
            ],
            batch_size=BATCH,
        )
        if is_final:
            self._freeze(assessments)
        else:
            self._answer(assessments)
        self._determine(period, self.indicators if is_final else self.indicators[: len(self.indicators) * 2 // 3])
        if is_final:
            finalise_pemda(period_id=period.pk, user=self.people[Role.COORDINATOR])
        return period

    def _levels(self) -> dict[str, int]:
        return {indicator.code: self._draw.choice((1, 2, 2, 3, 3, 3, 4, 4, 5)) for indicator in self.indicators}

    def _assessment(self, period: Period, agency: Agency, status: str) -> Assessment:
        levels = self._levels()
        own = score(self.spec, levels)
        fields: dict[str, Any] = {
            "self_exact": fraction_text(own.index),
            "self_predicate": own.predicate,
            "self_levels": texts.pack(levels.items()),
        }
        if status in (Status.APPROVED, Status.FINAL):
            lower = {code: max(1, level - (self._draw.random() < 0.2)) for code, level in levels.items()}
            verified = score(self.spec, lower)
            fields |= {
                "verified_exact": fraction_text(verified.index),
                "verified_predicate": verified.predicate,
                "verified_levels": texts.pack(lower.items()),
                "approved_at": self.now,
            }
        handed_in = status != Status.DRAFT
        return Assessment(
            period=period,
            agency=agency,
            status=status,
            round=int(handed_in),
            submitted_at=self.now if handed_in else None,
            mend_by=self.now + timedelta(days=3) if status == Status.RETURNED else None,
            finalised_at=self.now if status == Status.FINAL else None,
            assigned_count=len(self.indicators),
            answered_count=len(self.indicators),
            **fields,
        )

    def _freeze(self, assessments: list[Assessment]) -> None:
        Result.objects.bulk_create(
            (
                Result(
                    assessment=assessment,
                    revision=1,
                    instrument_code=self.instrument.code,
                    instrument_version=self.instrument.version,
                    formula_version=FORMULA_VERSION,
                    is_complete=True,
                    assigned_count=assessment.assigned_count,
                    answered_count=assessment.answered_count,
                    self_exact=assessment.self_exact,
                    verified_exact=assessment.verified_exact,
                    predicate=assessment.verified_predicate,
                    snapshot={},
                    digest="0" * 64,
                    finalised_at=self.now,
                )
                for assessment in assessments
            ),
            batch_size=BATCH,
        )

    def _answer(self, assessments: list[Assessment]) -> None:
        Answer.objects.bulk_create(
            (
                Answer(
                    assessment=assessment,
                    indicator=indicator,
                    self_level=level,
                    fact="Ada.",
                    analysis="Memenuhi.",
                    changed_at=self.now,
                )
                for assessment in assessments
                for indicator, level in zip(
                    self.indicators, texts.unpack(assessment.self_levels).values(), strict=True
                )
            ),
            batch_size=BATCH,
        )

    def _determine(self, period: Period, indicators: list[Indicator]) -> None:
        rows = []
        for indicator in indicators:
            level = self._draw.choice((2, 3, 3, 4, 4))
            rows.append(
                Determination(
                    period=period,
                    indicator=indicator,
                    level=level,
                    suggested=level,
                    determined_by=self.people[Role.COORDINATOR],
                    determined_at=self.now,
                )
            )
        Determination.objects.bulk_create(rows)
