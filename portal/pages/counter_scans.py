"""What the counter's page sends: a batch of scans, each with an id of its own."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from rental.counting import Piece
from rental.models import AssetCondition
from rental.shelves import MOST_PIECES


class Mode(StrEnum):
    """What is done with what is scanned."""

    GIVE = "give"
    TAKE = "take"


class Scan(BaseModel):
    """One scan: an asset's tag, or some of a resource."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scan: str = Field(min_length=1, max_length=60)
    tag: str | None = Field(default=None, max_length=60)
    resource: str | None = Field(default=None, max_length=40)
    quantity: int = Field(default=1, ge=1, le=100_000)
    condition: AssetCondition | None = None
    note: str = Field(default="", max_length=500)

    def piece(self) -> Piece:
        """The piece as the counter's rooms take it."""
        return Piece(self.tag, self.resource, self.quantity, self.condition, self.note, self.scan)


class Scans(BaseModel):
    """One batch: hand over pieces of a booking, or take back pieces of any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode
    booking: str | None = Field(default=None, max_length=20)
    scans: list[Scan] = Field(min_length=1, max_length=MOST_PIECES)


def read(body: Any) -> Scans:
    """The batch; raises pydantic's ValidationError, which the portal answers with 422."""
    return Scans.model_validate(body)
