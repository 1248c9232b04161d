"""What the rule files of the rental floor have in common: words in both languages, and dates."""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Wording(BaseModel):
    """A name in both languages; a page chooses, a program reads the English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __str__(self) -> str:
        """The English words."""
        return self.en

    def in_language(self, language: str) -> str:
        """The words in `vi` or `en`."""
        return self.en if language == "en" else self.vi


class Dated(BaseModel):
    """In force from one day to another, both included; without an end until further notice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: date
    valid_to: date | None = None
    source: str

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it is in force that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
