"""Fills an empty database with the demo centre: catalogue, people, four weeks, devices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from billing import reactions
from config import clock
from config.database import db
from monitoring.credentials import Keyring
from portal import passwords
from portal.catalogue_files.loading import import_file
from portal.demo import (
    agreements,
    arrears,
    bank,
    buyers,
    claims,
    configurations,
    counter,
    einvoices,
    endpoints,
    events,
    health,
    history,
    inventory,
    joins,
    prices,
    programmes,
    series,
    surveys,
    upkeep,
)
from portal.demo.devices import BASE_PORT
from portal.demo.history import Diary
from portal.demo.sign_ins import PASSWORD
from portal.models import Notice
from rental import catalogue, closures, units
from rental.closures import NewClosure
from rental.models import ClosureKind, Member, Site, Unit
from rental.period import Period

CATALOGUE = Path(__file__).parents[2] / "config" / "demo" / "catalogue.yml"
SEED = 255
# Two processes that load at once: the second waits, and then finds the database filled.
LOADING = 0x6D63_6465


@dataclass(frozen=True, slots=True)
class Demo:
    """What the load must know: the key that seals credentials, where the simulators listen."""

    keyring: Keyring
    keys: Path
    base_port: int = BASE_PORT
    seed: int = SEED


def load(demo: Demo) -> bool:
    """Fill an empty database; tells whether it was empty. Call inside `transaction()`."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOADING)))
    if db.session.scalar(sa.select(sa.or_(sa.exists().select_from(Site), _any_unit()))):
        return False
    reactions.subscribe()
    now = clock.now()
    with clock.standing_at(now - timedelta(days=30)):
        import_file(CATALOGUE)
        _let_everybody_in()
        operator = units.member_by_email("operator@centre.example")
        inventory.add(demo.base_port, demo.keys, demo.keyring, by=operator)
        agreements.add(now)
    _close(now)
    owed = arrears.begin(now)
    diary = Diary(now)
    history.tell(list(events.planned(now, demo.seed)), diary, demo.seed)
    diary.replay()
    series.tell(now)
    programmes.add(now)
    claims.add(now)
    counter.add(now)
    upkeep.tell(now, units.member_by_email("operator@centre.example"))
    prices.add(now)
    joins.add(now)
    arrears.end(owed)
    bank.add(now)
    einvoices.add()
    health.add(now)
    endpoints.add(demo.base_port, by=operator)
    configurations.add(now, demo.keyring)
    buyers.add(now)
    surveys.add(now, by=operator)
    # Nobody wants mail about events that were only replayed.
    db.session.execute(sa.delete(Notice))
    db.session.flush()
    return True


def _any_unit() -> sa.ColumnElement[bool]:
    return sa.exists().select_from(Unit)


def _let_everybody_in() -> None:
    """One hash for all: hashing is slow on purpose, and the password is the same."""
    db.session.execute(sa.update(Member).values(password_hash=passwords.hash_password(PASSWORD)))


def _close(now: datetime) -> None:
    """Two closures to look at: one LED screen in repair, the VIP room painted next week."""
    morning = now.astimezone(clock.LOCAL).replace(hour=7, minute=0, second=0, microsecond=0)
    with clock.standing_at(now - timedelta(days=20)):
        closures.close(
            catalogue.get("LED"),
            NewClosure(
                ClosureKind.MAINTENANCE,
                Period(morning - timedelta(days=2), morning + timedelta(days=4)),
                reason="Thay module LED hỏng, chờ linh kiện.",
                quantity=1,
            ),
        )
        closures.close(
            catalogue.get("VIP"),
            NewClosure(
                ClosureKind.MAINTENANCE,
                Period(morning + timedelta(days=6), morning + timedelta(days=8)),
                reason="Sơn lại phòng và thay thảm.",
            ),
        )
