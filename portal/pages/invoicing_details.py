"""A unit's invoicing details: its head keeps its own, desk and finance everybody's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response

from billing import buyers, invoicing_details
from billing.errors import WrongBuyer
from billing.invoicing_details import Details, Standing
from config import clock
from config.database import transaction
from portal.access import allowed, current_member, may, require_visible
from portal.pages.sentences import spoken
from portal.pages.work import Work
from rental import units
from rental.models import JournalEntry, Unit

pages = Blueprint("invoicing_details", __name__)

OWN, ALL = "change own invoicing details", "change every unit's invoicing details"
NAMES = {
    "name": lazy_gettext("Name on invoices"),
    "tax_code": lazy_gettext("Tax code"),
    "budget_code": lazy_gettext("Budget unit code"),
    "personal_id": lazy_gettext("Personal id"),
    "address": lazy_gettext("Address"),
    "email": lazy_gettext("E-mail for invoices"),
    "no_code_reason": lazy_gettext("Why there is no code"),
}
STANDINGS: dict[str, tuple[str, str, Any]] = {
    Standing.COMPLETE: ("good", "circle-check", lazy_gettext("complete")),
    Standing.NO_CODE: ("info", "info-circle", lazy_gettext("no code, for a reason")),
    Standing.MISSING: ("warn", "alert-triangle", lazy_gettext("no code")),
    Standing.WRONG: ("bad", "alert-circle", lazy_gettext("wrong code")),
}


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields, what is wrong beside them, and what is worth a question."""

    typed: Details
    wrong: Mapping[str, str] = field(default_factory=dict)
    # By field: what is right, in words.
    good: Mapping[str, str] = field(default_factory=dict)
    warn: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One change as the history tells it."""

    entry: JournalEntry
    rows: list[tuple[Any, str, str]]


@pages.get("/units/invoicing")
@may(ALL)
def index() -> str:
    """The units whose details are wrong or missing."""
    return render_template("invoicing_details/index.html", rows=invoicing_details.unwell())


@pages.get("/invoicing")
@may(OWN)
def own() -> Response:
    """The details of who asks."""
    return redirect(url_for(".show", unit_slug=current_member().unit.slug))


@pages.get("/units/<unit_slug>/invoicing")
@may(OWN)
def show(unit_slug: str) -> str:
    """The details as they are kept, what is wrong with them, and how they came about."""
    unit = _visible(unit_slug)
    kept = invoicing_details.of(unit)
    return _page(unit, _judged(unit, kept))


@pages.post("/units/<unit_slug>/invoicing")
@may(OWN)
def save(unit_slug: str) -> Response | tuple[str, int]:
    """Keep other details; what is typed stays where something is wrong."""
    unit = _visible(unit_slug)
    form = _judged(unit, _typed(unit))
    if form.wrong:
        return _page(unit, form), 422
    with transaction():
        changed = invoicing_details.change(unit, form.typed, by=current_member())
    if changed:
        flash(_("Kept. Drafts and invoices from now on bear these details."), "good")
    else:
        flash(_("Nothing was different, so nothing changed."), "info")
    return redirect(url_for(".show", unit_slug=unit_slug))


@pages.post("/units/<unit_slug>/invoicing/check/<code_name>")
@may(OWN)
def check(unit_slug: str, code_name: str) -> str:
    """What to say of one field while it is typed; nothing is written."""
    unit = _visible(unit_slug)
    if code_name not in NAMES:
        raise NoSuchPage
    form = _judged(unit, _typed(unit))
    return render_template("invoicing_details/_check.html", form=form, name=code_name)


def _visible(unit_slug: str) -> Unit:
    unit = units.get(unit_slug)
    require_visible(unit.id, ALL)
    return unit


def _typed(unit: Unit) -> Details:
    """What was typed. Why there is no code is finance's word alone."""
    typed = {name: request.form.get(name, "") for name in NAMES}
    if not allowed("issue invoices"):
        typed["no_code_reason"] = unit.no_code_reason or ""
    return Details(**typed)


def _judged(unit: Unit, typed: Details) -> Form:
    kept, wrong = invoicing_details.read(typed, clock.today())
    good = {
        name: _("Right: %(code)s", code=getattr(kept, name))
        for name in invoicing_details.CODES
        if getattr(kept, name) and name not in wrong
    }
    warn: dict[str, str] = {}
    said = {name: spoken(why) for name, why in wrong.items()}
    if buyers.is_personal(typed.tax_code) and not buyers.digits(typed.personal_id):
        # Read as a person's, and told beside the field in which it was typed.
        if "personal_id" in said:
            said["tax_code"] = said.pop("personal_id")
        else:
            warn["tax_code"] = _("Twelve digits are a person's: they are kept as the personal id.")
    if "tax_code" not in wrong and (shared := _shared(unit, kept.tax_code)):
        warn["tax_code"] = shared
    return Form(typed, said, good, warn)


def _shared(unit: Unit, tax_code: str | None) -> str:
    """Which other units bear the code; whose they are is not for a unit to read."""
    others = invoicing_details.twins(unit, tax_code)
    if not others:
        return ""
    if not allowed(ALL):
        return _("Another unit bears this tax code too. If that is not so, tell the Centre.")
    names = ", ".join(one.name for one in others)
    return _("Also the tax code of %(units)s. If that is right, keep it.", units=names)


def _page(unit: Unit, form: Form) -> str:
    return render_template(
        "invoicing_details/show.html",
        unit=unit,
        form=form,
        standing=invoicing_details.standing(unit, clock.today()).value,
        changes=[_told(entry) for entry in invoicing_details.history(unit)],
    )


def _told(entry: JournalEntry) -> Change:
    changed = entry.details.get("changes", {})
    rows = [(NAMES.get(name, name), was or "", now or "") for name, (was, now) in changed.items()]
    return Change(entry, rows)


def buyer_standing(unit: Unit) -> str:
    """How the details of a unit stand: complete, no_code, missing or wrong."""
    return invoicing_details.standing(unit, clock.today()).value


def may_mend_buyer(unit: Unit) -> bool:
    """Whether who asks may change the details of the unit."""
    return allowed(ALL) or (allowed(OWN) and current_member().unit_id == unit.id)


def wrong_of(unit: Unit) -> list[str]:
    """What is wrong with the codes of a unit, in sentences."""
    found: Mapping[str, WrongBuyer] = invoicing_details.wrongs(unit, clock.today())
    return [spoken(why) for why in found.values()]


def _waiting() -> Work | None:
    if not allowed(ALL):
        return None
    found = invoicing_details.waiting()
    if not found:
        return None
    bad = any(how is Standing.WRONG for _unit, how in found)
    return Work(
        35,
        "building",
        lazy_gettext("Units without right invoicing details"),
        len(found),
        url_for("invoicing_details.index"),
        detail=lazy_gettext("a wrong code stops the invoice"),
        tone="bad" if bad else "warn",
    )


WORK = (_waiting,)
FOR_TEMPLATES: dict[str, Any] = {
    "BUYER_NAMES": NAMES,
    "BUYER_STANDINGS": STANDINGS,
    "buyer_standing": buyer_standing,
    "may_mend_buyer": may_mend_buyer,
    "wrong_of": wrong_of,
}
