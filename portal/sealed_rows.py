"""Everything that is sealed under the key of the credentials, room by room."""

from collections import Counter

from monitoring import config_versions, credentials, guests
from monitoring.credentials import Keyring

ROOMS = (credentials, config_versions, guests)
REWRAP_NEXT = tuple(room.rewrap_next for room in ROOMS)


def sealed_with() -> Counter[str]:
    """How many rows each key wraps, by the name of the key."""
    found: Counter[str] = Counter()
    for room in ROOMS:
        found.update(room.sealed_with())
    return found


def locked(keyring: Keyring) -> list[str]:
    """What is sealed with a key that the ring lacks, by name."""
    return [name for room in ROOMS for name in room.locked(keyring)]
