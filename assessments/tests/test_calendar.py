from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from assessments.calendar import end_of_working_day

JAKARTA = ZoneInfo("Asia/Jakarta")


def test_five_working_days_from_a_saturday_end_on_friday():
    start = datetime(2026, 11, 21, 20, 14, tzinfo=JAKARTA)
    assert end_of_working_day(start, 5, JAKARTA) == datetime(2026, 11, 27, 23, 59, tzinfo=JAKARTA)


def test_the_day_is_the_local_one():
    late_utc = datetime(2026, 11, 19, 18, 0, tzinfo=ZoneInfo("UTC"))  # Friday 01.00 in Jakarta
    assert end_of_working_day(late_utc, 1, JAKARTA) == datetime(2026, 11, 23, 23, 59, tzinfo=JAKARTA)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.integers(1, 60))
def test_the_end_is_a_working_day_with_that_many_before_it(start, days):
    start = start.replace(tzinfo=JAKARTA)
    end = end_of_working_day(start, days, JAKARTA)
    assert end.weekday() < 5
    passed = [start.date().toordinal() + step for step in range(1, (end.date() - start.date()).days + 1)]
    assert sum((ordinal - 1) % 7 < 5 for ordinal in passed) == days
