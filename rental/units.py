"""Units and their members."""

import sqlalchemy as sa

from config.database import db
from rental.errors import UnknownMember, UnknownSite, UnknownUnit
from rental.models import Member, Role, Site, Unit

STAFF = frozenset({Role.DESK, Role.FINANCE, Role.OPERATOR, Role.DIRECTOR, Role.ADMINISTRATOR})


def get(slug: str) -> Unit:
    """The unit of this slug; raises UnknownUnit."""
    unit = find(slug)
    if unit is None:
        raise UnknownUnit("There is no unit '{unit}'; choose one of the list.", unit=slug)
    return unit


def find(slug: str) -> Unit | None:
    """The unit of this slug, if any."""
    return db.session.scalar(sa.select(Unit).where(Unit.slug == slug))


def everyone() -> list[Unit]:
    """All units, by slug."""
    return list(db.session.scalars(sa.select(Unit).order_by(Unit.slug)))


def find_member(email: str) -> Member | None:
    """The member with this address, in whatever case it was typed."""
    return db.session.scalar(
        sa.select(Member).where(sa.func.lower(Member.email) == email.strip().lower())
    )


def member_by_email(email: str) -> Member:
    """The member with this address; raises UnknownMember."""
    member = find_member(email)
    if member is None:
        raise UnknownMember("There is no member '{email}'; check the address.", email=email)
    return member


def site(slug: str | None) -> Site:
    """The site of this slug, or the only one there is; raises UnknownSite."""
    query = sa.select(Site).order_by(Site.id)
    if slug:
        found = db.session.scalar(query.where(Site.slug == slug))
    else:
        found = db.session.scalar(query.limit(1))
    if found is None:
        if slug:
            raise UnknownSite("There is no site '{site}'; choose one of the list.", site=slug)
        raise UnknownSite("There is no site yet; ask the administrator to add one.")
    return found


def sites() -> list[Site]:
    """All sites, oldest first."""
    return list(db.session.scalars(sa.select(Site).order_by(Site.id)))


def is_staff(member: Member) -> bool:
    """Whether the member works for the Centre, by role."""
    return member.role in STAFF
