"""Numbers, dates and sizes as Indonesian offices write them. One place for screens, mails, sheets and PDF.

Values come in exact (`Fraction`, `Decimal`, `int`); a `float` is refused, since it has already lost
what rounding half up needs. None is written as a dash: "no value yet" is not zero.
"""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.utils import timezone

NONE = "–"
MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
Exact = int | Decimal | Fraction


def _exact(value: Exact) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, Fraction)):
        raise TypeError(f"an exact number is needed, not {value!r}")
    return Fraction(value)


def _rounded(value: Fraction, digits: int) -> str:
    """`value` (>= 0) rounded half up to `digits` decimals, with Indonesian separators."""
    scaled = (value * 10**digits * 2 + 1) // 2
    whole, rest = divmod(scaled, 10**digits)
    text = f"{whole:,}".replace(",", ".")
    return f"{text},{rest:0{digits}d}" if digits else text


def _shortened(text: str) -> str:
    """`text` without the zeros after the comma that say nothing: 1,30 -> 1,3."""
    return text.rstrip("0").rstrip(",") if "," in text else text


def decimal_id(value: Exact | None, digits: int = 2) -> str:
    """3.605 -> "3,61". Rounds half up (away from zero), for display only."""
    if value is None:
        return NONE
    number = _exact(value)
    text = _rounded(abs(number), digits)
    return f"−{text}" if number < 0 and text.strip("0,.") else text


def change_id(value: Exact | None, digits: int = 2) -> str:
    """A difference with its sign: "+0,12", "−0,12", "0,00"."""
    text = decimal_id(value, digits)
    return f"+{text}" if value is not None and value > 0 and text.strip("0,.") else text


def level_id(level: Exact | None) -> str:
    """3 -> "3", Decimal("1.26") -> "1,26"."""
    return _shortened(decimal_id(level))


def percent_id(share: Exact | None, digits: int = 0) -> str:
    """A share of one: Fraction(2, 3) -> "67 %"."""
    return NONE if share is None else f"{decimal_id(_exact(share) * 100, digits)} %"


def weight_id(weight: Exact | None) -> str:
    """A share of one hundred: Fraction(13, 10) -> "1,3 %", Fraction(10, 3) -> "3,33 %"."""
    return NONE if weight is None else f"{_shortened(decimal_id(weight))} %"


def count_id(number: int | None) -> str:
    """1234 -> "1.234"."""
    return NONE if number is None else decimal_id(number, 0)


def size_id(size: int | None) -> str:
    """Bytes as read in a file manager: "812 byte", "35 KB", "2,4 MB" (1 KB = 1024 byte)."""
    if size is None:
        return NONE
    if size < 1024:
        return f"{size} byte"
    for unit, factor, digits in (("KB", 1024, 0), ("MB", 1024**2, 1), ("GB", 1024**3, 1)):
        text = _rounded(Fraction(size, factor), digits)
        if unit == "GB" or Fraction(size, factor) < 1023:
            break
    return f"{text.removesuffix(',0')} {unit}"


def _local(value: date | datetime) -> date | datetime:
    """A moment in the portal's time zone; a plain day as it is."""
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def date_id(value: date | datetime | None) -> str:
    """ "21 November 2026", in the portal's time zone."""
    if value is None:
        return NONE
    day = _local(value)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_date_id(value: date | datetime | None) -> str:
    """ "21 Nov 2026", for narrow columns."""
    if value is None:
        return NONE
    day = _local(value)
    return f"{day.day} {MONTHS[day.month - 1][:3].replace('Agu', 'Agt')} {day.year}"


def clock_id(value: datetime | None) -> str:
    """ "20.14", where the zone is said elsewhere."""
    return NONE if value is None else f"{_local(value):%H.%M}"


def time_id(value: datetime | None) -> str:
    """ "20.14 WIB"."""
    return NONE if value is None else f"{clock_id(value)} {settings.TIME_ZONE_LABEL}"


def datetime_id(value: datetime | None) -> str:
    """ "21 November 2026 pukul 20.14 WIB"."""
    return NONE if value is None else f"{date_id(value)} pukul {time_id(value)}"


def short_datetime_id(value: datetime | None) -> str:
    """ "21 Nov 2026, 20.14", for narrow columns."""
    return NONE if value is None else f"{short_date_id(value)}, {clock_id(value)}"


def remaining_id(deadline: datetime | None, now: datetime | None = None) -> str:
    """How far `deadline` is: "9 hari lagi", "3 jam lagi", "12 menit lagi", "lewat 2 hari".

    From a day on it counts calendar days, as people do; below that whole hours, then minutes.
    """
    if deadline is None:
        return NONE
    now = now or timezone.now()
    late = now >= deadline  # as the server decides: the moment itself is too late
    earlier, later = (deadline, now) if late else (now, deadline)
    minutes = int((later - earlier).total_seconds()) // 60
    if minutes >= 24 * 60:
        amount = f"{(_day(later) - _day(earlier)).days} hari"
    elif minutes >= 60:
        amount = f"{minutes // 60} jam"
    else:
        amount = f"{minutes} menit" if minutes else "kurang dari 1 menit"
    return f"lewat {amount}" if late else f"{amount} lagi"


def _day(value: datetime) -> date:
    local = _local(value)
    return local.date() if isinstance(local, datetime) else local
