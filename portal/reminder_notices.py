"""Mail that reminds of invoices: what is left, since when, and how it is paid.

Whoever is to be reminded of several at once gets one mail with all of them.
"""

from datetime import date

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from billing import ledger, reminders, seller, transfers
from billing.models import Invoice, Tone
from billing.money import total
from billing.reminder_rules import Step
from billing.reminders import Due
from config import clock
from config.database import db
from config.settings import Settings
from portal import notices
from portal.notices import Reader
from portal.pages import formats
from rental.models import Member


def remind_due(limit: int = 100) -> int:
    """Write what is due now, a mail for each recipient; how many invoices were reminded of."""
    taken = reminders.take_due(limit)
    of_each: dict[Reader, list[Due]] = {}
    for due in taken:
        for reader in _readers(due):
            of_each.setdefault(reader, []).append(due)
    for reader, dues in of_each.items():
        with force_locale(reader.locale):
            if len(dues) == 1:
                _write(dues[0], reader)
            else:
                _write_all(dues, reader)
    return len(taken)


def _readers(due: Due) -> list[Reader]:
    """The members, and the unit's own address in the language of the installation."""
    found = [Reader(one.email, one.locale, one.id) for one in due.recipients]
    if due.address and due.address not in {one.address for one in found}:
        settings: Settings = current_app.extensions["settings"]
        found.append(Reader(due.address, settings.locale))
    return found


def _write(due: Due, reader: Reader) -> None:
    invoice = due.invoice
    subject = _subject(invoice, due.step, clock.today())
    parts = [_sentence(invoice, due.step, clock.today()), *_facts(invoice), _closing(due.step)]
    notices.write_to(
        reader,
        f"{invoice.display_number}: {subject}",
        "\n\n".join(parts),
        about=invoice.reference,
    )


def _write_all(dues: list[Due], reader: Reader) -> None:
    """One mail about several invoices; finance reads which unit each is of."""
    today = clock.today()
    papers = [due.invoice for due in dues]
    left = formats.money(total(invoice.left for invoice in papers))
    late = any(_is_late(invoice, today) for invoice in papers)
    subject = (
        _("reminder of %(count)s invoices, %(left)s", count=len(papers), left=left)
        if late
        else _("%(count)s invoices are due soon, %(left)s", count=len(papers), left=left)
    )
    gravest = max(dues, key=lambda due: list(Tone).index(due.step.tone)).step
    member = db.session.get(Member, reader.member_id) if reader.member_id else None
    ours = member is None or all(one.unit_id == member.unit_id for one in papers)
    place = "/money" if ours else "/reports/ageing"
    bank = seller.seller().bank
    how = [
        _("Transfer to: %(holder)s", holder=bank.holder),
        _("Account: %(account)s, %(bank)s", account=bank.account, bank=bank.name),
        _("VietQR codes and the invoices: %(address)s", address=_address(place)),
    ]
    parts = [
        _sentence_of_all(gravest, late=late),
        "\n".join(_entry(invoice, named=not ours) for invoice in papers),
        _("Left to pay: %(amount)s", amount=left),
        "\n".join(how),
        _closing(gravest),
    ]
    notices.write_to(reader, subject, "\n\n".join(parts), about=f"reminders:{today.isoformat()}")


def _sentence_of_all(gravest: Step, *, late: bool) -> str:
    if not late:
        return _(
            "This is a friendly reminder that the invoices below are due soon. What you have paid "
            "already needs nothing more."
        )
    if gravest.tone is Tone.FINAL:
        return _(
            "The invoices below are overdue, and for some of them this is our last reminder. If "
            "they are not paid, new bookings of your unit are not accepted, and the Press Center "
            "takes the further steps the law allows."
        )
    return _(
        "The invoices below are due or overdue, and we have not seen a payment for all of them "
        "yet. Please pay them now, or tell us what stands in the way."
    )


def _entry(invoice: Invoice, *, named: bool) -> str:
    about = [invoice.unit.name] if named else []
    about += [invoice.booking.title] if invoice.booking is not None else []
    facts = _(
        "%(left)s, due %(day)s, purpose %(words)s",
        left=formats.money(invoice.left),
        day=formats.plain_day(invoice.due_on),
        words=f"TT {transfers.bill(invoice)}",
    )
    return f"- {' · '.join([str(invoice.display_number), *about])}: {facts}"


def _address(place: str) -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.public_url.rstrip("/") + place


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
    address = _address(f"/invoices/{invoice.id}")
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
