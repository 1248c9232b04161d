"""Guests of bookings over the API: what a RADIUS server asks, and which credentials are good."""

from typing import Any

from flask import Blueprint, Response
from pydantic import Field

from config import clock
from config.database import transaction
from monitoring import guests
from monitoring.errors import GuestRefused
from monitoring.models import GuestAccess
from portal import keys, throttle
from portal.access import may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Body, Paged, Text
from portal.api.instants import local, local_or_none
from portal.jobs import settings_here
from portal.throttle import Guest

room = Blueprint("api_guests", __name__)


class GuestAnswer(Answer):
    """A credential that is not void; its passphrase is told nowhere but on the booking's page."""

    username: str
    booking: str
    network: str
    ssid: str
    starts_at: str
    ends_at: str
    devices: int
    admitted: int
    refused: int
    last_admitted_at: str | None


class GuestsQuery(Paged):
    """The pages of the list."""


class AuthorizeBody(Body):
    """What a guest's device sent: User-Name, User-Password and, if known, Calling-Station-Id."""

    username: Text = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=128)
    station: Text = Field(default="", max_length=45, examples=["AA-BB-CC-DD-EE-FF"])


class AuthorizeAnswer(Answer):
    """Let in; the name with a colon is what FreeRADIUS takes over into its reply."""

    username: str
    ssid: str
    until: str
    session_timeout: int = Field(description="Seconds until the booking's time is over.")
    devices: int = Field(description="How many devices may be in at once.")
    reply_session_timeout: int = Field(alias="reply:Session-Timeout")


@room.get("/guests")
@may("authorise guests")
@offers(Call("List the credentials of guests", "guests", answer=GuestAnswer, is_list=True))
def list_guests(query: GuestsQuery) -> Response:
    """Those that are not void, the next to end first."""
    page = guests.live(query.per_page, query.offset)
    return answer({"items": [_as_json(each) for each in page], "total": guests.count_live()})


def _as_json(access: GuestAccess) -> dict[str, Any]:
    return {
        "username": access.username,
        "booking": access.booking.reference,
        "network": access.network,
        "ssid": access.ssid,
        "starts_at": local(access.starts_at),
        "ends_at": local(access.ends_at),
        "devices": access.devices,
        "admitted": access.admitted,
        "refused": access.refused,
        "last_admitted_at": local_or_none(access.last_admitted_at),
    }


@room.post("/guests/authorize")
@may("authorise guests")
@offers(Call("Let a guest's device in", "guests", answer=AuthorizeAnswer, refusals=(429,)))
def authorize(body: AuthorizeBody) -> Response:
    """200 while the booking lasts, 401 otherwise; guessing is slowed down (429). Counted."""
    guest, at = Guest(body.username, body.station), clock.now()
    # Counted before the passphrase is looked at; what is rolled back was never counted.
    with transaction():
        throttle.admit_guest(guest)
    keyring = keys.keyring(settings_here())
    with transaction():
        admission = guests.admit(body.username, body.password, keyring, at)
        if admission is not None:
            throttle.forget_guest(guest)
            told = _admitted(admission.access, admission.seconds_left(at), local(admission.until))
    if admission is None:
        raise GuestRefused
    return answer(told)


def _admitted(access: GuestAccess, seconds: int, until: str) -> dict[str, Any]:
    return {
        "username": access.username,
        "ssid": access.ssid,
        "until": until,
        "session_timeout": seconds,
        "devices": access.devices,
        "reply:Session-Timeout": seconds,
    }
