"""Mail that reminds of an invoice: what is left, since when, and how it is paid."""

from datetime import date

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from billing import ledger, reminders, seller, transfers
from billing.models import Invoice, Tone
from billing.reminder_rules import Step
from billing.reminders import Due
from config import clock
from config.settings import Settings
from portal import notices
from portal.pages import formats
from rental.models import Member


def remind_due(limit: int = 100) -> int:
    """Write what is due now, a mail for each recipient; how many invoices were reminded of."""
    taken = reminders.take_due(limit)
    for due in taken:
        for member in due.recipients:
            _write(due, member)
    return len(taken)


def _write(due: Due, member: Member) -> None:
    invoice = due.invoice
    with force_locale(member.locale):
        subject = _subject(invoice, due.step, clock.today())
        parts = [_sentence(invoice, due.step, clock.today()), *_facts(invoice), _closing(due.step)]
        notices.write(
            member,
            f"{invoice.display_number}: {subject}",
            "\n\n".join(parts),
            about=invoice.reference,
        )


def _subject(invoice: Invoice, step: Step, today: date) -> str:
    left = formats.money(invoice.left)
    if not _is_late(invoice, today):
        return _("%(left)s is due on %(day)s", left=left, day=formats.plain_day(invoice.due_on))
    if step.tone is Tone.FINAL:
        return _("last reminder, %(left)s is overdue", left=left)
    return _("reminder, %(left)s is overdue", left=left)


def _sentence(invoice: Invoice, step: Step, today: date) -> str:
    due = formats.plain_day(invoice.due_on)
    if not _is_late(invoice, today):
        return _(
            "This is a friendly reminder that the invoice below is due on %(day)s. If you have "
            "paid it already, there is nothing left to do.",
            day=due,
        )
    days = (today - (invoice.due_on or today)).days
    if step.tone is Tone.FRIENDLY:
        return _(
            "The invoice below was due on %(day)s, and we have not seen a payment for all of it "
            "yet. Perhaps it is on its way: then please disregard this mail.",
            day=due,
        )
    if step.tone is Tone.FIRM:
        return _(
            "The invoice below was due on %(day)s and is %(days)s days overdue. Please pay it now, "
            "or tell us what stands in the way.",
            day=due,
            days=days,
        )
    return _(
        "This is our last reminder: the invoice below was due on %(day)s and is %(days)s days "
        "overdue. If it is not paid, new bookings of your unit are not accepted, and the Press "
        "Center takes the further steps the law allows.",
        day=due,
        days=days,
    )


def _is_late(invoice: Invoice, today: date) -> bool:
    return invoice.due_on is not None and invoice.due_on < today


def _facts(invoice: Invoice) -> list[str]:
    frozen = (invoice.snapshot or {}).get("seller", {}).get("bank")
    bank = frozen or seller.seller().bank.model_dump()
    settings: Settings = current_app.extensions["settings"]
    address = f"{settings.public_url.rstrip('/')}/invoices/{invoice.id}"
    facts = [
        _("Invoice: %(number)s", number=invoice.display_number),
        _("Left to pay: %(amount)s", amount=formats.money(invoice.left)),
        _("Due: %(day)s", day=formats.plain_day(invoice.due_on)),
    ]
    if invoice.booking is not None:
        facts.insert(1, _("For: %(title)s", title=invoice.booking.title))
    how = [
        _("Transfer to: %(holder)s", holder=bank["holder"]),
        _("Account: %(account)s, %(bank)s", account=bank["account"], bank=bank["name"]),
        _("Purpose: %(words)s", words=f"TT {transfers.bill(invoice)}"),
        _("VietQR code and the invoice: %(address)s", address=address),
    ]
    balance = ledger.balance(invoice.unit)
    if balance:
        facts.append(
            _(
                "Received from you and not put on an invoice yet: %(amount)s. Tell us if it is "
                "meant for this one.",
                amount=formats.money(balance),
            )
        )
    return ["\n".join(facts), "\n".join(how)]


def _closing(step: Step) -> str:
    if step.tone is Tone.FRIENDLY:
        return _("Thank you very much.")
    return _(
        "If you disagree with the invoice, answer our finance office now: nobody reminds you "
        "while a dispute is looked into."
    )
