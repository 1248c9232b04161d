"""Wi-Fi for the guests of a booking: code, name, passphrase, a card; renewed and revoked."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Sent
from flask_babel import force_locale, lazy_gettext
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from monitoring import guest_networks, guests
from monitoring.credentials import Keyring
from monitoring.errors import GuestAccessOver, GuestAccessUnreadable
from monitoring.models import GuestAccess
from portal import keys
from portal.access import current_member, may
from portal.jobs import settings_here
from portal.languages import LANGUAGES
from portal.pages import guest_cards
from portal.pages.bookings import visible
from portal.pages.guest_cards import Card
from rental.models import Booking, Resource

pages = Blueprint("guests", __name__, url_prefix="/bookings/<reference>/guests")

ENDS = {
    "released": lazy_gettext("The booking no longer needs it"),
    "expired": lazy_gettext("Its time is over"),
    "moved": lazy_gettext("The booking moved; another is made in time"),
    "revoked": lazy_gettext("Revoked"),
}


def _keyring() -> Keyring:
    return keys.keyring(settings_here())


def _cards(booking: Booking) -> list[Card]:
    """The credentials that are good, with their passphrases."""
    keyring = _keyring()
    return [
        Card(access, guests.passphrase_of(access, keyring))
        for access in guests.of_booking(booking)
        if access.voided_at is None and guests.is_good(access, clock.now())
    ]


@pages.get("")
@may("see guest access")
def show(reference: str) -> str:
    """What guests type or scan; every look at it is the member's own, nothing is kept."""
    booking = visible(reference)
    cards, is_unreadable = [], False
    try:
        cards = _cards(booking)
    except GuestAccessUnreadable:
        is_unreadable = True
    shown = {card.access.id for card in cards}
    return render_template(
        "guests/show.html",
        booking=booking,
        cards=[(card, Markup(card.picture), guest_cards.how(card.access.login)) for card in cards],  # noqa: S704  # drawn here
        others=[one for one in guests.of_booking(booking) if one.id not in shown],
        is_unreadable=is_unreadable,
        ends=ENDS,
        coming=guests.coming(booking, clock.now()),
    )


@pages.get("/card.pdf")
@may("see guest access")
def card(reference: str) -> Sent:
    """Cards to be cut and laid out; raises GuestAccessOver where there is nothing to print."""
    booking = visible(reference)
    found = _cards(booking)
    if not found:
        raise GuestAccessOver
    wish = request.args.get("lang", "")
    with force_locale(wish if wish in LANGUAGES else LANGUAGES[0]):
        made = guest_cards.sheet(booking.title, found)
    sent = Sent(made, mimetype="application/pdf")
    sent.headers["Content-Disposition"] = f'inline; filename="{booking.reference}-wi-fi.pdf"'
    sent.headers["Cache-Control"] = "no-store"
    return sent


@pages.post("/<int:access_id>/renew")
@may("issue guest access")
def renew(reference: str, access_id: int) -> Response:
    """Another passphrase from now on."""
    with transaction():
        found = guests.get(visible(reference), access_id)
        guests.renew(found, _keyring(), by=current_member())
    flash(_("There is a new passphrase; the old one opens nothing any more."), "good")
    return redirect(url_for(".show", reference=reference))


@pages.post("/<int:access_id>/revoke")
@may("issue guest access")
def revoke(reference: str, access_id: int) -> Response:
    """Nobody is let in with it any more."""
    with transaction():
        guests.revoke(guests.get(visible(reference), access_id), by=current_member())
    flash(_("Revoked. Whoever is connected stays until the session ends."), "good")
    return redirect(url_for(".show", reference=reference))


def _of(booking: Booking) -> list[GuestAccess]:
    """The credentials of a booking, for its page."""
    return guests.of_booking(booking)


def _names_at(resource: Resource) -> list[str]:
    """The networks that whoever books the resource gets for its guests, by name."""
    return [
        network.ssid
        for network in guest_networks.networks_on(clock.today())
        if resource.code in network.resources
    ]


FOR_TEMPLATES: dict[str, Any] = {
    "guests_of": _of,
    "guest_networks_at": _names_at,
    "guests_coming": lambda booking: guests.coming(booking, clock.now()),
}
