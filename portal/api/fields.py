"""The kinds of value that bodies and queries of the API are made of."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from rental.asking import MOST_PIECES

EXAMPLE = "2026-12-01T09:00:00+07:00"
# A plus sign that nobody escaped arrives in a query as a space.
_LOST_PLUS = re.compile(r"(?<=:\d\d) (?=\d\d:?\d\d$)|(?<=\.\d{3}) (?=\d\d:?\d\d$)")
# Beyond these years a time is a slip, and adding a turnaround to it may not be a time at all.
FIRST_YEAR, LAST_YEAR = 2000, 2199
# Ids are 32 bits in the database; a larger one is no row's.
LARGEST_ID = 2**31 - 1


def instant(value: Any) -> datetime:
    """A text in ISO 8601 with an offset, as an instant in UTC."""
    if not isinstance(value, str):
        raise PydanticCustomError("time", "a time is a text in ISO 8601, such as " + EXAMPLE)
    try:
        found = datetime.fromisoformat(_LOST_PLUS.sub("+", value.strip()))
    except ValueError:
        raise PydanticCustomError("time", "not a time in ISO 8601, such as " + EXAMPLE) from None
    if found.tzinfo is None:
        raise PydanticCustomError(
            "naive_time", "a time without an offset is ambiguous; write it as " + EXAMPLE
        )
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise PydanticCustomError("time", f"a year between {FIRST_YEAR} and {LAST_YEAR}")
    return found.astimezone(UTC)


Instant = Annotated[
    datetime,
    BeforeValidator(instant),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "ISO 8601 with an offset; a naive time is refused.",
            "examples": [EXAMPLE],
        }
    ),
]


def _day(value: Any) -> date:
    if not isinstance(value, str):
        raise PydanticCustomError("day", "a day is a text such as 2026-12-01")
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        raise PydanticCustomError("day", "not a day such as 2026-12-01") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("day", f"a year between {FIRST_YEAR} and {LAST_YEAR}")
    return day


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-01"]}),
]


def _month(value: Any) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value.strip()):
        raise PydanticCustomError("month", "a month is a text such as 2026-12")
    first = date.fromisoformat(f"{value.strip()}-01")
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise PydanticCustomError("month", f"a year between {FIRST_YEAR} and {LAST_YEAR}")
    return first


# The first of it.
Month = Annotated[
    date,
    BeforeValidator(_month),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$", "examples": ["2026-12"]}),
]


def _plain(value: Any) -> Any:
    """Composed Unicode, so that lengths count what people see; NUL fits no database text."""
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise PydanticCustomError("nul", "a text cannot contain the NUL character")
    return unicodedata.normalize("NFC", value)


Text = Annotated[str, BeforeValidator(_plain)]
# The limits stand before the validator, so that they speak of characters.
Title = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(_plain)]
Note = Annotated[str, StringConstraints(max_length=2000), BeforeValidator(_plain)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), BeforeValidator(_plain)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(_plain)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=40), BeforeValidator(_plain)]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=60), BeforeValidator(_plain)]
Pieces = Annotated[int, Field(ge=1, le=MOST_PIECES)]


class Body(BaseModel):
    """What a client sends: nothing unknown, and a number is a number, not a text or a yes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """What stands behind the question mark: all of it is text, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Query):
    """The query of a list."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    per_page: int = Field(default=50, ge=1, le=200)

    @property
    def offset(self) -> int:
        """How many entries stand on the pages before."""
        return (self.page - 1) * self.per_page


class Answer(BaseModel):
    """What the API sends. Views write plain dictionaries; these models document and test them."""

    # Built when somebody asks for the document, not in every process.
    model_config = ConfigDict(extra="forbid", defer_build=True)


class Amount(Answer):
    """Whole minor units of a currency; the đồng has no minor digits."""

    minor: int
    currency: str


class AskedAmount(Body):
    """An amount as a client sends it."""

    minor: int = Field(gt=0, le=10**15)
    currency: str = Field(default="VND", pattern="^[A-Z]{3}$")
