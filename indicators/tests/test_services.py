"""Adding instruments and freezing them."""

import pytest
from django.utils import timezone

from audit.models import Event
from indicators.models import Indicator, Instrument
from indicators.parts import flat, shipped_parts, stored_parts
from indicators.services import InstrumentNotReady, add_instrument, differences, is_frozen, mark_in_use

pytestmark = pytest.mark.django_db


def test_an_added_instrument_is_what_the_file_says_and_leaves_an_event():
    added = add_instrument(shipped_parts("spbe-47-7aspek"))
    stored = Instrument.objects.get()
    assert added == stored
    assert flat(stored_parts(stored)) == flat(shipped_parts("spbe-47-7aspek"))
    event = Event.objects.get()
    assert (event.action, event.subject_id, event.after) == (
        "instrument.add",
        str(stored.pk),
        {"code": "spbe-47-7aspek", "version": 1},
    )


def test_an_instrument_that_is_there_is_not_added_again():
    add_instrument(shipped_parts("spbe-47-7aspek"))
    assert add_instrument(shipped_parts("spbe-47-7aspek")) is None
    assert (Instrument.objects.count(), Event.objects.count()) == (1, 1)


def test_a_second_default_does_not_displace_the_first():
    other = shipped_parts("permenpanrb-8-2026")
    other.instrument.is_default = True
    add_instrument(other)
    add_instrument(shipped_parts("spbe-47-7aspek"))
    assert list(Instrument.objects.filter(is_default=True).values_list("code", flat=True)) == ["permenpanrb-8-2026"]


def test_a_broken_instrument_is_not_added_at_all():
    broken = shipped_parts("permenpanrb-5-2018")
    broken.indicators[0].weight_numerator = 9
    with pytest.raises(InstrumentNotReady) as caught:
        add_instrument(broken)
    assert caught.value.problems[0] == "Jumlah bobot indikator 108, seharusnya 100."
    assert Instrument.objects.count() == 0


def test_first_use_freezes_and_leaves_one_event():
    instrument = add_instrument(shipped_parts("spbe-47-7aspek"))
    assert is_frozen(instrument) is False
    before = timezone.now()
    first = mark_in_use(instrument)
    again = mark_in_use(instrument)
    assert before <= first.in_use_since == again.in_use_since
    assert is_frozen(Instrument.objects.get()) is True
    assert Event.objects.filter(action="instrument.freeze").count() == 1


def test_an_instrument_that_is_not_whole_cannot_be_used():
    instrument = add_instrument(shipped_parts("spbe-47-7aspek"))
    Indicator.objects.filter(code="1").update(weight_numerator=99)
    with pytest.raises(InstrumentNotReady) as caught:
        mark_in_use(instrument)
    assert caught.value.problems[0] == "Jumlah bobot indikator 108.6, seharusnya 100."
    assert is_frozen(Instrument.objects.get()) is False


def test_differences_name_the_row_and_its_fields():
    add_instrument(shipped_parts("spbe-47-7aspek"))
    stored = Instrument.objects.get()
    assert differences(stored_parts(stored), shipped_parts("spbe-47-7aspek")) == []
    Indicator.objects.filter(code="12").update(question="Lain?", weight_numerator=3)
    Indicator.objects.get(code="47").criteria.get(level=5).delete()
    stored.bands.create(code="luar-biasa", name="Luar Biasa", minimum="4.9")
    assert differences(stored_parts(stored), shipped_parts("spbe-47-7aspek")) == [
        "indicator 12: weight_numerator, question",
        "levelcriterion 47/5: tidak ada di basis data",
        "predicateband luar-biasa: tidak ada dalam berkas",
    ]


def test_the_choice_of_default_and_the_freeze_are_no_differences():
    add_instrument(shipped_parts("spbe-47-7aspek"))
    stored = mark_in_use(Instrument.objects.get())
    stored.is_default = False
    assert differences(stored_parts(stored), shipped_parts("spbe-47-7aspek")) == []
