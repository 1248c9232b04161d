"""Invoicing details over the API: who a unit's invoices are made out to."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response
from pydantic import Field

from billing import invoicing_details
from billing.invoicing_details import Details, Standing
from config import clock
from config.database import transaction
from portal.access import allowed, current_member, may, require, require_visible
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Body, Text
from rental import units
from rental.models import Unit

room = Blueprint("api_invoicing_details", __name__)

OWN, ALL = "change own invoicing details", "change every unit's invoicing details"


class InvoicingDetailsBody(Body):
    """All of the details; what is left out or null is taken off. Codes are read as people paste."""

    name: Text | None = Field(default=None, description="On invoices, where it is not the unit's.")
    tax_code: Text | None = Field(default=None, description="MST, 10 digits or 10-3.")
    budget_code: Text | None = Field(default=None, description="7 digits.")
    personal_id: Text | None = Field(default=None, description="12 digits.")
    address: Text | None = None
    email: Text | None = None
    no_code_reason: Text | None = Field(default=None, description="Finance's word.")


class InvoicingDetailsAnswer(Answer):
    """The details as they are kept; `wrong` says by field what stops an invoice."""

    unit: str
    name: str | None
    tax_code: str | None
    budget_code: str | None
    personal_id: str | None
    address: str | None
    email: str | None
    no_code_reason: str | None
    standing: Standing
    wrong: dict[str, str]
    # Other units with the same tax code, for those who see every unit's.
    same_tax_code: list[str]


def _as_json(unit: Unit) -> dict[str, Any]:
    today = clock.today()
    others = invoicing_details.twins(unit, unit.tax_code) if allowed(ALL) else []
    wrong = invoicing_details.wrongs(unit, today)
    return {
        "unit": unit.slug,
        **asdict(invoicing_details.of(unit)),
        "standing": invoicing_details.standing(unit, today).value,
        "wrong": {field: why.message for field, why in wrong.items()},
        "same_tax_code": [one.slug for one in others],
    }


def _visible(unit_slug: str) -> Unit:
    unit = units.get(unit_slug)
    require_visible(unit.id, ALL)
    return unit


def _reason(unit: Unit, body: InvoicingDetailsBody) -> str | None:
    """Why there is no code is finance's word; what others leave out stays."""
    if "no_code_reason" not in body.model_fields_set and not allowed("issue invoices"):
        return unit.no_code_reason
    if (body.no_code_reason or None) != unit.no_code_reason:
        require("issue invoices")
    return body.no_code_reason


@room.get("/units/<unit_slug>/invoicing-details")
@may(OWN)
@offers(
    Call(
        "Read a unit's invoicing details",
        "invoices",
        answer=InvoicingDetailsAnswer,
        refusals=(404,),
    )
)
def read_invoicing_details(unit_slug: str) -> Response:
    """Its head reads its own, desk and finance everybody's."""
    return answer(_as_json(_visible(unit_slug)))


@room.put("/units/<unit_slug>/invoicing-details")
@may(OWN)
@offers(
    Call(
        "Replace a unit's invoicing details",
        "invoices",
        answer=InvoicingDetailsAnswer,
        refusals=(404,),
    )
)
def replace_invoicing_details(unit_slug: str, body: InvoicingDetailsBody) -> Response:
    """The same again changes nothing. Issued invoices stay as they are; drafts take these."""
    with transaction():
        unit = _visible(unit_slug)
        asked = Details(**{**body.model_dump(), "no_code_reason": _reason(unit, body)})
        invoicing_details.change(unit, asked, by=current_member())
        told = _as_json(unit)
    return answer(told)
