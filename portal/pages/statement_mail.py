"""Mail with a statement of account, asked for by finance."""

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from billing.errors import BadStatement
from billing.statements import Entry, Statement
from config.database import db
from config.settings import Settings
from portal import notices
from portal.pages import formats
from rental import journal
from rental.models import Member, Role, Unit

# A mail is read, not searched: the page has the rest.
MOST = 60


def recipients(unit: Unit) -> list[Member]:
    """The heads of a unit, or everybody of it where it has none."""
    query = sa.select(Member).where(Member.unit_id == unit.id, Member.is_active)
    heads = list(db.session.scalars(query.where(Member.role == Role.HEAD).order_by(Member.id)))
    return heads or list(db.session.scalars(query.order_by(Member.id)))


def write(statement: Statement, *, by: Member) -> list[str]:
    """Write it to the unit; the names it was written to. Raises BadStatement without any."""
    people = recipients(statement.unit)
    if not people:
        raise BadStatement("The unit has no active member to write to; add one first.")
    for member in people:
        with force_locale(member.locale):
            subject = _(
                "Statement of account, %(first)s – %(last)s",
                first=formats.plain_day(statement.first),
                last=formats.plain_day(statement.last),
            )
            notices.write(member, subject, _body(statement), about=f"unit:{statement.unit.id}")
    names = [member.name for member in people]
    journal.record(
        statement.unit,
        "statement_sent",
        by=by,
        amount=statement.closing.minor,
        to=names,
    )
    return names


def _body(statement: Statement) -> str:
    settings: Settings = current_app.extensions["settings"]
    days = f"from={statement.first.isoformat()}&to={statement.last.isoformat()}"
    place = f"/units/{statement.unit.slug}/statement?{days}"
    entries = [_line(one) for one in statement.entries[-MOST:]]
    if len(statement.entries) > MOST:
        more = len(statement.entries) - MOST
        entries.insert(0, _("… and %(count)s earlier entries on the page.", count=more))
    parts = [
        statement.unit.name,
        _("Opening balance: %(amount)s", amount=formats.money(statement.opening)),
        "\n".join(entries) or _("Nothing moved in this period."),
        _("Closing balance: %(amount)s", amount=formats.money(statement.closing)),
    ]
    if statement.aged.overdue:
        late = formats.money(statement.aged.overdue)
        parts.append(_("Overdue: %(amount)s. Please pay it now.", amount=late))
    parts.append(_("Pay and read all of it here: %(address)s",
                   address=settings.public_url.rstrip("/") + place))  # fmt: skip
    return "\n\n".join(parts)


def _line(one: Entry) -> str:
    sign = "−" if one.amount.minor < 0 else "+"
    amount = formats.money(-one.amount if one.amount.minor < 0 else one.amount)
    return f"{formats.plain_day(one.day)}  {one.reference}  {sign}{amount}"
