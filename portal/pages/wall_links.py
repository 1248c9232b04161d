"""The screens that show the wall without anybody signed in."""

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
from portal import wall_links
from portal.access import current_member, may
from portal.models import WallLink
from portal.pages import wall

pages = Blueprint("wall_links", __name__, url_prefix="/wall")


def _page(fresh: WallLink | None = None, plain: str = "") -> str:
    settings: Settings = current_app.extensions["settings"]
    base = settings.public_url.rstrip("/")
    return render_template(
        "wall/links.html",
        links=wall_links.all_(),
        fresh=fresh,
        address=f"{base}{url_for('wall_links.screen', token=plain)}" if plain else "",
    )


@pages.get("/screens")
@may("manage devices")
def index() -> str:
    """The screens in use."""
    return _page()


@pages.post("/screens")
@may("manage devices")
def make() -> str:
    """Make an address and show it in this answer: nowhere else, and never again."""
    with transaction():
        link, plain = wall_links.make(request.form.get("place", ""), by=current_member())
    return _page(link, plain)


@pages.post("/screens/<int:link_id>/revoke")
@may("manage devices")
def revoke(link_id: int) -> Answer:
    """End an address; the screen goes blank at its next question."""
    with transaction():
        wall_links.revoke(link_id, by=current_member())
    flash(_("Revoked. The screen shows nothing from now on."), "good")
    return redirect(url_for(".index"))


@pages.get("/screens/<token>")
def screen(token: str) -> Response:
    """The wall for whoever has the address; a wrong and a revoked one answer alike."""
    link = wall_links.find(token)
    wall_links.note_seen(link)
    return _sealed(wall.drawn("wall/show.html", url_for(".picture", token=token)))


@pages.get("/screens/<token>/now")
def picture(token: str) -> Response:
    """The picture of this moment."""
    link = wall_links.find(token)
    wall_links.note_seen(link)
    return _sealed(wall.drawn("wall/_now.html", ""))


def _sealed(page: str) -> Response:
    answer = Response(page, content_type="text/html; charset=utf-8")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
