"""The work list of finance: what each room says waits for somebody today.

A room's page module offers `WORK`, functions that give one `Work` each, or None where nothing
waits for who asks; the list is drawn on the first page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from billing.money import Money


@dataclass(frozen=True, slots=True)
class Work:
    """One line of the list: what waits, how many, worth how much, and where it is done."""

    # Its place in the list: what costs money by waiting stands first.
    place: int
    icon: str
    title: Any
    count: int
    href: str
    amount: Money | None = None
    detail: Any = ""
    tone: str = "warn"


Ask = Callable[[], Work | None]


def register(app: Flask, asks: list[Ask]) -> None:
    """Remember what the rooms offer."""
    app.extensions["work"] = asks


def waiting() -> list[Work]:
    """What waits, in its place; nothing where everything is done."""
    asks: list[Ask] = current_app.extensions["work"]
    found = [work for ask in asks if (work := ask()) is not None and work.count]
    return sorted(found, key=lambda work: work.place)
