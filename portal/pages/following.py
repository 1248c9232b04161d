"""Following up one invoice: its reminders, a pause, and the proposal to give it up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from billing import invoices, reminders, write_offs
from billing.models import Invoice, InvoiceStatus, PauseCause, Reminder, WriteOff
from billing.reminders import Following
from config import clock
from config.database import transaction
from portal.access import allowed, current_member, may
from portal.pages import reading
from portal.pages.reading import BadField

pages = Blueprint("following", __name__, url_prefix="/invoices")

CAUSES = {
    "disputed": lazy_gettext("The unit disputes it"),
    "arranged": lazy_gettext("A later day was arranged"),
    "other": lazy_gettext("Another reason"),
}
TONES = {
    "friendly": lazy_gettext("friendly"),
    "firm": lazy_gettext("firm"),
    "final": lazy_gettext("last reminder"),
}
A_WHILE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Followed:
    """What the page of an invoice shows of its following up."""

    reminders: list[Reminder]
    coming: Following
    write_offs: list[WriteOff]
    # Proposed and not decided.
    waiting: WriteOff | None
    may_pause: bool
    may_propose: bool
    until: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show and nothing to do."""
        return not (self.reminders or self.write_offs or self.may_pause or self.may_propose)


def followed(invoice: Invoice) -> Followed:
    """The following up of an invoice, as who asks may see it."""
    is_open = invoice.status is InvoiceStatus.OPEN and bool(invoice.left)
    finance = allowed("follow up invoices")
    proposals = write_offs.of(invoice) if allowed("see every unit's invoices") else []
    waiting = next((one for one in proposals if one.decided_at is None), None)
    return Followed(
        reminders.of(invoice) if invoice.number is not None else [],
        reminders.following([invoice]).get(invoice.id, Following()) if finance else Following(),
        proposals,
        waiting,
        is_open and finance,
        is_open and waiting is None and allowed("propose write-offs"),
        (clock.today() + A_WHILE).isoformat(),
    )


@pages.post("/<int:invoice_id>/pause")
@may("follow up invoices")
def pause(invoice_id: int) -> Response:
    """Remind nobody of it for a while, for a reason."""
    cause = reading.word(request.form, "cause", PauseCause) or PauseCause.OTHER
    until = reading.day(request.form, "until")
    if until is None:
        raise BadField(_("Choose the day until which nobody is reminded."))
    with transaction():
        reminders.pause(
            invoices.get(invoice_id),
            cause,
            reason=request.form.get("reason", ""),
            until=until,
            by=current_member(),
        )
    flash(_("Nobody is reminded of this invoice until then."), "good")
    return _back(invoice_id)


@pages.post("/<int:invoice_id>/resume")
@may("follow up invoices")
def resume(invoice_id: int) -> Response:
    """Remind again."""
    with transaction():
        reminders.resume(invoices.get(invoice_id), by=current_member())
    flash(_("Reminders go on from the next round."), "good")
    return _back(invoice_id)


@pages.post("/<int:invoice_id>/write-off")
@may("propose write-offs")
def propose(invoice_id: int) -> Response:
    """Ask a director to give it up."""
    with transaction():
        write_offs.propose(
            invoices.get(invoice_id), reason=request.form.get("reason", ""), by=current_member()
        )
    flash(_("Proposed. Another person decides it under Write-offs."), "good")
    return _back(invoice_id)


def _back(invoice_id: int) -> Response:
    return redirect(url_for("invoices.show", invoice_id=invoice_id) + "#following")


FOR_TEMPLATES: dict[str, Any] = {
    "followed": followed,
    "PAUSE_CAUSES": CAUSES,
    "REMINDER_TONES": TONES,
}
