"""What other systems send us, proven by a signature: no cookie is believed here."""

from flask import Blueprint, Flask, Response, jsonify, request

from billing import card_events
from billing.errors import BadEvent, BadSignature
from config import logs
from config.database import transaction
from portal import cards
from portal.problems import STATUS

log = logs.get(__name__)
room = Blueprint("webhooks", __name__, url_prefix="/webhooks")

STATUS[BadSignature] = 400
STATUS[BadEvent] = 400


@room.post("/stripe")
def stripe() -> tuple[Response, int]:
    """An event of Stripe: fetched as things stand now, then written with its effect, once.

    Stripe sends it again unless it is answered with 2xx; where it cannot be fetched it is not.
    """
    gateway = cards.gateway()
    told = gateway.told(request.get_data(cache=False), request.headers.get("Stripe-Signature", ""))
    if card_events.is_known(told.id):
        return jsonify(outcome="known"), 200
    seen = card_events.fetched(told, gateway)
    with transaction():
        outcome = card_events.take_in(told, seen)
    word = outcome.value if outcome else "known"
    log.info("card event", id=told.id, kind=told.kind, outcome=word)
    return jsonify(outcome=word), 200


def register(app: Flask) -> None:
    """Serve them."""
    app.register_blueprint(room)
