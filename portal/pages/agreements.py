"""Agreements with partner units: the list, one with its progress, and the form of the desk."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from babel import numbers
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from config.errors import Conflict, Invalid, NotFound
from portal import sheets
from portal.access import current_member, may, require_visible, visible_unit_id
from portal.pages import agreement_form, exports, formats, reading, states
from portal.pages.agreement_form import TypedAgreement
from portal.pages.diary import told
from portal.pages.export_tables import Head, Table
from portal.pages.sentences import spoken
from portal.sheets import Kind
from rental import agreements, journal, progress, units
from rental.models import Agreement
from rental.progress import Progress

pages = Blueprint("agreements", __name__, url_prefix="/agreements")

KINDS = {
    "memorandum": lazy_gettext("Memorandum of cooperation"),
    "framework": lazy_gettext("Framework contract"),
}
UNIT_CLASSES = {
    "political": lazy_gettext("Political duty rates"),
    "partner": lazy_gettext("Partner rates"),
    "other": lazy_gettext("Standard rates"),
}
MEASURES = {
    "events": lazy_gettext("events"),
    "hours": lazy_gettext("hours"),
    "attendees": lazy_gettext("attendees"),
}
HEADS = (
    Head("number", lazy_gettext("Number"), width=14),
    Head("unit", lazy_gettext("Unit"), width=30),
    Head("title", lazy_gettext("Title of the agreement"), width=40),
    Head("valid_from", lazy_gettext("First day"), width=12),
    Head("valid_to", lazy_gettext("Last day"), width=12),
    Head("year", lazy_gettext("Year"), Kind.NUMBER, 8),
    Head("measure", lazy_gettext("Measure"), width=14, words=MEASURES),
    Head("event_kind", lazy_gettext("Kind of event"), width=18, words=states.EVENT_KINDS),
    Head("resource_kind", lazy_gettext("Kind of resource"), width=18, words=states.KIND),
    Head("goal", lazy_gettext("Goal"), Kind.NUMBER, 10),
    Head("done", lazy_gettext("Reached so far"), Kind.DECIMAL, 10),
    Head("percent", lazy_gettext("Percent"), Kind.NUMBER, 10),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an agreement holds today, as pages show it."""

    word: str
    tone: str
    icon: str


def standing(agreement: Agreement) -> Standing:
    """In force today, not yet, or no more."""
    today = clock.today()
    if agreement.valid_from > today:
        return Standing(_("Not yet in force"), "info", "hourglass")
    if agreements.holds_on(agreement, today):
        return Standing(_("In force"), "good", "check")
    word = _("Ended early") if agreement.is_ended else _("Expired")
    return Standing(word, "calm", "history")


def done_count(done: Fraction) -> str:
    """A count or hours as people read them: `1.200`, `7,5`."""
    return numbers.format_decimal(round(float(done), 2), "#,##0.##", locale=formats.language())


def by_year(found: Iterable[Progress]) -> list[tuple[int, list[Progress]]]:
    """The targets by year, the newest year first."""
    years: dict[int, list[Progress]] = {}
    for each in found:
        years.setdefault(each.target.year, []).append(each)
    return sorted(years.items(), reverse=True)


FOR_TEMPLATES = {
    "AGREEMENT_KINDS": KINDS,
    "UNIT_CLASSES": UNIT_CLASSES,
    "MEASURES": MEASURES,
    "agreement_standing": standing,
    "done_count": done_count,
}


def visible(agreement_id: int) -> Agreement:
    """The agreement, if who asks may see it; raises NotFound as if it did not exist."""
    agreement = agreements.get(agreement_id)
    require_visible(agreement.unit_id)
    return agreement


@pages.get("")
@may("see own agreements")
def index() -> str:
    """The agreements one may see, with how far this year's targets are."""
    found = agreements.everyone(visible_unit_id(current_member()))
    year = clock.today().year
    counted = {
        key: [each for each in targets if each.target.year == year]
        for key, targets in progress.of_all(found).items()
    }
    return render_template("agreements/index.html", agreements=found, progress=counted, year=year)


@pages.get("/<int:agreement_id>")
@may("see own agreements")
def show(agreement_id: int) -> str:
    """What was agreed, and how far each target is."""
    agreement = visible(agreement_id)
    return render_template(
        "agreements/show.html",
        agreement=agreement,
        years=by_year(progress.of(agreement)),
        entries=told(journal.of(agreement)),
        today=clock.today(),
    )


@pages.get("/progress.<form>")
@may("see own agreements")
def export(form: str) -> Response:
    """The progress of every agreement one may see, a row for each target."""
    if form not in sheets.WRITERS:
        raise NoSuchPage
    found = agreements.everyone(visible_unit_id(current_member()))
    counted = progress.of_all(found)
    rows = [_row(each, one) for each in found for one in counted[each.id]]
    return exports.sent(Table("agreements", HEADS, rows), form, spoken=True)


def _row(agreement: Agreement, one: Progress) -> list[sheets.Value]:
    target = one.target
    return [
        agreement.number,
        agreement.unit.name,
        agreement.title,
        agreement.valid_from.isoformat(),
        agreement.valid_to.isoformat() if agreement.valid_to else None,
        target.year,
        target.measure.value,
        target.event_kind.value if target.event_kind else None,
        target.resource_kind.value if target.resource_kind else None,
        target.goal,
        round(float(one.done), 2),
        one.percent,
    ]


def _form(
    form: TypedAgreement, agreement: Agreement | None = None, status: int = 200
) -> tuple[str, int]:
    return (
        render_template(
            "agreements/form.html",
            form=form.with_room(),
            agreement=agreement,
            units=[unit for unit in units.everyone() if not unit.is_centre],
            year=clock.today().year,
        ),
        status,
    )


@pages.get("/new")
@may("manage agreements")
def new() -> tuple[str, int]:
    """An empty form, for the unit named in the address."""
    form = TypedAgreement()
    form.fields["unit"] = request.args.get("unit", "")
    return _form(form)


@pages.post("")
@may("manage agreements")
def create() -> Response | tuple[str, int]:
    """Keep a new agreement."""
    form = agreement_form.typed(request.form)
    if "more" in request.form:
        return _form(form)
    unit = units.find(form.fields["unit"])
    if unit is None or unit.is_centre:
        form.errors["unit"] = _("Choose the unit.")
    terms = agreement_form.terms(form)
    if terms is None or unit is None:
        return _form(form, status=422)
    try:
        with transaction():
            agreement = agreements.add(unit, terms, by=current_member())
            agreement_id = agreement.id
    except (Conflict, Invalid, NotFound) as refusal:
        form.errors["form"] = spoken(refusal)
        return _form(form, status=409 if isinstance(refusal, Conflict) else 422)
    flash(_("The agreement is kept. Prices follow it from now on."), "good")
    return redirect(url_for(".show", agreement_id=agreement_id))


@pages.get("/<int:agreement_id>/edit")
@may("manage agreements")
def edit(agreement_id: int) -> tuple[str, int]:
    """What stands written, to be corrected."""
    agreement = agreements.get(agreement_id)
    return _form(agreement_form.typed_of(agreement), agreement)


@pages.post("/<int:agreement_id>/edit")
@may("manage agreements")
def save(agreement_id: int) -> Response | tuple[str, int]:
    """Correct what was written down."""
    agreement = agreements.get(agreement_id)
    form = agreement_form.typed(request.form)
    terms = None if "more" in request.form else agreement_form.terms(form)
    if terms is None:
        return _form(form, agreement, 422 if form.is_wrong else 200)
    try:
        with transaction():
            agreements.change(agreement, terms, by=current_member())
    except (Conflict, Invalid) as refusal:
        form.errors["form"] = spoken(refusal)
        status = 409 if isinstance(refusal, Conflict) else 422
        return _form(form, agreements.get(agreement_id), status)
    flash(_("The agreement is corrected."), "good")
    return redirect(url_for(".show", agreement_id=agreement_id))


@pages.post("/<int:agreement_id>/end")
@may("manage agreements")
def end(agreement_id: int) -> Response:
    """End it after a day; days before keep their rates."""
    agreement = agreements.get(agreement_id)
    last_day = reading.day(request.form, "last_day") or clock.today()
    with transaction():
        agreements.end(agreement, last_day, by=current_member())
    flash(_("The agreement ends on %(day)s.", day=formats.plain_day(last_day)), "good")
    return redirect(url_for(".show", agreement_id=agreement_id))
