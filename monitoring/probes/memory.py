"""What a worker remembers of devices between two cycles; it may all be forgotten at any time."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from monitoring.probes import codec, snmp
from monitoring.probes.codec import Question
from monitoring.probes.codec_shapes import Shape, Shapes
from monitoring.probes.logins import CommunityVersion, SnmpCommunity, SnmpUser
from monitoring.probes.outcomes import Target
from monitoring.probes.reading import Layout
from monitoring.probes.session import Engines
from monitoring.probes.usm import Seal
from monitoring.probes.wire import Peer, peer_of

KNOWN_DEVICES = 20_000
# A community of more octets would not stand where a v2c message is read from.
LONGEST_COMMUNITY = 127


@dataclass(frozen=True, slots=True)
class Plain:
    """The envelope of v2c: a community."""

    community: bytes

    def wrapped(self, pdu: bytes, _number: int) -> bytes:
        """A message with this PDU."""
        return codec.wrapped(pdu, self.community)


@dataclass(slots=True)
class Memory:
    """Engines and keys, questions, and how each device answered last."""

    engines: Engines = field(default_factory=Engines)
    shapes: Shapes = field(default_factory=Shapes)
    # Of each device the shapes of its last answers.
    last: dict[Peer, list[Shape | None]] = field(default_factory=dict)
    # By the layout's digest, which is quicker than by its OIDs.
    asked: dict[str, tuple[Question, ...]] = field(default_factory=dict)
    seals: dict[Peer, Seal] = field(default_factory=dict)

    def questions(self, layout: Layout) -> tuple[Question, ...]:
        """The GETs of one poll of a device with this layout."""
        found = self.asked.get(layout.digest)
        if found is None:
            _make_room(self.asked)
            found = self.asked[layout.digest] = questions(layout.oids, layout.batch)
        return found

    def shapes_of(self, peer: Peer, count: int) -> list[Shape | None]:
        """The shapes of a device's last answers to so many questions, to be kept up to date."""
        found = self.last.get(peer)
        if found is None or len(found) != count:
            _make_room(self.last)
            found = self.last[peer] = [None] * count
        return found

    def voice(self, target: Target, peer: Peer) -> Plain | Seal | None:
        """How to speak to a device here; None where gufo must."""
        login = target.login
        if isinstance(login, SnmpCommunity):
            community = login.community.encode()
            if login.version is not CommunityVersion.V2C or len(community) > LONGEST_COMMUNITY:
                return None
            return Plain(community)
        return self._seal(target, login, peer)

    def doubt(self, target: Target) -> None:
        """A known device did not answer as it used to: let gufo ask who it is now.

        Its engine may be another, or reset so that its boots count anew. The keys stay, in case
        it is the same.
        """
        self.engines.forget(target)
        seal = self.compare(target)
        if seal is not None:
            seal.forget_clock()

    def compare(self, target: Target) -> Seal | None:
        """Gufo may have met another engine there: compare before the seal is used again."""
        peer = peer_of(target.address, target.port)
        seal = None if peer is None else self.seals.get(peer)
        if seal is not None:
            seal.is_doubted = True
        return seal

    def _seal(self, target: Target, login: SnmpUser, peer: Peer) -> Seal | None:
        seal = self.seals.get(peer)
        is_same = seal is not None and seal.login == login
        if seal is not None and is_same and not seal.is_doubted:
            return seal
        known = self.engines.find(target)
        if known is None or not Seal.fits(login):
            return None
        if seal is None or not is_same or seal.engine != known[0]:
            _make_room(self.seals)
            seal = self.seals[peer] = Seal(login, known[0])
        seal.is_doubted = False
        return seal


def _make_room(known: dict[Any, Any]) -> None:
    if len(known) >= KNOWN_DEVICES:
        known.clear()


@lru_cache(maxsize=4096)
def questions(oids: tuple[str, ...], batch: int) -> tuple[Question, ...]:
    """The GETs of one poll: the head and as many values as fit, then the rest in portions."""
    return tuple(map(Question.of, snmp.portions(oids, batch)))
