"""Asks many known devices at once over one socket, each with one request under way.

What is ordinary happens here: a device whose layout is known answers a GET of known OIDs. Whatever
else comes (no layout yet, a reboot, an error status, an answer that is not understood) is left to
`snmp.read`, device by device. No device waits for another but for its place among those in flight.
"""

import asyncio
import logging
import random
import socket
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from config import clock
from monitoring.probes import codec, snmp, usm_envelopes, values
from monitoring.probes.codec import FIRST_NUMBER, NUMBERS, Garbled, Letter, Question
from monitoring.probes.codec_shapes import Numbers, Shape
from monitoring.probes.memory import Memory, Plain
from monitoring.probes.outcomes import Failure, FailureKind, Outcome, Target
from monitoring.probes.reading import BATCH, Layout, Reading
from monitoring.probes.session import failure_of
from monitoring.probes.usm import Forged, NotInTime, Reported, Seal
from monitoring.probes.usm_envelopes import Sealed
from monitoring.probes.wire import Peer, Wire, peer_of

log = logging.getLogger(__name__)

# How often the socket is read. To wake up for every answer costs more than to read it; nobody
# waits, and the kernel notes when an answer came.
TICK_SECONDS = 0.05
# The same while devices wait for a place among those in flight.
HURRY_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Pace:
    """How many devices may be asked at a time, and when outcomes are handed over."""

    in_flight: int = 200
    portion: int = 250
    portion_seconds: float = 2.0


@dataclass(slots=True)
class _Poll:
    """One device in flight."""

    target: Target
    layout: Layout
    peer: Peer
    wire: Wire
    voice: Plain | Seal
    questions: tuple[Question, ...]
    shapes: list[Shape | None]
    at: datetime
    began: float
    step: int = 0
    number: int = 0
    tries: int = 0
    deadline: float = 0.0
    # When the question of this step was sent first, and how long the answers before took.
    sent: float = 0.0
    seconds: float = 0.0
    told: list[Numbers] = field(default_factory=list)
    read_at: datetime | None = None
    failure: Failure | None = None
    # Whether an engine has told its clock in this poll.
    is_in_time: bool = False
    # Answers to this question that its seal did not believe.
    refusals: int = 0


class Volley:
    """One round of questions to many devices."""

    def __init__(self, pace: Pace, memory: Memory) -> None:
        """Prepare; sockets are opened as they are needed."""
        self._pace = pace
        self._memory = memory
        self._wires: dict[socket.AddressFamily, Wire] = {}
        self._waiting: deque[tuple[float, Target]] = deque()
        self._flying: dict[int, _Poll] = {}
        self._apart: set[asyncio.Task[None]] = set()
        self._done: list[Outcome] = []
        self._news = asyncio.Event()
        self._numbers = random.Random(random.SystemRandom().getrandbits(128))  # noqa: S311  # seeded
        self._tick: asyncio.TimerHandle | None = None
        self._pause = HURRY_SECONDS
        self._limit = pace.in_flight
        # Datagrams that belong to no question of ours: late, double, forged or garbage.
        self.strays = 0

    async def ask(
        self, starts: Sequence[tuple[float, Target]]
    ) -> AsyncGenerator[list[Outcome], None]:
        """Ask each target so many seconds from now; outcomes come in portions as they are ready."""
        began = time.monotonic()
        self._memory.shapes.turn_over()
        pairs = sorted(starts, key=lambda pair: pair[0])
        self._waiting.extend((began + seconds, target) for seconds, target in pairs)
        try:
            self._turn()
            handed_over = 0
            while handed_over < len(pairs):
                await self._portion(len(pairs) - handed_over)
                portion, self._done = self._done, []
                handed_over += len(portion)
                if portion:
                    yield portion
        finally:
            self._close()

    async def _portion(self, most: int) -> None:
        """Wait until a portion is full, or the time of one is over."""
        until = time.monotonic() + self._pace.portion_seconds
        while len(self._done) < min(self._pace.portion, most):
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), until - time.monotonic())
            except TimeoutError:
                return

    def _close(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
        for task in self._apart:
            task.cancel()
        for wire in self._wires.values():
            wire.close()

    def _turn(self) -> None:
        """Look at what time brings, now and again later, whatever happens meanwhile."""
        try:
            self._look()
        finally:
            self._tick = asyncio.get_running_loop().call_later(self._pause, self._turn)

    def _look(self) -> None:
        """Answers, those that did not come, devices whose turn it is; and when to look again."""
        heard = sum(map(self._hear, self._wires.values()))
        now = time.monotonic()
        for poll in [poll for poll in self._flying.values() if poll.deadline <= now]:
            self._lost(poll, TimeoutError())
        self._start_due(now)
        is_pressed = bool(self._waiting) and self._waiting[0][0] <= now
        # In a hurry while others wait for a place, but less and less where all places are silent.
        soon = HURRY_SECONDS if heard else min(self._pause * 2, TICK_SECONDS)
        self._pause = soon if is_pressed else TICK_SECONDS

    def _start_due(self, now: float) -> None:
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            if len(self._flying) + len(self._apart) >= self._limit:
                return
            self._start(waiting.popleft()[1])

    def _start(self, target: Target) -> None:
        poll = self._poll(target)
        if poll is None:
            self._leave(target)
        else:
            self._send(poll)

    def _poll(self, target: Target) -> _Poll | None:
        """A poll as it can be asked here; None where `snmp.read` must."""
        layout, peer = target.layout, peer_of(target.address, target.port)
        if layout is None or not layout.is_complete or layout.has_text or peer is None:
            return None
        voice = self._memory.voice(target, peer)
        if voice is None:
            return None
        asked = self._memory.questions(layout)
        shapes = self._memory.shapes_of(peer, len(asked))
        wire = self._wire(socket.AF_INET6 if ":" in peer[0] else socket.AF_INET)
        at, began = clock.now(), time.monotonic()
        return _Poll(target, layout, peer, wire, voice, asked, shapes, at, began)

    def _wire(self, family: socket.AddressFamily) -> Wire:
        wire = self._wires.get(family)
        if wire is None:
            wire = self._wires[family] = Wire(family)
            self._limit = min(self._limit, wire.holds)
        return wire

    def _hear(self, wire: Wire) -> int:
        """Take what a socket has; how many answers it was."""
        count = 0
        for datagram, sender, age in wire.received():
            count += 1
            self._take(datagram, sender, age)
        for peer, wrong in wire.refused():
            for poll in [poll for poll in self._flying.values() if poll.peer == peer]:
                self._lost(poll, wrong)
        return count

    def _send(self, poll: _Poll) -> None:
        """Send the question of this step under a new number."""
        number = FIRST_NUMBER + (self._numbers.getrandbits(30) & NUMBERS)
        while number in self._flying:
            number = FIRST_NUMBER + (self._numbers.getrandbits(30) & NUMBERS)
        poll.number, poll.tries, poll.failure, poll.refusals = number, 0, None, 0
        poll.sent = time.monotonic()
        self._flying[number] = poll
        self._try(poll)

    def _try(self, poll: _Poll) -> None:
        poll.tries += 1
        poll.deadline = time.monotonic() + poll.target.timeout
        pdu = poll.questions[poll.step].pdu(poll.number)
        wrong = poll.wire.send(poll.voice.wrapped(pdu, poll.number), poll.peer)
        if wrong is not None:
            self._lost(poll, wrong)

    def _lost(self, poll: _Poll, wrong: OSError) -> None:
        """No answer to this try: one more, or the end of the poll."""
        if poll.refusals:
            self._ask_anew(poll)
            return
        target, now = poll.target, time.monotonic()
        elapsed = target.timeout if isinstance(wrong, TimeoutError) else 0.0
        if poll.failure is None or poll.failure.kind is not FailureKind.MALFORMED:
            poll.failure = failure_of(_as_told(wrong), target, elapsed)
        if poll.tries < max(target.tries, 1) and now < poll.began + target.budget:
            self._try(poll)
            return
        if poll.layout.batch > BATCH and target.tries > 1 and isinstance(wrong, TimeoutError):
            # Its replies may have become too large for what lies between: ask for less.
            smaller = replace(target, layout=poll.layout.with_batch(BATCH), tries=1)
            self._leave(self._landed(poll).target, smaller)
            return
        self._give_up(poll)

    def _give_up(self, poll: _Poll) -> None:
        """End a poll with what it has."""
        self._flying.pop(poll.number, None)
        failure = poll.failure or Failure(FailureKind.TIMEOUT, "the time for this device is spent")
        if poll.step == 0:
            self._memory.doubt(poll.target)
            self._end(poll, failure)
            return
        told = sum(map(len, poll.told)) - len(snmp.HEAD)
        wanted = len(poll.layout.oids)
        poll.told.append((None,) * (wanted - told))
        problem = f"partial: {told} of {wanted} values; {failure.message}"
        self._end(poll, self._reading(poll, problem))

    def _take(self, datagram: bytes, sender: Peer, age: float) -> None:
        """An answer, if it is one to a question that is under way, from whom it was asked."""
        try:
            letter = _unwrapped(datagram)
        except Garbled as garbled:
            self._garbage(sender, garbled)
            return
        poll = self._flying.get(letter.number)
        if poll is None or poll.peer != sender:
            self.strays += 1
            return
        try:
            pdu = _opened(poll.voice, letter)
            self._read(poll, pdu, time.monotonic() - age)
        except Forged:
            self.strays += 1
            poll.refusals += isinstance(poll.voice, Seal)
        except NotInTime:
            self._again(poll)
        except Reported:
            self._ask_anew(poll)
        except Garbled:
            self._leave(self._landed(poll).target)
        except Exception as wrong:  # a fault of ours must not stop the other devices
            log.exception("poll of device %s failed", poll.target.device_id)
            said = f"the probe itself failed: {type(wrong).__name__}"
            self._end(self._landed(poll), Failure(FailureKind.INTERNAL, said))

    def _ask_anew(self, poll: _Poll) -> None:
        """Whoever answered is not whom the seal knows, and nobody else did: gufo finds out."""
        self._memory.doubt(poll.target)
        self._leave(self._landed(poll).target)

    def _landed(self, poll: _Poll) -> _Poll:
        self._flying.pop(poll.number, None)
        return poll

    def _again(self, poll: _Poll) -> None:
        """The engine told its clock: ask anew, once in a poll."""
        if poll.is_in_time:
            self._ask_anew(poll)
            return
        poll.is_in_time = True
        self._send(self._landed(poll))

    def _read(self, poll: _Poll, pdu: bytes, came: float) -> None:
        """The values of an answer; what raises here has changed nothing yet."""
        step, shapes = poll.step, poll.shapes
        told, shapes[step] = self._memory.shapes.read(
            pdu, poll.questions[step], poll.number, shapes[step]
        )
        self._landed(poll).failure = None
        poll.seconds += max(came - poll.sent, 0.0)
        self._go_on(poll, told)

    def _garbage(self, sender: Peer, garbled: Garbled) -> None:
        """Noise may be forged: the answer is waited for all the same, and missed by this name."""
        self.strays += 1
        for poll in self._flying.values():
            if poll.peer == sender:
                where = f"{sender[0]} port {sender[1]}"
                poll.failure = Failure(
                    FailureKind.MALFORMED, f"{where} answers, but not in SNMP: {garbled}"
                )

    def _go_on(self, poll: _Poll, told: Numbers) -> None:
        poll.told.append(told)
        if poll.step == 0:
            poll.read_at = clock.now()
            if not any(each is not None for each in told) or snmp.outdated(
                poll.layout, _head(told), poll.target.uptime_before
            ):
                self._leave(poll.target)
                return
        poll.step += 1
        if poll.step == len(poll.questions):
            self._end(poll, self._reading(poll))
        elif time.monotonic() >= poll.began + poll.target.budget:
            self._give_up(poll)
        else:
            self._send(poll)

    def _reading(self, poll: _Poll, *problems: str) -> Reading:
        told = [each for numbers in poll.told for each in numbers][len(snmp.HEAD) :]
        faults = (*problems, *poll.layout.faults)
        uptime = _head(poll.told[0]).uptime
        return Reading(poll.layout, poll.read_at or poll.at, uptime, tuple(told), faults)

    def _end(self, poll: _Poll, value: Reading | Failure) -> None:
        # What was lost took all the time; of answers that of the device and the way counts.
        is_lost = isinstance(value, Failure) or poll.step < len(poll.questions)
        seconds = time.monotonic() - poll.began if is_lost else poll.seconds
        self._hand_over(Outcome(poll.target, poll.at, seconds, value))

    def _hand_over(self, outcome: Outcome) -> None:
        self._done.append(outcome)
        if len(self._done) >= self._pace.portion or not (
            self._waiting or self._flying or self._apart
        ):
            self._news.set()

    def _leave(self, target: Target, otherwise: Target | None = None) -> None:
        """Let `snmp.read` ask this device, beside the others; perhaps otherwise."""
        task = asyncio.get_running_loop().create_task(self._read_apart(target, otherwise or target))
        self._apart.add(task)

    async def _read_apart(self, target: Target, asked: Target) -> None:
        outcome = replace(await snmp.read(asked, self._memory.engines), target=target)
        self._memory.compare(target)
        task = asyncio.current_task()
        if task is not None:
            self._apart.discard(task)
        self._hand_over(outcome)
        self._start_due(time.monotonic())


def _unwrapped(datagram: bytes) -> Letter | Sealed:
    """A message of either version; raises Garbled."""
    at = 2 + (datagram[1] & 0x7F if datagram[1:2] >= b"\x80" else 0)
    if datagram[at : at + 3] == usm_envelopes.VERSION_3:
        return usm_envelopes.unwrapped(datagram)
    return codec.unwrapped(datagram)


def _opened(voice: Plain | Seal, letter: Letter | Sealed) -> bytes:
    """The PDU, where the message is from whom it was asked; raises Forged and what a seal does."""
    if isinstance(voice, Seal):
        if isinstance(letter, Sealed):
            pdu = voice.opened(letter)
            # The envelope's number is signed; what it holds must be the answer to that question.
            if codec.number_of(pdu) != letter.number:
                raise Garbled("another request's answer")
            return pdu
    elif isinstance(letter, Letter) and letter.community == voice.community:
        return letter.pdu
    raise Forged


def _as_told(wrong: OSError) -> OSError:
    """A refusal by the port itself reads as a time-out that came at once."""
    return TimeoutError() if isinstance(wrong, ConnectionRefusedError) else wrong


def _head(told: Numbers) -> snmp.Head:
    """What the first answer says of the device itself, in the order of `snmp.HEAD`."""
    ticks, if_number, table_changed, engine_seconds = map(values.whole, told[: len(snmp.HEAD)])
    return snmp.Head(values.uptime_seconds(ticks, engine_seconds), if_number, table_changed)
