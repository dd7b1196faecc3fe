"""Working days and deadlines. Pure."""

from datetime import date, datetime, time, timedelta, tzinfo


def end_of_working_day(start: datetime, days: int, zone: tzinfo) -> datetime:
    """The last minute (23.59, in `zone`) of the `days`-th working day after `start`.

    Saturdays and Sundays do not count. Public holidays are not known here: the coordinator can extend.
    """
    day: date = start.astimezone(zone).date()
    left = days
    while left:
        day += timedelta(days=1)
        if day.weekday() < 5:
            left -= 1
    return datetime.combine(day, time(23, 59), tzinfo=zone)
