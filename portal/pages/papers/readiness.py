"""Readiness report: what was looked at before an event, for its file."""

from collections.abc import Iterable

from flask_babel import gettext as _

from config import clock
from monitoring import readiness
from monitoring.models import Verdict
from monitoring.readiness import Check, LineReadiness
from portal.pages import formats
from portal.pages import readiness as words
from portal.pages.papers import sheets
from portal.pages.papers.sheets import Block, Column, Row, Sheet
from rental.models import Booking


def sheet(booking: Booking) -> Sheet:
    """The report of a booking, as it stands now."""
    ready = readiness.of_booking(booking)
    blocks = [
        sheets.facts(
            [
                (_("Unit"), booking.unit.name),
                (_("When"), formats.period(booking.starts_at, booking.ends_at)),
                (_("Verdict"), words.look(ready.verdict)[2]),
                *[
                    (
                        _("A day before") if made.moment == "day" else _("An hour before"),
                        f"{formats.moment(made.at)}: {words.look(made.verdict)[2]}",
                    )
                    for made in readiness.reports(booking)
                ],
            ]
        )
    ]
    blocks.append(_checks(ready.lines))
    for signed in ready.signatures:
        told = _(
            "%(name)s signed %(moment)s: %(reason)s",
            name=signed.member.name,
            moment=formats.moment(signed.at),
            reason=signed.reason,
        )
        blocks.append(sheets.note(told))
    return Sheet(
        title=_("READINESS REPORT"),
        under=(booking.title, _("as of %(moment)s", moment=formats.moment(clock.now()))),
        blocks=tuple(blocks),
    )


def _checks(lines: Iterable[LineReadiness]) -> Block:
    columns = (
        Column(_("Device"), "auto"),
        Column(_("What"), "auto"),
        Column(_("Found"), "1fr"),
        Column(_("Verdict"), "auto"),
    )
    rows: list[Row] = []
    for line in lines:
        rows.append(sheets.group(formats.title_of(line.line.resource)))
        rows += [_row(check) for check in line.checks]
        if not line.checks:
            rows.append(sheets.row("–", "–", _("No device is measured for it."), "–"))
    return sheets.ledger(columns, rows)


def _row(check: Check) -> Row:
    verdict = words.look(check.verdict)[2]
    return sheets.row(
        check.device,
        words.kind_words()[check.kind],
        words.found_words(check),
        sheets.told(verdict, strong=check.verdict is Verdict.RED),
    )
