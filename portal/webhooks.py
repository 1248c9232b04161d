"""What other systems send us, proven by a signature or a token: no cookie is believed here."""

import hmac
from typing import Annotated, Literal

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from billing import card_events
from billing.errors import BadEvent, BadSignature
from config import logs
from config.database import transaction
from config.errors import Invalid
from config.settings import Settings
from monitoring import received_alerts
from monitoring.received_alerts import Alert
from portal import cards
from portal.access import NotSignedIn
from portal.problems import STATUS

log = logs.get(__name__)
room = Blueprint("webhooks", __name__, url_prefix="/webhooks")

MOST_ALERTS = 1000
LARGEST_GROUP = 2_000_000
Label = Annotated[str, StringConstraints(max_length=200, pattern="^[^\\x00]*$")]
Told = Annotated[str, StringConstraints(max_length=4000, pattern="^[^\\x00]*$")]


class BadGroup(Invalid):
    """The group of alerts is too large; send at most 1000 alerts and 2 MB at a time."""


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


class SentAlert(BaseModel):
    """One alert of a group, as Alertmanager writes it; fields that we do not need are let be."""

    model_config = ConfigDict(extra="ignore")

    status: Literal["firing", "resolved"]
    labels: dict[Label, Told] = Field(default={}, max_length=100)
    annotations: dict[Label, Told] = Field(default={}, max_length=100)
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime | None = Field(default=None, alias="endsAt")
    fingerprint: str = Field(pattern="^[0-9a-fA-F]{1,64}$")


class SentGroup(BaseModel):
    """A group of alerts (webhook version 4)."""

    model_config = ConfigDict(extra="ignore")

    version: Literal["4"]
    alerts: list[SentAlert] = Field(max_length=MOST_ALERTS)


@room.post("/alertmanager")
def alertmanager() -> tuple[Response, int]:
    """A group of alerts; the same group again changes nothing."""
    _require_alertmanager()
    if (request.content_length or 0) > LARGEST_GROUP:
        raise BadGroup
    try:
        group = SentGroup.model_validate_json(request.get_data(cache=False))
    except ValidationError as wrong:
        where = ".".join(map(str, wrong.errors()[0]["loc"])) or "body"
        raise BadGroup(
            "The group cannot be read at {where}: {why}. Send version 4 of Alertmanager's webhook.",
            where=where,
            why=wrong.errors()[0]["msg"],
        ) from wrong
    with transaction():
        done = received_alerts.take_in([_alert(one) for one in group.alerts])
    log.info("alerts received", firing=done.firing, resolved=done.resolved)
    return jsonify(firing=done.firing, resolved=done.resolved), 200


def _alert(one: SentAlert) -> Alert:
    ended = one.ends_at if one.status == "resolved" else None
    return Alert(one.fingerprint.lower(), one.labels, one.annotations, one.starts_at, ended)


def _require_alertmanager() -> None:
    """Raises NotSignedIn without the token; nothing is taken in where none is set."""
    settings: Settings = current_app.extensions["settings"]
    wanted, given = settings.alertmanager_token, request.headers.get("Authorization", "")
    expected = f"Bearer {wanted.get_secret_value()}" if wanted else ""
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotSignedIn("Send the alertmanager token as a bearer token.")


def register(app: Flask) -> None:
    """Serve them."""
    app.register_blueprint(room)
