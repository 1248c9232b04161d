"""Documents of money over the API: which copy is asked for, and receipts for cash."""

from enum import StrEnum

from flask import Blueprint, Response
from pydantic import Field

from billing import payments
from billing.documents import Look, receipt_pdf
from billing.errors import PaymentNotFound
from config.typesetting import Standard
from portal.access import current_member, may, visible_unit_id
from portal.api.calls import Call, offers
from portal.api.fields import Query

room = Blueprint("api_documents", __name__)


class Language(StrEnum):
    """The languages of a document."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


class Archive(StrEnum):
    """PDF/A: `a` is part 2."""

    A = "a"
    A2 = "a-2b"
    A3 = "a-3b"


class LookQuery(Query):
    """Which copy: in English, and for the archive as PDF/A."""

    lang: Language = Field(default=Language.VIETNAMESE)
    standard: Archive | None = Field(default=None, description="PDF/A for the archive; a is a-2b.")

    @property
    def look(self) -> Look:
        """As the documents take it."""
        if self.standard is None:
            return Look(self.lang.value)
        return Look(self.lang.value, Standard.A3 if self.standard is Archive.A3 else Standard.A2)


def sent(content: bytes, name: str, ending: str) -> Response:
    """A document: `ending` is pdf or xml."""
    shown = Response(content, mimetype=f"application/{ending}")
    shown.headers["Content-Disposition"] = f'inline; filename="{name}.{ending}"'
    return shown


@room.get("/payments/<int:payment_id>/receipt.pdf")
@may("see own invoices")
@offers(
    Call("Draw the receipt of cash", "payments", answer="application/pdf", refusals=(404,)),
)
def receipt(payment_id: int, query: LookQuery) -> Response:
    """Only cash has one (phiếu thu), under a number of its own."""
    payment = payments.get(payment_id)
    only = visible_unit_id(current_member(), "see every unit's invoices")
    if only is not None and payment.unit_id != only:
        raise PaymentNotFound
    return sent(receipt_pdf(payment, query.look), payment.display_number or "", "pdf")
