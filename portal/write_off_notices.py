"""Mail about write-offs: to those who decide when one is proposed, to the proposer when decided."""

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from billing import signals
from billing.models import WriteOff, WriteOffStatus
from config.database import db
from config.settings import Settings
from portal import notices
from portal.pages import formats
from rental.models import Member, Role


def _tell(member: Member, write_off: WriteOff, subject: str, sentence: str) -> None:
    settings: Settings = current_app.extensions["settings"]
    address = f"{settings.public_url.rstrip('/')}/write-offs"
    invoice = write_off.invoice
    body = "\n\n".join(
        (sentence, f"{invoice.unit.name}\n{formats.money(write_off.amount)}", address)
    )
    notices.write(member, f"{invoice.display_number}: {subject}", body, about=invoice.reference)


def _on_proposed(write_off: WriteOff, **_facts: object) -> None:
    directors = db.session.scalars(
        sa.select(Member).where(
            Member.role == Role.DIRECTOR, Member.is_active, Member.id != write_off.proposed_by_id
        )
    )
    for member in directors:
        with force_locale(member.locale):
            _tell(
                member,
                write_off,
                _("a write-off waits for your decision"),
                _(
                    "%(name)s proposes to give up the invoice below: %(reason)s",
                    name=write_off.proposed_by.name,
                    reason=write_off.reason,
                ),
            )


def _on_decided(write_off: WriteOff, **_facts: object) -> None:
    member = write_off.proposed_by
    with force_locale(member.locale):
        if write_off.status is WriteOffStatus.APPROVED:
            _tell(
                member,
                write_off,
                _("written off"),
                _("The invoice below is given up. A payment that comes after all still counts."),
            )
        else:
            _tell(
                member,
                write_off,
                _("not written off"),
                _("The invoice below is collected further: %(reason)s", reason=write_off.comment),
            )


def subscribe() -> None:
    """Listen to the billing floor; repeating it changes nothing."""
    signals.write_off_proposed.connect(_on_proposed)
    signals.write_off_decided.connect(_on_decided)
