"""``exclude-newer``: the moment after which nothing counts as published."""

from datetime import UTC, date, datetime, time, timedelta

from wheelbridge.errors import UsageError


def read_cutoff(text: str | None) -> datetime | None:
    """Read a date (its last moment, UTC), a time, or an age in days.

    >>> read_cutoff("2026-01-31T12:00:00+00:00").isoformat()
    '2026-01-31T12:00:00+00:00'
    >>> read_cutoff("2026-01-31").isoformat()
    '2026-01-31T23:59:59.999999+00:00'

    Raises:
        UsageError: if *text* is none of them.
    """
    if text is None:
        return None
    try:
        if text.removesuffix("d").isdigit():
            return datetime.now(UTC) - timedelta(days=int(text.removesuffix("d")))
        return _read_moment(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no date", hint="Write it like 2026-01-31, or like 7d for an age.") from error


def _read_moment(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
