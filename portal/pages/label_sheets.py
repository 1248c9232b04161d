"""Label sheets: choose assets and where the sheet begins, print."""

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from config.database import db
from config.settings import Settings
from portal import labels
from portal.access import may
from portal.pages import reading
from portal.pages.reading import BadField
from rental import catalogue, shelves
from rental.models import Asset, Resource

pages = Blueprint("labels", __name__, url_prefix="/catalogue")


def _tagged() -> list[tuple[Resource, int]]:
    """Resources that have assets, with their number, in natural order."""
    tagged = (
        sa.select(Asset.resource_id, sa.func.count(Asset.id).label("number"))
        .group_by(Asset.resource_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Resource, tagged.c.number).join(tagged, tagged.c.resource_id == Resource.id)
    )
    found = [(resource, number) for resource, number in rows.tuples()]
    return sorted(found, key=lambda pair: catalogue.natural(pair[0].code))


def _start() -> int:
    start = reading.integer(request.args, "start") or 1
    if not 1 <= start <= labels.PER_SHEET:
        raise BadField(_("A sheet has places 1 to %(places)s.", places=labels.PER_SHEET))
    return start


def _chosen() -> list[Asset]:
    """The assets of the tags named, else all of the resource; natural order."""
    tags = [tag for tag in request.args.get("tags", "").replace(",", " ").split() if tag]
    if tags:
        found = shelves.by_tags(tags)
        missing = [tag for tag in tags if tag not in found]
        if missing:
            raise BadField(
                _("There are no assets %(tags)s; correct the tags.", tags=", ".join(missing)[:200])
            )
        assets = list({found[tag].id: found[tag] for tag in tags}.values())
    else:
        resource = catalogue.get(request.args.get("resource", ""))
        assets = list(
            db.session.scalars(
                sa.select(Asset)
                .where(Asset.resource_id == resource.id)
                .options(joinedload(Asset.resource))
            )
        )
    if not assets:
        raise BadField(_("No asset was chosen: choose a resource that has some, or name tags."))
    if len(assets) > labels.MOST:
        raise BadField(_("At most %(most)s labels at once.", most=labels.MOST))
    return sorted(assets, key=lambda asset: catalogue.natural(asset.tag))


@pages.get("/labels")
@may("look after assets")
def form() -> str:
    """What to print, and from which place of the sheet."""
    return render_template(
        "counter/labels.html",
        tagged=_tagged(),
        resource=request.args.get("resource", ""),
        tags=request.args.get("tags", ""),
        places=labels.PER_SHEET,
    )


@pages.get("/labels.pdf")
@may("look after assets")
def sheet() -> Response:
    """The PDF, A4, three labels across and eight down."""
    settings: Settings = current_app.extensions["settings"]
    made = labels.sheet(_chosen(), settings.public_url, _start())
    shown = Response(made, mimetype="application/pdf")
    shown.headers["Content-Disposition"] = 'inline; filename="labels.pdf"'
    return shown
