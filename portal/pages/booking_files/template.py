"""An empty file of bookings to fill in: the heads, what they mean, and the codes to choose from."""

import csv
import io

import xlsxwriter
from flask_babel import gettext as _
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from portal.pages import formats, states
from portal.pages.booking_files import columns
from rental import catalogue, units

# As many rows as the lists of choices and the formats of times reach.
ROWS = 2_000
WIDTHS = {"title": 42, "note": 30, "starts_at": 18, "ends_at": 18, "unit": 18, "resource": 18}
TIME = "dd/mm/yyyy hh:mm"


def meanings() -> dict[str, str]:
    """What each column is for, in the language in force."""
    return {
        "event": _(
            "Rows with the same key form one booking with several lines. "
            "Empty: a booking of its own."
        ),
        "unit": _("The unit's code or its full name. Needed in the first row of an event."),
        "title": _("The title of the event, 200 characters at most. Needed in its first row."),
        "event_kind": _("Choose from the list; empty means other event."),
        "organiser": _("Domestic or foreign; empty means domestic."),
        "attendees": _("How many people are expected; may stay empty."),
        "note": _("For the desk; may stay empty."),
        "resource": _("The code or the full name of a hall, equipment or line."),
        "quantity": _("How many pieces; empty means one."),
        "starts_at": _("Day and time on the Centre's clock, such as 24/11/2026 08:00."),
        "ends_at": _("Day and time on the Centre's clock, such as 24/11/2026 08:00."),
    }


def _head(name: str) -> str:
    mark = " *" if name in columns.REQUIRED else ""
    return f"{columns.TITLES[name]}{mark}"


def as_csv() -> bytes:
    """The heads alone, in UTF-8 with the mark that Excel needs."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([_head(name) for name in columns.TITLES])
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx() -> bytes:
    """A sheet to fill in with lists to choose from, one that explains, and one of codes."""
    out = io.BytesIO()
    # The codes come from people: a text is never looked at for formulas or links.
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(_("Bookings"))
    explained = book.add_worksheet(_("How to fill in"))
    codes = book.add_worksheet("codes")
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    time = book.add_format({"num_format": TIME})
    for at, name in enumerate(columns.TITLES):
        form = time if name in ("starts_at", "ends_at") else None
        sheet.set_column(at, at, WIDTHS.get(name, 14), form)
        sheet.write_string(0, at, _head(name), bold)
    sheet.freeze_panes(1, 0)
    _explain(explained, bold, wrap)
    _offer(sheet, codes)
    book.close()
    return out.getvalue()


def _explain(sheet: Worksheet, bold: Format, wrap: Format) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, _("Column"), bold)
    sheet.write_string(0, 1, _("What it is for"), bold)
    for number, (name, said) in enumerate(meanings().items(), 1):
        sheet.write_string(number, 0, _head(name), wrap)
        sheet.write_string(number, 1, said, wrap)


def _offer(sheet: Worksheet, codes: Worksheet) -> None:
    """The codes and what they stand for, two columns for each; cells offer the first."""
    found = [unit for unit in units.everyone() if not unit.is_centre]
    lists: dict[str, list[tuple[str, str]]] = {
        "unit": [(unit.slug, unit.name) for unit in found],
        "resource": [(r.code, formats.title_of(r)) for r in catalogue.search()],
        "event_kind": [(str(word), code) for code, word in states.EVENT_KINDS.items()],
        "organiser": [(str(word), code) for code, word in states.ORGANISERS.items()],
    }
    for number, (name, pairs) in enumerate(lists.items()):
        left = 2 * number
        codes.set_column(left, left + 1, 28)
        codes.write_string(0, left, str(columns.TITLES[name]))
        for row, pair in enumerate(pairs, 1):
            for beside, word in enumerate(pair):
                codes.write_string(row, left + beside, word)
        at = list(columns.TITLES).index(name)
        letter = xl_col_to_name(left)
        source = f"=codes!${letter}$2:${letter}${max(len(pairs), 1) + 1}"
        # A name is taken as well as a code: the list helps and forbids nothing.
        sheet.data_validation(
            1, at, ROWS, at, {"validate": "list", "source": source, "error_type": "information",
                              "show_error": False},
        )  # fmt: skip


WRITERS = {"csv": as_csv, "xlsx": as_xlsx}
