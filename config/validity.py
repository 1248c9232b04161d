"""What is in force from one day to another: price lists, tax rates, terms."""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class Dated(BaseModel):
    """In force from a first to a last day, both included; without a last until further notice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: "Dated") -> bool:
        """Whether both are in force on some day."""
        return self.holds_on(other.valid_from) or other.holds_on(self.valid_from)
