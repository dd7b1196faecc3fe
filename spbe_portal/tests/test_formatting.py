from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from spbe_portal.formatting import (
    change_id,
    clock_id,
    count_id,
    date_id,
    datetime_id,
    decimal_id,
    level_id,
    percent_id,
    remaining_id,
    short_date_id,
    short_datetime_id,
    size_id,
    time_id,
    weight_id,
)

EVENING = datetime(2026, 11, 21, 13, 14, tzinfo=UTC)  # 20.14 in Jakarta


@pytest.mark.parametrize(
    "value, text",
    [
        (Fraction(361, 100), "3,61"),
        (Fraction(3605, 1000), "3,61"),
        (Decimal("3.4985"), "3,50"),
        (Decimal("2.675"), "2,68"),
        (Fraction(10, 3), "3,33"),
        (3, "3,00"),
        (0, "0,00"),
        (1234567, "1.234.567,00"),
        (Fraction(-125, 1000), "−0,13"),
        (Fraction(-1, 1000), "0,00"),
        (None, "–"),
    ],
)
def test_decimals_have_a_comma_and_round_half_up(value, text):
    assert decimal_id(value) == text


def test_a_float_is_refused():
    with pytest.raises(TypeError):
        decimal_id(2.675)


def test_text_is_refused():
    with pytest.raises(TypeError):
        decimal_id("3.61")


def test_the_number_of_decimals_can_be_chosen():
    assert (decimal_id(Fraction(5, 2), 0), decimal_id(Fraction(1, 8), 3)) == ("3", "0,125")


@pytest.mark.parametrize(
    "value, text", [(Fraction(3, 25), "+0,12"), (Decimal("-0.12"), "−0,12"), (0, "0,00"), (None, "–")]
)
def test_a_change_carries_its_sign(value, text):
    assert change_id(value) == text


@pytest.mark.parametrize(
    "value, text", [(3, "3"), (0, "0"), (Decimal("1.26"), "1,26"), (Decimal("1.50"), "1,5"), (None, "–")]
)
def test_a_level_shows_decimals_only_where_it_has_them(value, text):
    assert level_id(value) == text


@pytest.mark.parametrize(
    "value, text",
    [(Fraction(13, 10), "1,3 %"), (Fraction(10, 3), "3,33 %"), (Fraction(10), "10 %"), (Fraction(33, 2), "16,5 %")],
)
def test_weights_are_percentages_of_the_index(value, text):
    assert weight_id(value) == text


def test_shares_are_percentages_of_one():
    assert (percent_id(Fraction(31, 47)), percent_id(Fraction(31, 47), 1), percent_id(None)) == ("66 %", "66,0 %", "–")


@pytest.mark.parametrize(
    "size, text",
    [
        (0, "0 byte"),
        (1023, "1023 byte"),
        (35 * 1024, "35 KB"),
        (2_516_582, "2,4 MB"),
        (25 * 1024**2, "25 MB"),
        (1024**2 - 1, "1 MB"),
        (3 * 1024**3, "3 GB"),
        (None, "–"),
    ],
)
def test_sizes_use_the_largest_readable_unit(size, text):
    assert size_id(size) == text


def test_counts_have_a_thousands_dot():
    assert (count_id(47), count_id(1233), count_id(None)) == ("47", "1.233", "–")


def test_moments_are_written_in_the_portals_zone(settings):
    settings.TIME_ZONE, settings.TIME_ZONE_LABEL = "Asia/Jakarta", "WIB"
    assert [f(EVENING) for f in (date_id, short_date_id, clock_id, time_id, datetime_id, short_datetime_id)] == [
        "21 November 2026",
        "21 Nov 2026",
        "20.14",
        "20.14 WIB",
        "21 November 2026 pukul 20.14 WIB",
        "21 Nov 2026, 20.14",
    ]


def test_a_moment_late_in_the_day_belongs_to_the_local_day(settings):
    settings.TIME_ZONE, settings.TIME_ZONE_LABEL = "Asia/Jayapura", "WIT"
    assert datetime_id(datetime(2026, 8, 31, 15, 30, tzinfo=UTC)) == "1 September 2026 pukul 00.30 WIT"


def test_a_plain_day_is_written_as_it_is():
    assert (date_id(date(2026, 8, 7)), short_date_id(date(2026, 8, 7)), date_id(None)) == (
        "7 Agustus 2026",
        "7 Agt 2026",
        "–",
    )


@pytest.mark.parametrize(
    "deadline, text",
    [
        (datetime(2026, 11, 30, 9, 0, tzinfo=UTC), "9 hari lagi"),
        (EVENING + timedelta(days=1), "1 hari lagi"),
        (EVENING + timedelta(hours=23, minutes=59), "23 jam lagi"),
        (EVENING + timedelta(hours=3, minutes=5), "3 jam lagi"),
        (EVENING + timedelta(minutes=12), "12 menit lagi"),
        (EVENING + timedelta(seconds=20), "kurang dari 1 menit lagi"),
        (EVENING + timedelta(hours=26), "1 hari lagi"),  # 22.14 of the next day
        (EVENING + timedelta(hours=28), "2 hari lagi"),  # 00.14 of the day after
        (EVENING, "lewat kurang dari 1 menit"),  # as the server decides
        (EVENING - timedelta(minutes=90), "lewat 1 jam"),
        (EVENING - timedelta(days=2), "lewat 2 hari"),
        (None, "–"),
    ],
)
def test_remaining_time_is_said_in_the_largest_whole_unit(deadline, text, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    assert remaining_id(deadline, EVENING) == text
