"""Why something is as it is: sentences that the catalogue translates, and what fills them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.errors import filled


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence: a template that is a constant of a module, and the values of its places."""

    template: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """In English, for logs and alerts."""
        return filled(self.template, self.values)

    def as_json(self) -> dict[str, Any]:
        """As it is kept, to be translated when it is read."""
        return {"template": self.template, "values": dict(self.values)}


def because(template: str, **values: object) -> Reason:
    """The sentence with its places filled."""
    return Reason(template, {key: str(value).rstrip(".") for key, value in values.items()})


def in_english(reasons: Iterable[Reason]) -> str | None:
    """All of them, one after the other; None of nothing."""
    return " ".join(map(str, reasons)) or None


def kept(reasons: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """The sentences that a row keeps, as `as_json` wrote them."""
    return [Reason(each["template"], each["values"]) for each in reasons]
