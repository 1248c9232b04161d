"""The public programme: a page for everybody, and the same as iCalendar and JSON.

Nobody is signed in here: the answer depends on the address alone, so that a cache may keep it for a
minute. The templates see no session, no member and no token of a form.
"""

import hashlib
import hmac
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, json, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from config import clock
from config.settings import Settings
from portal import ical
from portal.ical import Event, Sheet
from portal.languages import LANGUAGES
from portal.pages import formats, states
from portal.pages.reading import BadField
from rental import publishing
from rental.period import Period
from rental.publishing import PublicEvent

pages = Blueprint("programme", __name__)

MONTHS_BACK, MONTHS_AHEAD = 24, 24
FEED_BACK, FEED_AHEAD = timedelta(days=31), timedelta(days=366)


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _language() -> str:
    """By the address, never by a cookie."""
    wish = request.args.get("lang", "")
    return wish if wish in LANGUAGES else _settings().locale


def add_months(first: date, months: int) -> date:
    """The first day of the month so many months on."""
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _month() -> date:
    today = clock.today().replace(day=1)
    text = request.args.get("month", "")
    if not text:
        return today
    try:
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadField("'{text}' is not a month such as 2026-11.", text=text[:40]) from None
    if not add_months(today, -MONTHS_BACK) <= first <= add_months(today, MONTHS_AHEAD):
        raise BadField(_("Choose a month within two years from now."))
    return first


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.LOCAL).astimezone(UTC)


def _cached(answer: Response) -> Answer:
    answer.headers["Cache-Control"] = "public, max-age=60"
    answer.add_etag()
    return answer.make_conditional(request)


def _open_to_all(answer: Response) -> Response:
    """Another site may read it, the Centre's own for one."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@pages.get("/programme")
def show() -> Answer:
    """A month of public events, by day."""
    month = _month()
    period = Period(_midnight(month), _midnight(add_months(month, 1)))
    events = publishing.published(period)
    today = clock.today().replace(day=1)
    with force_locale(_language()):
        # Without the context of the signed-in pages: it would look at the visitor's session.
        page = current_app.jinja_env.get_template("programme/show.html").render(
            month=month,
            days=_by_day(events, period),
            before=add_months(month, -1) if month > add_months(today, -MONTHS_BACK) else None,
            after=add_months(month, 1) if month < add_months(today, MONTHS_AHEAD) else None,
            today=today,
            lang=_language(),
            month_name=formats.month,
        )
    return _cached(Response(page, mimetype="text/html"))


def _by_day(events: list[PublicEvent], period: Period) -> list[tuple[date, list[PublicEvent]]]:
    """The events under the day they begin on; what began before stands under the first."""

    def day(event: PublicEvent) -> date:
        return max(event.starts_at, period.starts_at).astimezone(clock.LOCAL).date()

    return [(key, list(found)) for key, found in groupby(sorted(events, key=day), key=day)]


def _coming() -> list[PublicEvent]:
    first = _midnight(clock.today())
    return publishing.published(Period(first - FEED_BACK, first + FEED_AHEAD))


def _key(event: PublicEvent) -> str:
    """A name of the event that lasts and tells nothing of its booking."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, f"public event {event.key}".encode(), hashlib.sha256).hexdigest()[:24]


@pages.get("/programme.ics")
def calendar() -> Answer:
    """The programme to subscribe to: a month back, a year ahead."""
    host = urlsplit(_settings().public_url).hostname or "localhost"
    with force_locale(_language()):
        events = [
            Event(
                uid=f"public-{_key(event)}@{host}",
                starts_at=event.starts_at,
                ends_at=event.ends_at,
                summary=event.title,
                status=ical.CONFIRMED,
                sequence=event.revision,
                changed_at=event.changed_at,
                location=", ".join(
                    dict.fromkeys(
                        [*map(formats.title_of, event.halls), *(h.site.name for h in event.halls)]
                    )
                ),
                description="\n".join(filter(None, (event.unit, event.note))),
                url=_month_address(event),
                category=str(states.EVENT_KINDS[event.event_kind.value]),
            )
            for event in _coming()
        ]
        sheet = Sheet(_("Programme of the Press Center"), clock.LOCAL.key, events)
        body = ical.written(sheet)
    return _cached(_open_to_all(Response(body, content_type=ical.MEDIA_TYPE)))


def _month_address(event: PublicEvent) -> str:
    month = event.starts_at.astimezone(clock.LOCAL).strftime("%Y-%m")
    place = url_for("programme.show", month=month)
    return f"{_settings().public_url.rstrip('/')}{place}#e-{_key(event)}"


@pages.get("/programme.json")
def listed() -> Answer:
    """The programme for other sites: a month back, a year ahead."""
    with force_locale(_language()):
        body = json.dumps({"events": [_as_json(event) for event in _coming()]}, indent=1)
    return _cached(_open_to_all(Response(body + "\n", mimetype="application/json")))


def _as_json(event: PublicEvent) -> dict[str, Any]:
    zone = event.halls[0].site.tzinfo if event.halls else clock.LOCAL
    return {
        "id": _key(event),
        "title": event.title,
        "kind": event.event_kind.value,
        "kind_name": str(states.EVENT_KINDS[event.event_kind.value]),
        "unit": event.unit,
        "halls": [formats.title_of(hall) for hall in event.halls],
        "starts_at": event.starts_at.astimezone(zone).isoformat(),
        "ends_at": event.ends_at.astimezone(zone).isoformat(),
        "note": event.note,
        "url": _month_address(event),
    }


FOR_TEMPLATES = {"event_key": _key}
