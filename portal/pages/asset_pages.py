"""One asset, as its label opens it: what it is, where it is, where it has been."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import db, transaction
from portal import quarantine, uploads
from portal.access import allowed, current_member, may
from portal.pages import reading
from rental import attachments, damages, packing, shelves
from rental.errors import UnknownPiece
from rental.models import Asset, AssetCondition, AttachmentKind, Line, Movement

pages = Blueprint("asset_pages", __name__)


def _get(tag: str) -> Asset:
    asset = shelves.by_tags([tag]).get(tag)
    if asset is None:
        raise UnknownPiece
    return asset


@pages.get("/a/<tag>")
@may("see the catalogue")
def show(tag: str) -> str:
    """The page behind a label. Where it is and has been only the staff reads."""
    asset = _get(tag)
    if not allowed("see every unit's bookings"):
        return render_template("counter/asset.html", piece=asset, history=[], out=None)
    history = packing.history(asset)
    reported = damages.of_asset(asset.id)
    return render_template(
        "counter/asset.html",
        piece=asset,
        history=history,
        out=history[0] if history and history[0].returned_at is None else None,
        pictures=attachments.of_movements([movement.id for movement in history]),
        damages={damage.movement_id: damage for damage in reported},
        unmended=[damage for damage in reported if damages.standing(damage) is not None],
        barred=quarantine.assets().get(asset.id),
    )


@pages.post("/counter/movements/<int:movement_id>/pictures")
@uploads.takes_files(5)
@may("return bookings")
def add_pictures(movement_id: int) -> Response:
    """Keep pictures of the condition in which it went or came back."""
    movement = db.session.get(Movement, movement_id)
    if movement is None:
        raise UnknownPiece
    sent = uploads.received_all("file", AttachmentKind.CONDITION) or [uploads.received("file")]
    with transaction():
        booking = db.session.get_one(Line, movement.line_id).booking
        for upload in sent:
            attachments.add(
                booking,
                attachments.Upload(
                    upload.filename, upload.content, AttachmentKind.CONDITION, movement_id
                ),
                by=current_member(),
                largest=uploads.largest_file(),
            )
        asset, reference = movement.asset, booking.reference
        tag = asset.tag if asset is not None else None
    kept = _("The picture is kept with the booking.")
    if request.accept_mimetypes.best == "application/json":
        return jsonify(words=kept, pictures=len(sent))
    flash(kept, "good")
    if tag is not None:
        return redirect(url_for(".show", tag=tag))
    return redirect(url_for("bookings.show", reference=reference))


@pages.post("/counter/damages/<int:damage_id>/mend")
@may("return bookings")
def mend(damage_id: int) -> Response:
    """It is repaired, found or replaced: back on the calendar."""
    condition = reading.word(request.form, "condition", AssetCondition) or AssetCondition.GOOD
    with transaction():
        damage = damages.get(damage_id)
        damages.mend(damage, by=current_member(), condition=condition)
        asset, resource = damage.movement.asset, damage.movement.resource
        tag, code = (asset.tag if asset is not None else None), resource.code
    flash(_("It is back on the calendar."), "good")
    if tag is not None:
        return redirect(url_for(".show", tag=tag))
    return redirect(url_for("catalogue.show", code=code))


FOR_TEMPLATES = {"damage_of": damages.find_by_cause}
