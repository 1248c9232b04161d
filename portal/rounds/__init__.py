"""Jobs that come round: one module a room, each with the tasks it gives to the queue.

Importing a module registers its tasks; the clock names them in `portal.clock.turns`.
"""

from portal.rounds import claims, no_shows

__all__ = ["claims", "no_shows"]
__all__ = ["no_shows"]
from portal.rounds import clearances

__all__ = ["clearances"]
from portal.rounds import (
    overdue,  # noqa: F401
    reconfirmations,
)

__all__ = ["no_shows", "reconfirmations"]
