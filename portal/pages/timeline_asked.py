"""What the calendar's address asks for: the view, the day, the filters, the groups.

All of it lives in the address: a view can be sent to a colleague, and the back button works.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _

from config import clock
from portal.pages import reading, states
from portal.pages.states import KINDS
from portal.pages.timeline_window import View, Window, neighbour, window
from rental.board import Listed, Wanted
from rental.models import ResourceKind


class Grouping(StrEnum):
    """What the rows are put together by."""

    KIND = "kind"
    SITE = "site"
    CATEGORY = "category"


GROUPINGS = {"kind": _("By kind"), "site": _("By site"), "category": _("By category")}
VIEWS = {"day": _("Day"), "week": _("Week"), "month": _("Month")}
KEYS = (
    "view", "day", "kind", "seats_min", "site", "category", "q", "free", "mine", "group",
    "folded", "as",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One address of the calendar, read."""

    view: View
    day: date
    wanted: Wanted
    only_free: bool
    mine: bool
    grouping: Grouping
    folded: frozenset[str]
    as_list: bool
    query: Mapping[str, str]

    @property
    def window(self) -> Window:
        """The days shown."""
        return window(self.view, self.day, clock.LOCAL)

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the rows."""
        return any(self.query.get(key) for key in KEYS[2:9])

    def address(self, **changes: object) -> str:
        """The calendar's address with some of the query changed; None or "" leaves a key out."""
        return url_for("timeline.show", **self._query(changes))

    def rows_from(self, number: int) -> str:
        """Where the further rows come from."""
        return url_for("timeline.rows", **self._query({"from": number}))

    def _query(self, changes: Mapping[str, object]) -> dict[str, Any]:
        query = {**self.query, **changes}
        return {key: str(value) for key, value in query.items() if value not in (None, "")}

    def stepped(self, ahead: int) -> str:
        """The address of a window later or earlier."""
        return self.address(day=neighbour(self.view, self.day, ahead).isoformat())

    def fold(self, key: str) -> str:
        """The address with a group folded, or unfolded where it is."""
        return self.address(folded=",".join(sorted(self.folded ^ {key})))


def read(args: Mapping[str, str]) -> Asked:
    """The address as it came; raises BadField."""
    query = {key: args[key] for key in KEYS if args.get(key)}
    folded = frozenset(filter(None, args.get("folded", "").split(",")))
    view = reading.word(args, "view", View) or View.DAY
    return Asked(
        view=view,
        day=reading.day(args, "day") or clock.today(clock.LOCAL),
        wanted=Wanted(
            kind=reading.word(args, "kind", ResourceKind),
            seats_min=reading.integer(args, "seats_min"),
            site=args.get("site") or None,
            category=args.get("category") or None,
            q=args.get("q") or None,
        ),
        only_free=bool(args.get("free")),
        mine=bool(args.get("mine")),
        grouping=reading.word(args, "group", Grouping) or Grouping.KIND,
        folded=folded,
        as_list=args.get("as") == "list" and view is not View.MONTH,
        query=query,
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading; a folded one shows the heading alone."""

    key: str
    title: str
    resources: list[Listed]
    folded: bool


def groups(resources: list[Listed], asked: Asked) -> list[Group]:
    """The resources under their headings: kinds in their own sequence, the others by name."""
    found: dict[tuple[int, str, str], list[Listed]] = {}
    for one in resources:
        found.setdefault(_group(one, asked.grouping), []).append(one)
    return [
        Group(key, title, found[rank, title, key], key in asked.folded)
        for rank, title, key in sorted(found, key=lambda one: (one[0], one[1].casefold()))
    ]


def _group(one: Listed, grouping: Grouping) -> tuple[int, str, str]:
    if grouping is Grouping.SITE:
        return 0, one.site_name, one.site
    if grouping is Grouping.CATEGORY:
        title = str(states.category(one.category) if one.category else _("Without a category"))
        return int(one.category is None), title, one.category or "-"
    return list(ResourceKind).index(one.kind), str(KINDS[one.kind.value]), one.kind.value
