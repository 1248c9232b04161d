"""Calendar addresses: a member makes and revokes them; calendar programs read them."""

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from config.database import transaction
from config.settings import Settings
from portal import feeds, ical
from portal.access import current_member, may
from portal.feeds import NoSuchFeed
from portal.models import Feed, FeedScope
from portal.pages import feed_events, reading
from portal.pages.feed_events import House
from portal.pages.reading import BadField
from rental import catalogue
from rental.models import Resource

pages = Blueprint("feeds", __name__)


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _page(fresh: Feed | None = None, plain: str = "") -> str:
    member = current_member()
    asked = request.args.get("resource", "")
    base = _settings().public_url.rstrip("/")
    return render_template(
        "feeds/index.html",
        feeds=[feed for feed in feeds.of(member) if feed is not fresh],
        fresh=fresh,
        address=f"{base}{url_for('feeds.read', token=plain)}" if plain else "",
        resources=catalogue.search(),
        chosen=asked,
        name_of=feed_events.name_of,
    )


@pages.get("/feeds")
@may("make own feeds")
def index() -> str:
    """The member's calendar addresses, and how to subscribe to one."""
    return _page()


def _wished() -> tuple[FeedScope, Resource | None]:
    scope = reading.word(request.form, "scope", FeedScope)
    if scope is None:
        raise BadField(_("Choose whose calendar it is to be."))
    if scope is not FeedScope.RESOURCE:
        return scope, None
    code = request.form.get("resource", "")
    if not code:
        raise BadField(_("Choose the hall, equipment or line."))
    return scope, catalogue.get(code)


@pages.post("/feeds")
@may("make own feeds")
def make() -> str:
    """Make an address and show it in this answer: nowhere else, and never again."""
    scope, resource = _wished()
    with transaction():
        feed, plain = feeds.make(current_member(), scope, resource)
    return _page(feed, plain)


@pages.post("/feeds/<int:feed_id>/revoke")
@may("make own feeds")
def revoke(feed_id: int) -> Answer:
    """End an address; programs that read it find nothing from now on."""
    with transaction():
        feeds.revoke(current_member(), feed_id)
    flash(_("Revoked. Whoever has the address finds nothing there any more."), "good")
    return redirect(url_for(".index"))


@pages.get("/calendar/<token>.ics")
def read(token: str) -> Answer:
    """The calendar behind a token, for programs; 304 where nothing changed since they asked.

    A wrong token, a revoked one and a member who left answer alike.
    """
    feed = feeds.find(token)
    if feed is None:
        raise NoSuchFeed
    house = House(_settings().public_url, str(current_app.config["SECRET_KEY"]))
    sheet = feed_events.sheet_of(feed, house)
    answer = Response(ical.written(sheet), content_type=ical.MEDIA_TYPE)
    answer.add_etag()
    changes = [event.changed_at for event in sheet.events]
    # Events enter and leave the window at midnight.
    answer.last_modified = max([*changes, feed.created_at, feed_events.midnight()])
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    feeds.note_read(feed)
    return answer.make_conditional(request)
