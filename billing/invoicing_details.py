"""A unit's invoicing details: read, changed with a journal, and judged before an invoice is issued.

An issued invoice keeps the buyer that stood here on its day; a draft takes what stands here now.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa

from billing import buyers
from billing.errors import WrongBuyer
from billing.models import Charge, Invoice, InvoiceStatus
from config import clock
from config.database import db
from rental import journal
from rental.models import JournalEntry, Member, Unit

CHANGED = "invoicing_details_changed"


@dataclass(frozen=True, slots=True)
class Details:
    """Who a unit's invoices are made out to, as typed or as kept."""

    name: str | None = None
    tax_code: str | None = None
    budget_code: str | None = None
    personal_id: str | None = None
    address: str | None = None
    email: str | None = None
    # Why there is no code: "a foreign bureau", "takes no invoice". Finance's word.
    no_code_reason: str | None = None

    @property
    def has_code(self) -> bool:
        """Whether any code says who the buyer is."""
        return bool(self.tax_code or self.budget_code or self.personal_id)


class Standing(StrEnum):
    """How far the details of a unit may be printed on an invoice."""

    COMPLETE = "complete"
    # No code, and finance said why.
    NO_CODE = "no_code"
    MISSING = "missing"
    WRONG = "wrong"


# Details → the columns of the unit.
COLUMNS = {
    "name": "invoice_name",
    "tax_code": "tax_code",
    "budget_code": "budget_code",
    "personal_id": "personal_id",
    "address": "address",
    "email": "invoice_email",
    "no_code_reason": "no_code_reason",
}


def of(unit: Unit) -> Details:
    """What is kept of the unit."""
    return Details(**{name: getattr(unit, column) for name, column in COLUMNS.items()})


def read(asked: Details, on: date) -> tuple[Details, dict[str, WrongBuyer]]:
    """The details as they would be kept, and by field what is wrong with them.

    Twelve digits typed as a tax code are a personal id. A reason for having no code goes as soon
    as there is one.
    """
    tax, person = asked.tax_code, asked.personal_id
    if buyers.is_personal(tax) and not buyers.digits(person):
        tax, person = None, tax
    wrong: dict[str, WrongBuyer] = {}
    rules: Mapping[str, Callable[[], str | None]] = {
        "name": lambda: buyers.name(asked.name),
        "tax_code": lambda: buyers.tax_code(tax),
        "budget_code": lambda: buyers.budget_code(asked.budget_code),
        "personal_id": lambda: buyers.personal_id(person, on),
        "address": lambda: buyers.address(asked.address),
        "email": lambda: buyers.email(asked.email),
        "no_code_reason": lambda: buyers.address(asked.no_code_reason),
    }
    kept: dict[str, str | None] = {}
    for field, rule in rules.items():
        try:
            kept[field] = rule()
        except WrongBuyer as refusal:
            wrong[field] = refusal
            kept[field] = getattr(asked, field)
    if kept["tax_code"] or kept["budget_code"] or kept["personal_id"]:
        kept["no_code_reason"] = None
    return Details(**kept), wrong


def wrongs(unit: Unit, on: date) -> dict[str, WrongBuyer]:
    """What is wrong with the codes that are kept of a unit, by field; empty where all is well."""
    found = read(of(unit), on)[1]
    return {field: why for field, why in found.items() if field in CODES}


CODES = ("tax_code", "budget_code", "personal_id")


def standing(unit: Unit, on: date) -> Standing:
    """Whether an invoice can be made out to the unit."""
    kept = of(unit)
    if wrongs(unit, on):
        return Standing.WRONG
    if kept.has_code:
        return Standing.COMPLETE
    return Standing.NO_CODE if kept.no_code_reason else Standing.MISSING


def require(unit: Unit, on: date) -> dict[str, str]:
    """What the journal keeps beside the issue: that the buyer gave no code, where that is so.

    Raises WrongBuyer where a code is wrong; a buyer without any code is no reason to refuse.
    """
    wrong = wrongs(unit, on)
    if wrong:
        field = next(iter(wrong))
        details = {"field": field, "unit": unit.slug, "mend": f"/units/{unit.slug}/invoicing"}
        if field == "tax_code":
            raise WrongBuyer(
                "The tax code of {name} is wrong ({code}). Correct it in the unit's invoicing "
                "details, then issue the invoice.",
                words={"name": unit.name, "code": unit.tax_code},
                **details,
            )
        if field == "budget_code":
            raise WrongBuyer(
                "The budget-unit code of {name} is wrong ({code}). Correct it in the unit's "
                "invoicing details, then issue the invoice.",
                words={"name": unit.name, "code": unit.budget_code},
                **details,
            )
        raise WrongBuyer(
            "The personal id of {name} is wrong. Correct it in the unit's invoicing details, then "
            "issue the invoice.",
            words={"name": unit.name},
            **details,
        )
    how = standing(unit, on)
    return {} if how is Standing.COMPLETE else {"buyer": how.value}


def twins(unit: Unit, tax_code: str | None) -> list[Unit]:
    """Other units that bear the tax code: allowed, and worth a question."""
    code = buyers.digits(tax_code)
    if not code:
        return []
    kept = sa.func.regexp_replace(Unit.tax_code, "[^0-9]", "", "g")
    query = sa.select(Unit).where(kept == code, Unit.id != unit.id).order_by(Unit.id).limit(5)
    return list(db.session.scalars(query))


def change(unit: Unit, asked: Details, *, by: Member | None) -> bool:
    """Keep other details of a unit; whether anything changed. Raises the first WrongBuyer.

    The row is locked first: of two people the journal names both, and the later one stays.
    """
    kept, wrong = read(asked, clock.today())
    if wrong:
        raise next(iter(wrong.values()))
    db.session.execute(
        sa.select(Unit)
        .where(Unit.id == unit.id)
        .with_for_update(of=Unit)
        .execution_options(populate_existing=True)
    ).scalar_one()
    before = asdict(of(unit))
    changes = {
        field: [before[field], now] for field, now in asdict(kept).items() if before[field] != now
    }
    if not changes:
        return False
    for field, (_before, now) in changes.items():
        setattr(unit, COLUMNS[field], now)
    db.session.flush()
    journal.record(unit, CHANGED, by=by, changes=changes)
    return True


def history(unit: Unit) -> list[JournalEntry]:
    """The changes of a unit's details, newest first."""
    return [entry for entry in reversed(journal.of(unit)) if entry.verb == CHANGED]


def unwell() -> list[tuple[Unit, Standing]]:
    """The units whose details are wrong or missing, the wrong ones first; not the Centre's own."""
    today = clock.today()
    units = db.session.scalars(sa.select(Unit).where(Unit.is_centre.is_(False)).order_by(Unit.id))
    found = [(unit, standing(unit, today)) for unit in units]
    bad = [(unit, how) for unit, how in found if how in (Standing.WRONG, Standing.MISSING)]
    return sorted(bad, key=lambda one: (one[1] is not Standing.WRONG, one[0].name.casefold()))


def waiting() -> list[tuple[Unit, Standing]]:
    """Those of them that somebody has to see to: wrong ones, and missing ones with charges to come.

    A unit without a code that rents nothing waits for nobody.
    """
    drafts = sa.select(Invoice.unit_id).where(Invoice.status == InvoiceStatus.DRAFT)
    unbilled = sa.select(Charge.unit_id).where(
        Charge.invoice_id.is_(None), Charge.reversed_at.is_(None)
    )
    awaited = set(db.session.scalars(drafts.union(unbilled)))
    return [one for one in unwell() if one[1] is Standing.WRONG or one[0].id in awaited]
