"""A draft of an instrument is for its editors: no period takes it."""

import pytest

from assessments.errors import Invalid
from assessments.forms.periods import usable_instruments
from assessments.services import periods
from indicators.editor import drafts
from indicators.services import InstrumentNotReady, mark_in_use


def test_no_period_takes_a_draft(city, period):
    copied = drafts.copy(actor=city.coordinator, source=period.instrument, code="spbe-47-2027", name="SPBE 47")
    assert copied not in usable_instruments()[0]
    with pytest.raises(InstrumentNotReady):
        mark_in_use(copied)
    with pytest.raises(Invalid) as refused:
        periods.create_period(
            user=city.coordinator,
            name="Penilaian 2027",
            year=2027,
            instrument=copied,
            starts_on=period.starts_on,
            deadline=period.deadline,
            agencies=[city.dinkes],
        )
    assert list(refused.value.errors) == ["instrument"]
