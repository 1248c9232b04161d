"""One conversation with one SNMP agent, with the guards that gufo-snmp leaves to its caller.

Bounded tries, a deadline for the whole device, walks that must ascend and end, replies that may be
empty, too big or garbage. What goes wrong is raised as `Lost` inside the probe and never leaves it.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    DesKey,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpError,
    SnmpVersion,
    User,
    ValueType,
)
from gufo.snmp.aio import SnmpSession
from gufo.snmp.user import KeyType

from monitoring.probes.logins import (
    AuthProtocol,
    CommunityVersion,
    PrivacyProtocol,
    SnmpCommunity,
    SnmpUser,
)
from monitoring.probes.outcomes import Failure, FailureKind, Target
from monitoring.probes.reading import BATCH

T = TypeVar("T")

ROWS = 4096
# The receive buffer holds 4 080 bytes; twenty names usually fit, one always does.
REPETITIONS = (20, 10, 5, 1)
SMALLEST_BATCH = 5
STEPS = "the agent answers no GETBULK here; its tables are read value by value"
TOO_BIG = "the agent does not answer 40 values in one reply (tooBig); it is asked for fewer"

AUTH_KEYS: dict[
    AuthProtocol,
    type[Md5Key]
    | type[Sha1Key]
    | type[Sha224Key]
    | type[Sha256Key]
    | type[Sha384Key]
    | type[Sha512Key],
] = {
    AuthProtocol.MD5: Md5Key,
    AuthProtocol.SHA: Sha1Key,
    AuthProtocol.SHA224: Sha224Key,
    AuthProtocol.SHA256: Sha256Key,
    AuthProtocol.SHA384: Sha384Key,
    AuthProtocol.SHA512: Sha512Key,
}
PRIVACY_KEYS: dict[
    PrivacyProtocol, type[DesKey] | type[Aes128Key] | type[Aes192Key] | type[Aes256Key]
] = {
    PrivacyProtocol.DES: DesKey,
    PrivacyProtocol.AES128: Aes128Key,
    PrivacyProtocol.AES192: Aes192Key,
    PrivacyProtocol.AES256: Aes256Key,
}


class Lost(Exception):  # noqa: N818  # it says what happened, as the house's refusals do
    """The conversation broke off; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        """Keep the failure."""
        super().__init__(failure.message)
        self.failure = failure


class Engines:
    """SNMPv3 engine ids and localised keys, so that passwords are hashed once per device.

    Localising costs 2 ms of CPU, a known key 0.02 ms. It lives in the memory of a worker only.
    """

    def __init__(self, limit: int = 10_000) -> None:
        """Keep at most `limit` engines, the last used."""
        self._known: OrderedDict[tuple[str, int, SnmpUser], tuple[bytes, User]] = OrderedDict()
        self._limit = limit

    def find(self, target: Target) -> tuple[bytes, User] | None:
        """Engine id and localised user of a device met before."""
        if not isinstance(target.login, SnmpUser):
            return None
        return self._known.get((target.address, target.port, target.login))

    def learn(self, target: Target, engine_id: bytes) -> None:
        """Remember the engine a device answered with."""
        if isinstance(target.login, SnmpUser) and engine_id:
            key = (target.address, target.port, target.login)
            self._known[key] = (engine_id, user_of(target.login, engine_id))
            self._known.move_to_end(key)
            while len(self._known) > self._limit:
                self._known.popitem(last=False)

    def forget(self, target: Target) -> None:
        """Drop what is known: the device may have been replaced."""
        if isinstance(target.login, SnmpUser):
            self._known.pop((target.address, target.port, target.login), None)


def user_of(login: SnmpUser, engine_id: bytes | None = None) -> User:
    """The user as gufo wants it; with an engine id the keys are localised already."""
    if login.auth_password is None:
        return User(login.name)
    auth = AUTH_KEYS[login.auth_protocol]
    privacy = PRIVACY_KEYS[login.privacy_protocol] if login.privacy_password else None
    # AES-192 and -256 may need more key than the hash gives; gufo extends passwords only.
    if engine_id is None or (privacy is not None and privacy.KEY_LENGTH > auth.KEY_LENGTH):
        return User(
            login.name,
            auth_key=auth(login.auth_password.encode()),
            priv_key=privacy((login.privacy_password or "").encode()) if privacy else None,
        )

    def localised(password: str) -> bytes:
        return auth.get_localized_key(auth.get_master_key(password.encode()), engine_id)

    return User(
        login.name,
        auth_key=auth(localised(login.auth_password), KeyType.Localized),
        priv_key=privacy(localised(login.privacy_password or ""), KeyType.Localized)
        if privacy
        else None,
    )


class Session:
    """One request in flight at a time, to one device."""

    def __init__(self, target: Target, engines: Engines) -> None:
        """Prepare; nothing is sent before `open`."""
        self.target = target
        self.batch = target.layout.batch if target.layout else BATCH
        self.faults: list[str] = []
        self._engines = engines
        self._deadline = time.monotonic() + target.budget
        # Version 1 knows no GETBULK, and refuses a whole request for one OID it lacks.
        self._is_v1 = isinstance(target.login, SnmpCommunity) and (
            target.login.version is CommunityVersion.V1
        )
        # Whether tables are read by GETNEXT, one value a request.
        self._steps = self._is_v1
        known = engines.find(target)
        self._is_from_memory = known is not None
        self._gufo = self._connect(*(known or (None, None)))

    def _connect(self, engine_id: bytes | None, user: User | None) -> SnmpSession:
        target = self.target
        if isinstance(target.login, SnmpCommunity):
            return SnmpSession(
                target.address,
                target.port,
                target.login.community,
                version=SnmpVersion.v1 if self._is_v1 else SnmpVersion.v2c,
                timeout=target.timeout,
            )
        return SnmpSession(
            target.address,
            target.port,
            engine_id=engine_id,
            user=user or user_of(target.login),
            timeout=target.timeout,
        )

    async def open(self) -> None:
        """SNMPv3: learn the engine's id, boots and time.

        With a remembered engine that has changed, begin anew from the passwords.
        """
        if isinstance(self.target.login, SnmpCommunity):
            return
        try:
            await self.tried(self._gufo.refresh)
        except Lost:
            if not self._is_from_memory:
                raise
            await self.begin_anew()
            return
        if not self._is_from_memory:
            self._engines.learn(self.target, self._gufo.get_engine_id())

    async def begin_anew(self) -> None:
        """Forget the engine and ask for it again."""
        self._engines.forget(self.target)
        self._is_from_memory = False
        self._gufo = self._connect(None, None)
        await self.tried(self._gufo.refresh)
        self._engines.learn(self.target, self._gufo.get_engine_id())

    @property
    def is_from_memory(self) -> bool:
        """Whether the engine's keys were remembered rather than asked for."""
        return self._is_from_memory

    async def tried(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Send until an answer comes, `target.tries` times at most; raises Lost."""
        failure = Failure(FailureKind.TIMEOUT, "the time for this device is spent")
        for _ in range(max(self.target.tries, 1)):
            began = time.monotonic()
            if began >= self._deadline:
                break
            try:
                return await ask()
            except StopAsyncIteration:
                raise
            except BaseException as wrong:
                found = failure_of(wrong, self.target, time.monotonic() - began)
                if found is None:
                    raise
                failure = found
            if failure.kind is FailureKind.AUTHENTICATION:
                # After a reboot the first request is refused: its clock is not ours any more.
                await self._resynchronise()
        raise Lost(failure)

    async def _resynchronise(self) -> None:
        try:
            await self._gufo.refresh()
        except (SnmpError, OSError) as wrong:
            found = failure_of(wrong, self.target, self.target.timeout)
            raise Lost(found or Failure(FailureKind.AUTHENTICATION, str(wrong))) from wrong

    async def get(self, oids: Sequence[str]) -> dict[str, ValueType]:
        """The values of `oids`; what the agent does not know is missing.

        An agent that cannot answer so many at once (tooBig, genErr) answers nothing: ask for
        halves, and keep to the smaller portion from then on.
        """
        reply = await self.tried(lambda: self._gufo.get_many(oids))
        if reply or len(oids) <= (1 if self._is_v1 else SMALLEST_BATCH):
            return reply or {}
        was_large = len(oids) > BATCH
        half = BATCH if was_large else (len(oids) + 1) // 2
        left = await self.get(oids[:half])
        right = await self.get(oids[half:])
        if (left or right) and not self._is_v1:
            self.batch = min(self.batch, half)
            if not was_large:
                self.fault(TOO_BIG)
        return {**left, **right}

    async def once(self, oids: Sequence[str]) -> dict[str, ValueType]:
        """What the agent answers to one request that it may as well refuse; nothing if it does."""
        try:
            return await self._gufo.get_many(oids) or {}
        except BaseException as wrong:
            if failure_of(wrong, self.target, self.target.timeout) is None:
                raise
            return {}

    def allow(self, seconds: float) -> None:
        """Begin the time for this device anew."""
        self._deadline = time.monotonic() + seconds

    async def has_below(self, oid: str) -> bool:
        """Whether the agent has anything right below this OID."""
        answers = self._gufo.getnext(oid)
        try:
            await self.tried(answers.__anext__)
        except StopAsyncIteration:
            return False
        return True

    async def column(self, oid: str, at_least: int = 0) -> dict[str, ValueType]:
        """A column of a table by GETBULK: the index as dotted text → value.

        Large replies can fail or end early, so fewer than `at_least` rows are asked for again in
        smaller portions. An agent that goes round in circles is cut off and named in `faults`; one
        that knows a table and tells nothing of it by GETBULK is asked step by step.
        """
        rows: dict[str, ValueType] = {}
        at_least = min(at_least, ROWS)
        for repetitions in REPETITIONS[-1:] if self._steps else REPETITIONS:
            try:
                found = await self._walk(oid, repetitions)
            except Lost as lost:
                kind = lost.failure.kind
                if kind is FailureKind.MALFORMED and repetitions > 1:
                    continue
                # Large replies come in fragments, which some firewalls drop.
                if kind is not FailureKind.TIMEOUT or self._steps:
                    raise
                found = {}
            if not found and not self._steps and await self.has_below(oid):
                found = await self._walk_slowly(oid)
            if len(found) > len(rows):
                rows = found
            if len(rows) >= at_least or self._steps:
                break
        if len(rows) < at_least:
            self.fault(f"the table at {oid} has {len(rows)} rows, {at_least} were announced")
        return rows

    async def _walk_slowly(self, oid: str) -> dict[str, ValueType]:
        """The same table by GETNEXT; so are all that follow."""
        self._steps = True
        self.fault(STEPS)
        return await self._walk(oid, 1)

    async def _walk(self, oid: str, repetitions: int) -> dict[str, ValueType]:
        rows: dict[str, ValueType] = {}
        last: tuple[int, ...] = ()
        answers = self._gufo.getnext(oid) if self._steps else self._gufo.getbulk(oid, repetitions)
        while True:
            try:
                name, value = await self.tried(answers.__anext__)
            except StopAsyncIteration:
                return rows
            place = tuple(map(int, name.split(".")))
            if place <= last:
                self.fault(f"the walk of {oid} does not ascend at {name}; it was cut off")
                return rows
            if len(rows) >= ROWS:
                self.fault(f"the table at {oid} has more than {ROWS} rows; the rest is left out")
                return rows
            last = place
            rows[name[len(oid) + 1 :]] = value

    def fault(self, sentence: str) -> None:
        """Keep what is wrong with the agent itself."""
        if sentence not in self.faults:
            self.faults.append(sentence)


def failure_of(wrong: BaseException, target: Target, elapsed: float) -> Failure | None:
    """What an exception of gufo means; None for one that is not about the device."""
    where = f"{target.address} port {target.port}"
    if isinstance(wrong, TimeoutError):
        # A closed port is reported as a time-out too, but at once.
        if elapsed < target.timeout * 0.5:
            return Failure(
                FailureKind.REFUSED, f"nothing listens on {where}; is SNMP enabled there?"
            )
        secret = (
            "the community is wrong"
            if isinstance(target.login, SnmpCommunity)
            else "the privacy password is wrong"
        )
        return Failure(
            FailureKind.TIMEOUT,
            f"no answer from {where} in {target.timeout:g} s, {target.tries} times: it is down, "
            f"a firewall drops SNMP, or {secret}",
        )
    if isinstance(wrong, SnmpAuthError):
        return Failure(
            FailureKind.AUTHENTICATION,
            f"{where} refuses the SNMPv3 user: check its name, passwords and security level",
        )
    # gufo's parser panics on some garbage; the panic is not an Exception.
    if isinstance(wrong, SnmpError) or type(wrong).__name__ == "PanicException":
        return Failure(FailureKind.MALFORMED, f"{where} answers, but not in SNMP: {wrong}")
    if isinstance(wrong, OSError):
        return Failure(FailureKind.REFUSED, f"{where} cannot be reached: {wrong}")
    return None
