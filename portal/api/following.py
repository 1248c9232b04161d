"""Following up over the API: statements, ageing, reminders, write-offs, leave to go on booking."""

from datetime import date

from flask import Blueprint, Response
from pydantic import Field

from billing import ageing, invoices, reminders, statements, stops, write_offs
from billing.documents.statement import statement_pdf
from billing.models import PauseCause
from billing.reminders import Following
from billing.statements import Statement
from config import clock
from portal.access import allowed, current_member, may, require_visible
from portal.api.booking_bodies import NothingBody
from portal.api.calls import Call, answer, offers
from portal.api.fields import Body, Day, Paged, Query, Reason, Text
from portal.api.following_answers import (
    FollowingAnswer,
    GraceAnswer,
    StatementAnswer,
    UnitAgesAnswer,
    WriteOffAnswer,
    ages_as_json,
    following_as_json,
    grace_as_json,
    statement_as_json,
    write_off_as_json,
)
from portal.api.invoices import SEE_ALL, visible
from portal.idempotency import once
from portal.pages import formats
from rental import units

room = Blueprint("api_following", __name__)


class StatementQuery(Query):
    """The days of a statement, both included; without them this year so far."""

    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")


class AgesQuery(Paged):
    """At the end of which day; today without."""

    on: Day | None = None


class PauseBody(Body):
    """Why nobody is reminded, and until when."""

    cause: PauseCause = PauseCause.OTHER
    reason: Reason
    until: Day


class ReasonBody(Body):
    """Why."""

    reason: Reason


class DecisionBody(Body):
    """What whoever decides has to say; a refusal needs it."""

    comment: Text = Field(default="", max_length=500)


class GraceBody(Body):
    """Why an overdue unit may go on booking, and until when."""

    reason: Reason
    until: Day


@room.get("/reports/ageing")
@may("see reports")
@offers(Call("Age what is owed by unit", "following up", answer=UnitAgesAnswer, is_list=True))
def list_ages(query: AgesQuery) -> Response:
    """What was open by how long it was overdue, the largest debt first."""
    found = list(ageing.by_unit(min(query.on or clock.today(), clock.today())).items())
    page = found[query.offset : query.offset + query.per_page]
    items = [{"unit": unit.slug, **ages_as_json(aged)} for unit, aged in page]
    return answer({"items": items, "total": len(found)})


@room.get("/units/<unit_slug>/statement")
@may("see own invoices")
@offers(
    Call("Read a statement of account", "following up", answer=StatementAnswer, refusals=(404,))
)
def statement(unit_slug: str, query: StatementQuery) -> Response:
    """Opening, every entry with the balance after it, ages and closing."""
    return answer(statement_as_json(_asked(unit_slug, query)))


@room.get("/units/<unit_slug>/statement.pdf")
@may("see own invoices")
@offers(
    Call("Draw a statement of account", "following up", answer="application/pdf", refusals=(404,))
)
def statement_as_pdf(unit_slug: str, query: StatementQuery) -> Response:
    """The same as a document to sign; in English where that is the first language accepted."""
    found = _asked(unit_slug, query)
    return Response(statement_pdf(found, formats.language()), mimetype="application/pdf")


def _asked(unit_slug: str, query: StatementQuery) -> Statement:
    unit = units.get(unit_slug)
    require_visible(unit.id, SEE_ALL)
    today = clock.today()
    return statements.of(unit, query.first or date(today.year, 1, 1), query.last or today)


def _following(invoice_id: int) -> Response:
    invoice = visible(invoice_id)
    coming = Following()
    if allowed("follow up invoices"):
        coming = reminders.following([invoice]).get(invoice.id, coming)
    return answer(following_as_json(invoice, reminders.of(invoice), coming))


@room.get("/invoices/<int:invoice_id>/reminders")
@may("see own invoices")
@offers(
    Call("Read the reminders of an invoice", "following up", answer=FollowingAnswer,
         refusals=(404,))
)  # fmt: skip
def list_reminders(invoice_id: int) -> Response:
    """What was written; finance sees what comes next and the pause in its way."""
    return _following(invoice_id)


@room.post("/invoices/<int:invoice_id>/reminders/pause")
@may("follow up invoices")
@offers(
    Call("Pause the reminders of an invoice", "following up", answer=FollowingAnswer,
         refusals=(404, 409))
)  # fmt: skip
@once
def pause_reminders(invoice_id: int, body: PauseBody) -> Response:
    """Nobody is reminded up to and including a day."""
    invoice = visible(invoice_id)
    reminders.pause(invoice, body.cause, reason=body.reason, until=body.until, by=current_member())
    return _following(invoice_id)


@room.post("/invoices/<int:invoice_id>/reminders/resume")
@may("follow up invoices")
@offers(
    Call(
        "Remind of an invoice again",
        "following up",
        answer=FollowingAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def resume_reminders(invoice_id: int, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """From the next round on."""
    reminders.resume(visible(invoice_id), by=current_member())
    return _following(invoice_id)


@room.post("/invoices/<int:invoice_id>/write-off")
@may("propose write-offs")
@offers(
    Call(
        "Propose to write an invoice off",
        "following up",
        answer=WriteOffAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def propose_write_off(invoice_id: int, body: ReasonBody) -> Response:
    """Another person decides."""
    proposal = write_offs.propose(invoices.get(invoice_id), reason=body.reason, by=current_member())
    return answer(write_off_as_json(proposal), 201)


@room.get("/write-offs")
@may("see reports")
@offers(Call("List write-offs", "following up", answer=WriteOffAnswer, is_list=True))
def list_write_offs(query: Paged) -> Response:
    """What waits, oldest first, then what was decided lately."""
    found = [*write_offs.waiting(), *write_offs.decided()]
    page = found[query.offset : query.offset + query.per_page]
    return answer({"items": [write_off_as_json(one) for one in page], "total": len(found)})


@room.post("/write-offs/<int:write_off_id>/approve")
@may("decide write-offs")
@offers(
    Call(
        "Write an invoice off",
        "following up",
        answer=WriteOffAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def approve_write_off(write_off_id: int, body: DecisionBody) -> Response:
    """A payment that comes after all still settles it."""
    proposal = write_offs.get(write_off_id)
    write_offs.approve(proposal, by=current_member(), comment=body.comment)
    return answer(write_off_as_json(proposal))


@room.post("/write-offs/<int:write_off_id>/refuse")
@may("decide write-offs")
@offers(
    Call(
        "Collect an invoice further",
        "following up",
        answer=WriteOffAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def refuse_write_off(write_off_id: int, body: DecisionBody) -> Response:
    """For a reason that finance reads."""
    proposal = write_offs.get(write_off_id)
    write_offs.refuse(proposal, by=current_member(), comment=body.comment)
    return answer(write_off_as_json(proposal))


@room.post("/write-offs/<int:write_off_id>/withdraw")
@may("propose write-offs")
@offers(
    Call(
        "Take a write-off back",
        "following up",
        answer=WriteOffAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def withdraw_write_off(
    write_off_id: int,
    body: NothingBody,  # noqa: ARG001  # declares the body
) -> Response:
    """Nobody decides it any more."""
    proposal = write_offs.get(write_off_id)
    write_offs.withdraw(proposal, by=current_member())
    return answer(write_off_as_json(proposal))


@room.post("/units/<unit_slug>/grace")
@may("let overdue units book")
@offers(
    Call(
        "Let an overdue unit go on booking",
        "following up",
        answer=GraceAnswer,
        status=201,
        refusals=(404,),
    )
)
@once
def grant_grace(unit_slug: str, body: GraceBody) -> Response:
    """For a reason, up to and including a day."""
    unit = units.get(unit_slug)
    found = stops.grant(unit, until=body.until, reason=body.reason, by=current_member())
    return answer(grace_as_json(found, unit.slug), 201)


@room.post("/units/<unit_slug>/grace/end")
@may("let overdue units book")
@offers(
    Call(
        "Take the leave to go on booking back",
        "following up",
        answer=GraceAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def end_grace(unit_slug: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """The unit asks for nothing new until it has paid."""
    unit = units.get(unit_slug)
    return answer(grace_as_json(stops.end_grace(unit, by=current_member()), unit.slug))
