"""Who may do what: one table, and the questions the views ask it.

`docs/reference/access.md` is printed from the table (`media-center access` writes it) and a test
fails where the two differ.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask_login import current_user

from config.errors import NotAllowed, NotFound, Refusal
from rental.models import Member, Role

View = TypeVar("View", bound=Callable[..., Any])

EVERYBODY = frozenset(Role)
RENTERS = frozenset({Role.MEMBER, Role.HEAD})
STAFF = EVERYBODY - RENTERS
LEADERS = frozenset({Role.DIRECTOR, Role.ADMINISTRATOR})
DESK = frozenset({Role.DESK, Role.ADMINISTRATOR})
MONEY = frozenset({Role.FINANCE, Role.ADMINISTRATOR})
DEVICES = frozenset({Role.OPERATOR, Role.ADMINISTRATOR})

TABLE: dict[str, frozenset[Role]] = {
    # rental
    "see the catalogue": EVERYBODY,
    "request bookings": RENTERS | DESK,
    "request bookings for any unit": DESK,
    "see own bookings": EVERYBODY,
    "see every unit's bookings": STAFF,
    "change own bookings": RENTERS | DESK,
    "change every unit's bookings": DESK,
    "confirm bookings": DESK,
    "decline bookings": DESK,
    "hand over bookings": DESK,
    "return bookings": DESK,
    "mark no-shows": DESK,
    "place holds": RENTERS | DESK,
    "override holds": DESK | LEADERS,
    "answer approvals": frozenset({Role.HEAD}) | DESK | DEVICES | LEADERS,
    "answer clearances": DESK | LEADERS,
    "look after assets": DESK | DEVICES,
    "publish events": DESK,
    # A unit takes its own with it, the staff everybody's.
    "export bookings": RENTERS | DESK | MONEY | LEADERS,
    "import bookings": DESK,
    "see utilisation": DESK | MONEY | LEADERS,
    "see own agreements": EVERYBODY,
    "manage agreements": DESK | LEADERS,
    "manage catalogue": DESK,
    "close resources": DESK | DEVICES,
    "see units": DESK | MONEY | LEADERS,
    "manage units": frozenset({Role.ADMINISTRATOR}),
    "import": frozenset({Role.ADMINISTRATOR}),
    # billing
    "see own invoices": frozenset({Role.HEAD, Role.MEMBER}) | MONEY | LEADERS,
    "see every unit's invoices": MONEY | LEADERS,
    "issue invoices": MONEY,
    # A unit's head keeps its own, desk and finance everybody's.
    "change own invoicing details": frozenset({Role.HEAD}) | DESK | MONEY,
    "change every unit's invoicing details": DESK | MONEY,
    "record payments": MONEY,
    "credit invoices": MONEY,
    "pay own invoices": frozenset({Role.HEAD, Role.MEMBER}) | MONEY,
    "see reports": MONEY | LEADERS,
    "close months": MONEY,
    "reopen months": LEADERS,
    "decide proposals": MONEY,
    "see tariffs": DESK | MONEY | LEADERS,
    "see discounts": DESK | MONEY | LEADERS,
    # Whoever approves is never who proposed.
    "propose discounts": DESK | MONEY,
    "approve discounts": MONEY | LEADERS,
    "follow up invoices": MONEY,
    "propose write-offs": MONEY,
    # Whoever proposed it does not decide it.
    "decide write-offs": LEADERS,
    "let overdue units book": DESK | MONEY,
    # Whose doing it was is an operator's word; what it costs follows from it.
    "judge interruptions": DEVICES | MONEY,
    "import traffic": DEVICES | MONEY,
    "match bank statements": MONEY,
    # monitoring
    "see devices": DEVICES | LEADERS,
    "manage devices": DEVICES,
    # The desk hands over, and needs to know whether it may.
    "see readiness": DESK | DEVICES | LEADERS,
    "see violations": DEVICES | LEADERS,
    "acknowledge violations": DEVICES,
    "waive violations": DEVICES | LEADERS,
    # Of what takes two people whoever asked cannot.
    "approve waivers": DEVICES | LEADERS,
    # Of a risky remediation whoever approves is never who asked.
    "remedy violations": DEVICES | LEADERS,
    "see outages": DEVICES | LEADERS,
    # A unit sees its own.
    "see guest access": RENTERS | DESK | DEVICES,
    "issue guest access": DESK | DEVICES,
    "authorise guests": DEVICES,
    # the house
    "see journal": LEADERS,
    "manage members": frozenset({Role.ADMINISTRATOR}),
    "make own tokens": EVERYBODY,
    "make own feeds": EVERYBODY,
}


class NotSignedIn(Refusal):
    """Sign in first, or send a valid API token."""


class UnknownVerbError(LookupError):
    """The table of access has no such row."""


def current_member_or_none() -> Member | None:
    """Who asks, or None for a visitor."""
    return cast("Member | None", getattr(current_user, "member", None))


def current_member() -> Member:
    """Who asks; raises NotSignedIn for a visitor."""
    member = current_member_or_none()
    if member is None:
        raise NotSignedIn
    return member


def allows(member: Member, verb: str) -> bool:
    """Whether the member's role may do this; raises UnknownVerbError for any other verb."""
    try:
        return member.role in TABLE[verb]
    except KeyError:
        raise UnknownVerbError(verb) from None


def allowed(verb: str) -> bool:
    """Whether who asks may do this; a visitor may nothing. Templates call it too."""
    member = current_member_or_none()
    return member is not None and allows(member, verb)


def require(verb: str) -> Member:
    """Who asks, if they may; raises NotSignedIn or NotAllowed."""
    member = current_member()
    if not allows(member, verb):
        raise NotAllowed(
            "Your role does not allow you to {verb}; ask a colleague whose role does.", verb=verb
        )
    return member


def may(verb: str) -> Callable[[View], View]:
    """Let a view answer only those whose role may do `verb`."""
    if verb not in TABLE:
        raise UnknownVerbError(verb)

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require(verb)
            return view(*args, **kwargs)

        return cast("View", guarded)

    return guard


def visible_unit_id(member: Member, verb: str = "see every unit's bookings") -> int | None:
    """The only unit whose records the member sees; None where the role sees every unit's."""
    return None if allows(member, verb) else member.unit_id


def require_visible(unit_id: int, verb: str = "see every unit's bookings") -> None:
    """Raises NotFound, as if it did not exist, for a record of a unit who asks may not see."""
    only = visible_unit_id(current_member(), verb)
    if only is not None and only != unit_id:
        raise NotFound


def as_markdown() -> str:
    """The table as `docs/reference/access.md` prints it."""
    roles = list(Role)
    lines = [
        "# Who may do what",
        "",
        "One table decides: `portal/access.py`. Whoever may not, is told so (403);",
        "a record of another unit answers as if it did not exist (404).",
        "",
        "| | " + " | ".join(role.value for role in roles) + " |",
        "|---|" + ":-:|" * len(roles),
    ]
    for verb, may_do in TABLE.items():
        marks = " | ".join("yes" if role in may_do else "" for role in roles)
        lines.append(f"| {verb} | {marks} |")
    return "\n".join(lines) + "\n"
