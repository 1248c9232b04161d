"""What operators write of the papers: how long a quotation holds, and the clauses of the contract.

`config/papers/*.yml`, one dated edition a file.
"""

from datetime import date
from enum import StrEnum
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from config import documents
from config.documents import BadDocument
from config.errors import Conflict
from config.validity import Dated
from portal.pages import formats

FOLDER = documents.HOME / "papers"


class NoEdition(Conflict):
    """No wording of the papers is in force on this day; ask an administrator to add one."""


class Words(BaseModel):
    """A sentence in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vi: str = Field(min_length=1, max_length=4000)
    en: str = Field(min_length=1, max_length=4000)

    def __str__(self) -> str:
        """In the language of the paper."""
        return self.en if formats.language() == "en" else self.vi


class Shown(StrEnum):
    """What the booking itself writes under an article."""

    LINES = "lines"
    PRICE = "price"
    ACCOUNT = "account"
    DEPOSIT = "deposit"
    CANCELLATION = "cancellation"


class Article(BaseModel):
    """One article of the contract; its number is where it stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Words
    # Printed before the clauses.
    shows: tuple[Shown, ...] = ()
    clauses: tuple[Words, ...] = ()


class Deposit(BaseModel):
    """What is paid before: a share of the total with VAT, so many days before the event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    percent: int = Field(gt=0, le=100)
    days_before: int = Field(ge=0, le=366)


class Contract(BaseModel):
    """The wording of the rental contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: Words
    representative: str | None = None
    position: Words | None = None
    basis: tuple[Words, ...] = ()
    deposit: Deposit | None = None
    articles: tuple[Article, ...] = Field(min_length=1)


class Quotation(BaseModel):
    """The wording of the quotation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_days: int = Field(ge=1, le=366)
    notes: tuple[Words, ...] = ()


class Edition(Dated):
    """A file of `config/papers`: all wording in force in its time."""

    # A sample stands until the Centre's lawyer has approved the wording.
    sample: bool = False
    source: str
    quotation: Quotation
    contract: Contract


def edition_on(editions: tuple[Edition, ...], day: date) -> Edition:
    """The wording in force on a day; raises NoEdition."""
    for edition in editions:
        if edition.holds_on(day):
            return edition
    raise NoEdition


def require_no_overlap(editions: tuple[Edition, ...]) -> None:
    """Refuse two editions on the same day; raises BadDocument."""
    for i, one in enumerate(editions):
        if any(one.overlaps(other) for other in editions[:i]):
            raise BadDocument(
                f"config/{FOLDER.name} has two editions in force together; end one before "
                "the other begins"
            )


@cache
def editions() -> tuple[Edition, ...]:
    """The editions of `config/papers`, read once; `editions.cache_clear()` reads them anew."""
    found = tuple(documents.read_folder(FOLDER, Edition))
    require_no_overlap(found)
    return found
