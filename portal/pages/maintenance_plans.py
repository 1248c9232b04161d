"""Maintenance plans: the list, and the form of one."""

from dataclasses import dataclass, field
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from config.errors import Invalid
from portal.access import current_member, may
from portal.pages import formats, maintenance_words, reading
from portal.pages.diary import told
from portal.pages.reading import BadField, Listing
from portal.pages.sentences import spoken
from rental import journal, maintenance, servicing
from rental.errors import UnknownPiece
from rental.maintenance import Terms
from rental.models import MaintenancePlan, ResourceKind

pages = Blueprint("maintenance_plans", __name__, url_prefix="/maintenance/plans")

SOME = 10
EVERY = 90


@dataclass(slots=True)
class TypedPlan:
    """The form as it was typed; `what` is a code or a tag."""

    what: str = ""
    title: str = ""
    every_days: str = str(EVERY)
    next_due_on: str = ""
    instructions: str = ""
    is_active: bool = True
    errors: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, name: str, words: str) -> None:
        """Note an error beside a field."""
        self.errors.setdefault(name, []).append(words)

    @property
    def is_wrong(self) -> bool:
        """Whether anything has to be corrected."""
        return bool(self.errors)


def _typed() -> TypedPlan:
    form = request.form
    return TypedPlan(
        what=form.get("what", ""),
        title=form.get("title", ""),
        every_days=form.get("every_days", ""),
        next_due_on=form.get("next_due_on", ""),
        instructions=form.get("instructions", ""),
        is_active=form.get("resting") != "1",
    )


def _terms(typed: TypedPlan) -> Terms | None:
    """What was typed as terms; None where a field cannot be read, with the error beside it."""
    every, due_on = _number(typed), _day(typed)
    if every is None or due_on is None:
        return None
    return Terms(typed.title, every, due_on, typed.instructions, typed.is_active)


def _number(typed: TypedPlan) -> int | None:
    try:
        every = reading.integer({"every_days": typed.every_days}, "every_days")
    except BadField as refusal:
        typed.wrong("every_days", spoken(refusal))
        return None
    if every is None:
        typed.wrong("every_days", _("Say after how many days it falls due again."))
    return every


def _day(typed: TypedPlan) -> date | None:
    try:
        due_on = reading.day({"next_due_on": typed.next_due_on}, "next_due_on")
    except BadField as refusal:
        typed.wrong("next_due_on", spoken(refusal))
        return None
    if due_on is None:
        typed.wrong("next_due_on", _("Choose the day on which it falls due next."))
    return due_on


def _wanted() -> Listing[MaintenancePlan]:
    kind = reading.word(request.args, "kind", ResourceKind)
    q = request.args.get("q", "").strip().casefold()
    found = [
        plan
        for plan in maintenance.plans()
        if (kind is None or plan.resource.kind is kind) and q in _text(plan)
    ]
    page = reading.page_number()
    first = (page - 1) * reading.PER_PAGE
    return Listing(found[first : first + reading.PER_PAGE], len(found), page)


def _text(plan: MaintenancePlan) -> str:
    tag = plan.asset.tag if plan.asset else ""
    words = (plan.title, plan.resource.code, formats.title_of(plan.resource), tag)
    return " ".join(words).casefold()


@pages.get("")
@may("look after assets")
def index() -> str:
    """Every plan, what falls due first on top; those that rest last."""
    template = "maintenance/_plans.html" if reading.is_partial() else "maintenance/plans.html"
    return render_template(template, listing=_wanted())


def _form(typed: TypedPlan, plan: MaintenancePlan | None, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "maintenance/plan.html",
        typed=typed,
        plan=plan,
        names=[] if plan else maintenance_words.suggested(),
        entries=told(journal.of(plan)) if plan else [],
        done=list(
            db.session.scalars(servicing.history(plan.resource, plan.asset).limit(SOME))
            if plan
            else ()
        ),
    )
    return page, status


@pages.get("/new")
@may("look after assets")
def new() -> tuple[str, int]:
    """The empty form; `?what=LED` begins it for a resource or an asset."""
    today = clock.today().isoformat()
    return _form(TypedPlan(what=request.args.get("what", "")[:80], next_due_on=today), None)


@pages.post("")
@may("look after assets")
def create() -> Response | tuple[str, int]:
    """Add a plan; what is refused comes back with what was typed."""
    typed = _typed()
    terms = _terms(typed)
    try:
        with transaction():
            resource, asset = maintenance.named(typed.what)
            if terms is not None:
                maintenance.add(resource, terms, asset=asset, by=current_member())
    except UnknownPiece as refusal:
        typed.wrong("what", spoken(refusal))
    except Invalid as refusal:
        typed.wrong("form", spoken(refusal))
    if typed.is_wrong:
        return _form(typed, None, 422)
    flash(_("The plan is saved."), "good")
    return redirect(url_for(".index"))


@pages.get("/<int:plan_id>")
@may("look after assets")
def show(plan_id: int) -> tuple[str, int]:
    """One plan in its form, with what was done by it."""
    plan = maintenance.get(plan_id)
    typed = TypedPlan(
        what=plan.asset.tag if plan.asset else plan.resource.code,
        title=plan.title,
        every_days=str(plan.every_days),
        next_due_on=plan.next_due_on.isoformat(),
        instructions=plan.instructions or "",
        is_active=plan.is_active,
    )
    return _form(typed, plan)


@pages.post("/<int:plan_id>")
@may("look after assets")
def save(plan_id: int) -> Response | tuple[str, int]:
    """Change a plan; what is refused comes back with what was typed."""
    plan = maintenance.get(plan_id)
    typed = _typed()
    terms = _terms(typed)
    try:
        if terms is not None:
            with transaction():
                maintenance.change(maintenance.get(plan_id), terms, by=current_member())
    except Invalid as refusal:
        typed.wrong("form", spoken(refusal))
    if typed.is_wrong:
        return _form(typed, plan, 422)
    flash(_("The plan is saved."), "good")
    return redirect(url_for(".index"))
