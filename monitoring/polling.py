"""The poll: read who is due, ask all of them at once, write what came, portion by portion.

No transaction is open while devices are asked. Who polls a site holds an advisory lock of the
database for it, so that two workers never ask one device twice; PostgreSQL frees the lock the
moment its holder dies, and whoever comes next asks those that were not written yet.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from config import clock, logs
from config.database import db, transaction
from monitoring import recording
from monitoring.credentials import Keyring
from monitoring.due import Due, PollPlan, due
from monitoring.probes.memory import Memory
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.session import Engines
from monitoring.probes.volley import Pace, Volley
from monitoring.recording import Recorded
from rental.models import Site

__all__ = ["PollPlan", "Summary", "poll_all", "poll_site", "record"]

log = logs.get(__name__)

# With a site's id beside it: whoever holds this advisory lock polls the site.
POLL_LOCK = 0x4D43_0050

_memory = Memory()


@dataclass(slots=True)
class Summary:
    """What one cycle did. `failures` counts why devices did not answer, in a word.

    `not_yet` were not due, and `elsewhere` names the sites that somebody else polls just now.
    """

    asked: int = 0
    answered: int = 0
    discovered: int = 0
    readings: int = 0
    opened: int = 0
    closed: int = 0
    not_yet: int = 0
    seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    elsewhere: tuple[str, ...] = ()

    def add(self, outcomes: Sequence[Outcome], recorded: Recorded) -> None:
        """Count a portion that was written."""
        self.asked += len(outcomes)
        for outcome in outcomes:
            if outcome.failure is None:
                self.answered += 1
                self.discovered += outcome.was_discovered
            else:
                self.failures[outcome.failure.kind.value] += 1
        self.readings += recorded.readings
        self.opened += recorded.opened
        self.closed += recorded.closed


def poll_site(site_id: int | None, keyring: Keyring, plan: PollPlan | None = None) -> Summary:
    """Poll the devices of a site (None: of all) that are due. An edge: it commits for itself.

    A site that somebody else polls just now is left out.
    """
    plan = plan or PollPlan()
    summary, began = Summary(), clock.now()
    with transaction():
        query = sa.select(Site.id, Site.slug).order_by(Site.id)
        if site_id is not None:
            query = query.where(Site.id == site_id)
        slugs = {row.id: row.slug for row in db.session.execute(query)}
    with _locked(list(slugs)) as mine:
        summary.elsewhere = tuple(slug for each, slug in slugs.items() if each not in mine)
        with transaction():
            found = due(mine, keyring, plan, began)
        summary.not_yet = found.not_yet
        asyncio.run(_cycle(found, plan, summary))
    summary.seconds = (clock.now() - began).total_seconds()
    return summary


@contextmanager
def _locked(site_ids: Sequence[int]) -> Iterator[list[int]]:
    """Those of the sites that nobody else polls; they are ours until the block ends."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        take, give = sa.func.pg_try_advisory_lock, sa.func.pg_advisory_unlock
        mine = [each for each in site_ids if link.scalar(sa.select(take(POLL_LOCK, each)))]
        try:
            yield mine
        finally:
            for each in mine:
                link.execute(sa.select(give(POLL_LOCK, each)))


async def _cycle(found: Due, plan: PollPlan, summary: Summary) -> None:
    """Ask, and write each portion in a transaction of its own while the others are asked."""
    if found.unreadable:
        _write(found.unreadable, plan, summary)
    volley = Volley(Pace(plan.in_flight, plan.portion), _memory)
    async with aclosing(volley.ask(found.starts)) as portions:
        async for portion in portions:
            _write(portion, plan, summary)


def _write(outcomes: Sequence[Outcome], plan: PollPlan, summary: Summary) -> None:
    try:
        with transaction():
            recorded = record(outcomes, plan)
    except sa.exc.DBAPIError as refused:
        # What the database refuses of one device must not cost the others their readings.
        if len(outcomes) == 1 or refused.connection_invalidated:
            raise
        _write_singly(outcomes, plan, summary)
    else:
        summary.add(outcomes, recorded)


def _write_singly(outcomes: Sequence[Outcome], plan: PollPlan, summary: Summary) -> None:
    for outcome in outcomes:
        try:
            _write([outcome], plan, summary)
        except sa.exc.DBAPIError as refused:
            if refused.connection_invalidated:
                raise
            log.exception("poll not written", device=outcome.target.device_id)
            summary.failures["unwritten"] += 1


async def poll_all(
    targets: Sequence[Target], plan: PollPlan | None = None, engines: Engines | None = None
) -> list[Outcome]:
    """Ask all targets, in their order; one outcome each, whatever happens to the others."""
    plan = plan or PollPlan()
    volley = Volley(Pace(plan.in_flight), _memory if engines is None else Memory(engines))
    starts = [(0.0, target) for target in targets]
    found = [outcome async for portion in volley.ask(starts) for outcome in portion]
    places = {id(target): place for place, target in enumerate(targets)}
    return sorted(found, key=lambda outcome: places[id(outcome.target)])


def record(outcomes: Sequence[Outcome], plan: PollPlan | None = None) -> Recorded:
    """Write readings, status and outages of these outcomes; the caller commits."""
    plan = plan or PollPlan()
    return recording.record(outcomes, plan.interval, plan.thresholds)
