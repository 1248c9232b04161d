"""Papers of a booking as PDF: quotation, contract, run sheet, packing list.

In Vietnamese, as the Centre signs them; `?lang=en` is the English copy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import force_locale
from flask_babel import lazy_gettext as _

from config.errors import NotFound
from config.settings import Settings
from portal.access import allowed, may
from portal.languages import LANGUAGES
from portal.pages.bookings import visible
from portal.pages.papers import contract, packing_list, quotation, readiness, run_sheet, sheets
from portal.pages.papers.sheets import Sheet
from rental.errors import MovedOn
from rental.models import Booking, BookingStatus

pages = Blueprint("papers", __name__, url_prefix="/bookings/<reference>/papers")

# Nothing is quoted, signed or packed for these any more.
OVER = frozenset({BookingStatus.DECLINED, BookingStatus.CANCELLED, BookingStatus.EXPIRED})
STAFF_SEE = "see every unit's bookings"


class UnknownPaper(NotFound):
    """There is no such paper of a booking; look at its page for those there are."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper: its name in addresses, its title, what it is for, and how it is made."""

    name: str
    title: Any
    purpose: Any
    icon: str
    sheet: Callable[[Booking], Sheet]
    is_for_staff: bool = False


PAPERS = (
    Paper(
        "quotation",
        _("Quotation"),
        _("Prices with their explanation, and until when they hold"),
        "receipt",
        quotation.sheet,
    ),
    Paper(
        "contract",
        _("Rental contract"),
        _("Parties, object, price, cancellation, to be signed"),
        "file-text",
        contract.sheet,
    ),
    Paper(
        "run-sheet",
        _("Run sheet"),
        _("Programme, people, rooms and times of set-up"),
        "clipboard-list",
        run_sheet.sheet,
    ),
    Paper(
        "packing-list",
        _("Packing list"),
        _("Every piece through all levels of the kits, to be ticked off"),
        "package",
        packing_list.sheet,
        is_for_staff=True,
    ),
    Paper(
        "readiness",
        _("Readiness report"),
        _("What was looked at before the event, and who signed for what was not ready"),
        "clipboard-check",
        readiness.sheet,
        is_for_staff=True,
    ),
)
BY_NAME = {paper.name: paper for paper in PAPERS}


def drawn(booking: Booking, name: str, language: str) -> Response:
    """A paper as PDF in a language; raises UnknownPaper, MovedOn, or NoPrice."""
    paper = BY_NAME.get(name)
    if paper is None:
        raise UnknownPaper
    if booking.status in OVER:
        raise MovedOn(
            "A booking that is {status} has no papers any more; request a new booking.",
            status=booking.status,
        )
    settings: Settings = current_app.extensions["settings"]
    with force_locale(language):
        made = sheets.pdf(
            booking,
            paper.sheet(booking),
            f"{settings.public_url.rstrip('/')}/bookings/{booking.reference}",
        )
    filename = f"{booking.reference}-{paper.name}{'-en' if language == 'en' else ''}.pdf"
    return Response(
        made,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{filename}"'},
    )


@pages.get("/<name>.pdf")
@may("see own bookings")
def show(reference: str, name: str) -> Response:
    """What the unit may have: quotation, contract, run sheet."""
    return drawn(visible(reference), for_units(name), _language())


def for_units(name: str) -> str:
    """The name of a paper that a unit may have; raises UnknownPaper for the Centre's own."""
    paper = BY_NAME.get(name)
    if paper is None or paper.is_for_staff:
        raise UnknownPaper
    return name


@pages.get("/readiness.pdf", endpoint="readiness")
@may(STAFF_SEE)
def readiness_report(reference: str) -> Response:
    """What is looked at before the event; the Centre's own."""
    return drawn(visible(reference), "readiness", _language())


@pages.get("/packing-list.pdf")
@may(STAFF_SEE)
def packing(reference: str) -> Response:
    """What the store packs; the Centre's own."""
    return drawn(visible(reference), "packing-list", _language())


def _language() -> str:
    """Vietnamese, unless the address asks otherwise: the language of the pages does not matter."""
    wish = request.args.get("lang", "")
    return wish if wish in LANGUAGES else LANGUAGES[0]


def _papers_of(booking: Booking) -> list[Paper]:
    """The papers that who looks may have of the booking now."""
    if booking.status in OVER:
        return []
    staff = allowed(STAFF_SEE)
    return [paper for paper in PAPERS if staff or not paper.is_for_staff]


def _address(paper: Paper, booking: Booking, language: str | None = None) -> str:
    """Where the paper is fetched; without a language it is the Vietnamese one."""
    if paper.is_for_staff:
        endpoint = "papers.packing" if paper.name == "packing-list" else f"papers.{paper.name}"
        return url_for(endpoint, reference=booking.reference, lang=language)
    return url_for("papers.show", reference=booking.reference, name=paper.name, lang=language)


FOR_TEMPLATES = {"papers_of": _papers_of, "paper_address": _address}
