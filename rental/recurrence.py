"""Recurrence by RFC 5545 rules, on the wall clock of the site."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr

from config.errors import Invalid

MOST_DATES = 1000
# Finer rules that match nothing would be searched for minutes, and nobody rents by the second.
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")


class BadRecurrence(Invalid):
    """The recurrence rule is not an RFC 5545 RRULE, or it matches no date."""


def dates(rrule: str, first: datetime, zone: tzinfo | str, until: datetime) -> list[datetime]:
    """The starts of a series, aware, in `zone`: each at the wall-clock time of `first`.

    `first` anchors the rule (DTSTART) and counts only where the rule matches it; `until` bounds
    the series, inclusive. A wall-clock time that a change to summer time skips moves on by the
    hour skipped. Raises BadRecurrence for a rule that cannot be read, that matches nothing, or
    that yields more than 1 000 dates. `zone` may be named: "Asia/Ho_Chi_Minh".
    """
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    if first.tzinfo is None or until.tzinfo is None:
        raise BadRecurrence("A time needs its offset, such as 2026-12-01T09:00:00+07:00.")
    wall = first.astimezone(zone).replace(tzinfo=None)
    last = until.astimezone(zone).replace(tzinfo=None)
    rule = _rule(rrule, wall, zone)
    found: list[datetime] = []
    for moment in rule:
        if moment > last:
            break
        if len(found) == MOST_DATES:
            raise BadRecurrence(
                "The rule yields more than {most} dates; shorten it.", most=MOST_DATES
            )
        # Through UTC and back, so that a skipped wall-clock time becomes one that exists.
        found.append(moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone))
    if not found:
        raise BadRecurrence("The rule matches no date in the period; change the rule or the end.")
    return found


def _rule(text: str, wall: datetime, zone: tzinfo) -> rruleset:
    body = text.strip().removeprefix("RRULE:").strip()
    if "FREQ=" not in body.upper() or "\n" in body or "DTSTART" in body.upper():
        raise BadRecurrence("Write one rule, such as FREQ=WEEKLY;BYDAY=MO;COUNT=10.")
    try:
        rule = rrulestr(_local_until(body, zone), dtstart=wall, forceset=True)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise BadRecurrence(
            "The rule cannot be read ({problem}); correct it.", problem=str(wrong)
        ) from wrong
    assert isinstance(rule, rruleset)  # noqa: S101  # forceset says so
    return rule


def _local_until(body: str, zone: tzinfo) -> str:
    """UNTIL in UTC (with Z) as the wall-clock time it stands for; the rest as it was."""
    pieces = []
    for piece in body.split(";"):
        key, equals, value = piece.partition("=")
        if not equals:
            raise BadRecurrence(
                "'{piece}' is no part of a rule; write NAME=VALUE, parted by ;.", piece=piece
            )
        if key.upper() == "FREQ" and value.upper() not in FREQUENCIES:
            raise BadRecurrence(
                "FREQ={value} is not one of {frequencies}.",
                value=value,
                frequencies=list(FREQUENCIES),
            )
        if key.upper() == "INTERVAL" and not (value.isdigit() and int(value) > 0):
            # dateutil would search for the next date for ever.
            raise BadRecurrence("INTERVAL={value} is not a number of at least 1.", value=value)
        if key.upper() == "UNTIL" and value.upper().endswith("Z"):
            try:
                moment = datetime.strptime(value.upper(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            except ValueError as wrong:
                raise BadRecurrence(
                    "UNTIL={value} is not a time; write 20261231T170000Z.", value=value
                ) from wrong
            pieces.append(f"UNTIL={moment.astimezone(zone):%Y%m%dT%H%M%S}")
        else:
            pieces.append(piece)
    return ";".join(pieces)
