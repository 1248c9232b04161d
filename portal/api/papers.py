"""Papers of a booking over the API: the same PDF as on its page."""

from typing import Literal

from flask import Blueprint, Response

from portal.access import may
from portal.api.bookings import visible
from portal.api.calls import Call, offers
from portal.api.fields import Query
from portal.pages.papers import STAFF_SEE, drawn, for_units

room = Blueprint("api_papers", __name__)


class PaperQuery(Query):
    """The language of the copy."""

    lang: Literal["vi", "en"] = "vi"


@room.get("/bookings/<reference>/papers/<name>.pdf")
@may("see own bookings")
@offers(
    Call(
        "Draw a quotation, a contract or a run sheet",
        "papers",
        answer="application/pdf",
        refusals=(404, 409),
    )
)
def paper(reference: str, name: str, query: PaperQuery) -> Response:
    """`quotation`, `contract` or `run-sheet`, in Vietnamese unless another language is asked."""
    return drawn(visible(reference), for_units(name), query.lang)


@room.get("/bookings/<reference>/papers/packing-list.pdf")
@may(STAFF_SEE)
@offers(Call("Draw a packing list", "papers", answer="application/pdf", refusals=(404, 409)))
def packing_list(reference: str, query: PaperQuery) -> Response:
    """For the staff who pack: every piece through all levels of the kits."""
    return drawn(visible(reference), "packing-list", query.lang)


@room.get("/bookings/<reference>/papers/readiness.pdf")
@may(STAFF_SEE)
@offers(Call("Draw a readiness report", "papers", answer="application/pdf", refusals=(404, 409)))
def readiness_report(reference: str, query: PaperQuery) -> Response:
    """For the file of the event: what was looked at, and who signed for what was not ready."""
    return drawn(visible(reference), "readiness", query.lang)
