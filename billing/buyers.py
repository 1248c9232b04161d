"""Who an invoice may be made out to: the rules of codes, over values, and how they are typed.

Tax code (MST, 10 digits or 10-3), code of a unit related to the budget, or a person's 12 digits.
What is pasted is read generously (spaces, dots, full-width digits, "MST: …") and kept in one form.
"""

import re
import unicodedata
from datetime import date
from functools import cache

from pydantic import BaseModel, ConfigDict, Field
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as WrongNumber
from stdnum.vn import mst

from billing.errors import WrongBuyer
from config import documents
from config.validity import Dated

FILE = documents.HOME / "billing" / "buyers.yml"
# What people paste in front of a code, already without marks and in lower case.
LABELS = re.compile(
    r"^(?:ma so thue|mst|tax code|mdvqhns|dvqhns|ma (?:so )?(?:dvqhns|qhns|ngan sach)"
    r"|ma (?:so )?(?:don vi )?(?:co )?quan he (?:voi )?ngan sach|so cccd|cccdan|cccd|cmnd"
    r"|can cuoc(?: cong dan)?|so dinh danh(?: ca nhan)?)?[\s:.#]*"
)
ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_EMAIL = 400, 400, 200


class PersonalIds(Dated):
    """From when on a personal id stands for a tax code, and the provinces it begins with."""

    source: str
    provinces_source: str
    provinces: frozenset[str]


class BudgetCodes(Dated):
    """How long the code of a unit related to the budget is."""

    source: str
    digits: int = Field(ge=1, le=20)


class BuyerRules(BaseModel):
    """`config/billing/buyers.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    personal_id: PersonalIds
    budget_code: BudgetCodes


@cache
def rules() -> BuyerRules:
    """The rules, read once; `rules.cache_clear()` reads them anew."""
    return documents.read(FILE, BuyerRules)


def line(text: str | None) -> str:
    """Text on one line as it is kept: composed, without what cannot be seen.

    Control characters become spaces; what turns the direction of writing or has no width goes,
    so that a name reads on a document as it does on the screen.
    """
    composed = unicodedata.normalize("NFC", text or "")
    kinds = ((c, unicodedata.category(c)) for c in composed)
    seen = "".join(" " if k in {"Cc", "Zl", "Zp"} else c for c, k in kinds if k not in {"Cf", "Cs"})
    return " ".join(seen.split())


def digits(text: str | None) -> str:
    """The figures of a code as pasted; what is no figure stays in it, so that a rule refuses it."""
    plain = unicodedata.normalize("NFKD", line(text)).replace("đ", "d").replace("Đ", "D")
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    rest = LABELS.sub("", plain, count=1)
    return "".join(
        c for c in rest if not c.isspace() and c != "." and unicodedata.category(c) != "Pd"
    )


def _is_figures(code: str) -> bool:
    return code.isascii() and code.isdigit()


def is_personal(text: str | None) -> bool:
    """Whether somebody typed 12 digits: a person's number, wherever it was typed."""
    code = digits(text)
    return len(code) == 12 and _is_figures(code)


def tax_code(text: str | None) -> str | None:
    """The MST as it is kept, `0301234560` or `0301234560-001`; None where nothing was typed.

    The check digit is the one of python-stdnum `vn.mst`. Raises WrongBuyer.
    """
    code = digits(text)
    if not code:
        return None
    if not _is_figures(code) or len(code) not in (10, 13):
        raise WrongBuyer(
            "'{code}' is no tax code: it has 10 digits, or 13 for a branch. Copy it from the "
            "registration certificate.",
            words={"code": code[:40]},
            field="tax_code",
        )
    try:
        mst.validate(code)
    except InvalidChecksum:
        raise WrongBuyer(
            "The check digit of the tax code {code} is wrong: a digit was mistyped. Compare it "
            "with the registration certificate.",
            words={"code": code},
            field="tax_code",
        ) from None
    except WrongNumber:
        raise WrongBuyer(
            "The tax code {code} was never given to anybody: a row of zeros stands where a number "
            "should. Compare it with the registration certificate.",
            words={"code": code},
            field="tax_code",
        ) from None
    return code if len(code) == 10 else f"{code[:10]}-{code[10:]}"


def budget_code(text: str | None) -> str | None:
    """The code of a unit related to the budget; None where nothing was typed. Raises WrongBuyer."""
    code, wanted = digits(text), rules().budget_code.digits
    if code and (not _is_figures(code) or len(code) != wanted):
        raise WrongBuyer(
            "'{code}' is no budget-unit code: it has {digits} digits. Copy it from the certificate "
            "of the unit's code.",
            words={"code": code[:40], "digits": wanted},
            field="budget_code",
        )
    return code or None


def personal_id(text: str | None, on: date) -> str | None:
    """A person's 12 digits; None where nothing was typed. Raises WrongBuyer.

    Province of registration, one digit for century and sex (0 and 1 for 1900 to 1999, two more a
    century), two digits of the year of birth, six of chance.
    """
    code, rule = digits(text), rules().personal_id
    if not code:
        return None
    if not rule.holds_on(on):
        raise WrongBuyer(
            "A personal id stands for a tax code from {day} on only; give the tax code.",
            words={"day": f"{rule.valid_from:%d/%m/%Y}"},
            field="personal_id",
        )
    if not _is_figures(code) or len(code) != 12:
        raise WrongBuyer(
            "'{code}' is no personal id: it has 12 digits. Copy it from the identity card.",
            words={"code": code[:40]},
            field="personal_id",
        )
    if code[:3] not in rule.provinces:
        raise WrongBuyer(
            "A personal id begins with the code of a province, and {province} is none. Copy it "
            "from the identity card.",
            words={"province": code[:3]},
            field="personal_id",
        )
    born = 1900 + int(code[3]) // 2 * 100 + int(code[4:6])
    if born > on.year:
        raise WrongBuyer(
            "By this personal id the buyer would be born in {year}, which is still to come. Copy "
            "it from the identity card.",
            words={"year": born},
            field="personal_id",
        )
    return code


def name(text: str | None) -> str | None:
    """The name on invoices; None where nothing was typed. Raises WrongBuyer."""
    return _short(text, LONGEST_NAME, "name")


def address(text: str | None) -> str | None:
    """The address on invoices; None where nothing was typed. Raises WrongBuyer."""
    return _short(text, LONGEST_ADDRESS, "address")


def email(text: str | None) -> str | None:
    """Where invoices are sent; None where nothing was typed. Raises WrongBuyer."""
    found = _short(text, LONGEST_EMAIL, "email")
    if found is not None and not ADDRESS.fullmatch(found):
        raise WrongBuyer(
            "'{address}' is no e-mail address; write one such as ketoan@toasoan.vn.",
            words={"address": found[:80]},
            field="email",
        )
    return found


def _short(text: str | None, longest: int, field: str) -> str | None:
    kept = line(text)
    if len(kept) > longest:
        raise WrongBuyer(
            "This is too long for an invoice: {longest} characters at most. Shorten it.",
            words={"longest": longest},
            field=field,
        )
    return kept or None
