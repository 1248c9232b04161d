"""Statements of the bank: sent in, listed, and the columns of CSV files said once."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from pydantic import ValidationError
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from billing.bank import csv_files, decoding, intake, matches, reading
from billing.bank.amounts import PATTERNS
from billing.bank.csv_files import Mapping
from billing.bank.intake import BankFile
from billing.bank.rows import Sheet
from billing.errors import UnknownMapping
from billing.models import WAITING, BankEntry, BankMapping, BankStatement
from config.database import bounded_count, db, transaction
from config.errors import Refusal
from portal import uploads
from portal.access import current_member, may
from portal.pages import reading as fields
from portal.pages import sentences
from portal.pages.reading import BadField, Listing
from portal.uploads import TooLarge

pages = Blueprint("bank", __name__, url_prefix="/bank")

SHOWN = 8
# Fields of the mapping that name a column, as the form has them.
COLUMNS = {
    "booked_on": lazy_gettext("Day of the booking"),
    "text": lazy_gettext("Text of the transfer"),
    "credit": lazy_gettext("Came in"),
    "debit": lazy_gettext("Went out"),
    "amount": lazy_gettext("Amount in one column"),
    "direction": lazy_gettext("In or out, beside one amount"),
    "payer_name": lazy_gettext("Payer"),
    "payer_account": lazy_gettext("Account of the payer"),
    "bank_id": lazy_gettext("The bank's own number"),
    "balance": lazy_gettext("Balance after it"),
    "valued_on": lazy_gettext("Value date"),
}
NEEDED = frozenset({"booked_on", "text"})
DECIMALS = {",": lazy_gettext("comma: 1,50"), ".": lazy_gettext("point: 1.50")}
THOUSANDS = {
    ".": lazy_gettext("point: 1.500.000"),
    ",": lazy_gettext("comma: 1,500,000"),
    " ": lazy_gettext("space: 1 500 000"),
    "": lazy_gettext("none: 1500000"),
}


def waiting() -> int:
    """How many bookings of the bank wait for a person."""
    found = sa.select(BankEntry.id).where(BankEntry.state.in_(WAITING))
    return bounded_count(found)


FOR_TEMPLATES = {"bank_waiting": waiting}


def _accounts() -> list[str]:
    return list(db.session.scalars(sa.select(BankMapping.account).order_by(BankMapping.account)))


@pages.get("")
@may("match bank statements")
def index() -> str:
    """The statements, newest first, and where a file is sent in."""
    page = fields.page_number()
    rows = db.session.scalars(
        sa.select(BankStatement)
        .options(joinedload(BankStatement.imported_by))
        .order_by(BankStatement.id.desc())
        .limit(fields.PER_PAGE)
        .offset((page - 1) * fields.PER_PAGE)
    ).all()
    total = bounded_count(sa.select(BankStatement.id), page * fields.PER_PAGE)
    counted = db.session.execute(
        sa.select(BankEntry.statement_id, sa.func.count())
        .where(BankEntry.statement_id.in_([one.id for one in rows]), BankEntry.state.in_(WAITING))
        .group_by(BankEntry.statement_id)
    ).tuples()
    return render_template(
        "bank/index.html",
        listing=Listing(list(rows), total, page),
        waiting_of=dict(counted.all()),
        waiting=waiting(),
        progress=matches.progress(),
        accounts=_accounts(),
    )


@pages.post("")
@uploads.takes_files()
@may("match bank statements")
def take_in() -> Response:
    """Take a file in and match what is certain."""
    file = _sent(None)
    try:
        return _taken(file)
    except UnknownMapping:
        flash(_("The file is CSV. Say once what its columns are; it is kept for the account."))
        return redirect(url_for(".mapping", account=file.account))


@pages.get("/progress")
@may("match bank statements")
def progress() -> str:
    """How far the matching of a long statement is; the page asks for it while it goes on."""
    return render_template("bank/_progress.html", progress=matches.progress(), asked=True)


@pages.get("/mapping")
@may("match bank statements")
def mapping() -> str:
    """Where the columns of an account's CSV files are said."""
    account = request.args.get("account", "")
    known = intake.mapping_of(account) if account else None
    return _form({**(known.model_dump() if known else {}), "account": account})


@pages.post("/mapping/preview")
@uploads.takes_files()
@may("match bank statements")
def preview() -> str:
    """What the file says when it is read by the columns typed; writes nothing."""
    found = _looked_at()
    if fields.is_partial():
        return render_template("bank/_preview.html", told=sentences.spoken, **found)
    return _form(request.form, **found)


@pages.post("/mapping")
@uploads.takes_files()
@may("match bank statements")
def take_in_mapped() -> Response:
    """Take a CSV in by the columns typed, and keep them for the account."""
    if not request.form.get("account", "").strip():
        raise BadField(_("Say which account the file is of."))
    return _taken(_sent(_typed()))


def _taken(file: BankFile) -> Response:
    by = current_member()
    with transaction():
        statements = intake.take_in(file, by=by)
        ids = [one.id for one in statements]
        new = sum(one.new_rows for one in statements)
        known = sum(one.known_rows for one in statements)
    told = _("%(new)s new, %(known)s known already.", new=new, known=known)
    if new > matches.AT_ONCE:
        flash(told, "good")
        return redirect(url_for(".index"))
    # The statement stands already: whatever becomes of the matching, it is not sent in again.
    with transaction():
        counts = matches.run(ids, by=by)
    done = _("Matched by themselves: %(count)s.", count=counts.matched)
    flash(f"{told} {done}", "good")
    return redirect(url_for("bank_entries.index") if counts.queued else url_for(".index"))


def _sent(by_columns: Mapping | None) -> BankFile:
    sent = uploads.received("file")
    if len(sent.content) > uploads.largest_file():
        raise TooLarge
    return BankFile(sent.filename, sent.content, request.form.get("account", ""), by_columns)


def _typed() -> Mapping:
    """The mapping as typed; raises BadField with the first thing that is wrong."""
    given = {name: request.form.get(name, "") for name in (*COLUMNS, "currency")}
    # A space between the thousands is a value, not an empty field.
    signs = {name: request.form.get(name, "") for name in ("decimal", "thousands", "date_format")}
    given["currency"] = given["currency"] or "VND"
    if signs["decimal"] == signs["thousands"]:
        raise BadField(_("Decimals and thousands need two different signs."))
    if bool(given["amount"].strip()) == bool(given["credit"].strip()):
        raise BadField(_("Name the column of what came in, or one column of amounts."))
    try:
        return Mapping.model_validate({**given, **signs})
    except ValidationError as wrong:
        name = str((wrong.errors()[0]["loc"] or ("",))[0])
        raise BadField(
            _("“%(field)s” is missing or cannot be so.", field=str(COLUMNS.get(name, name)))
        ) from None


def _looked_at() -> dict[str, Any]:
    """Head and first rows of the file, or the refusal that says what to correct."""
    head: list[str] = []
    try:
        sent = _sent(None)
        head = csv_files.head_of(decoding.text_of(sent.content))
        _kind, (sheet,) = reading.sheets_of(sent.content, sent.account or "–", _typed())
    except Refusal as refusal:
        return {"head": head, "refusal": refusal, "sheet": None, "rows": []}
    return {"head": head, "refusal": None, "sheet": sheet, "rows": _first(sheet)}


def _first(sheet: Sheet) -> list[Any]:
    return list(sheet.rows[:SHOWN])


def _form(values: Any, **found: Any) -> str:
    return render_template(
        "bank/mapping.html",
        values=values,
        columns=COLUMNS,
        needed=NEEDED,
        decimals=DECIMALS,
        thousands=THOUSANDS,
        patterns={name: name for name in PATTERNS},
        accounts=_accounts(),
        told=sentences.spoken,
        **{"head": [], "refusal": None, "sheet": None, "rows": [], **found},
    )
