"""From what an agent sends to what it means: names, addresses, speeds, states. Pure functions."""

import re
import struct
from decimal import Context, Decimal

from monitoring.probes.codec import opaque

ADMIN_STATUS = {1: "up", 2: "down", 3: "testing"}
OPER_STATUS = {
    1: "up",
    2: "down",
    3: "testing",
    4: "unknown",
    5: "dormant",
    6: "notPresent",
    7: "lowerLayerDown",
}

# EntitySensorDataType (RFC 3433): what is measured, and the unit it is measured in.
SENSOR_KINDS = {
    3: ("voltage", "volts"),
    4: ("voltage", "volts"),
    5: ("current", "amperes"),
    6: ("power", "watts"),
    7: ("frequency", "hertz"),
    8: ("temperature", "celsius"),
    9: ("humidity", "percent"),
    10: ("fan", "rpm"),
    11: ("airflow", "cubic metres per minute"),
    12: ("state", None),
    # CISCO-ENTITY-SENSOR-MIB goes on where the standard ends.
    14: ("signal", "dBm"),
}

TICKS = 2**32
TICKS_SECONDS = TICKS / 100  # sysUpTime rolls over after 497 days
NEAR_ROLLOVER = TICKS_SECONDS - 3600
# RFC 3433: an under- or overflow of the sensor, not a value.
SENSOR_LIMIT = 1_000_000_000
# RFC 3433: EntitySensorDataScale and EntitySensorPrecision. An agent may send any number.
SCALES, UNITS = range(1, 18), 9
PRECISIONS = range(-8, 10)
# RFC 2579: a DisplayString has 255 octets.
LONGEST_TEXT = 255


def text(value: object) -> str | None:
    """A string without padding and control characters, 255 at most; None where nothing is left.

    Agents send UTF-8 or, older ones, Latin-1; PostgreSQL keeps no NUL.
    """
    if isinstance(value, bytes):
        value = _decoded(value)
    if not isinstance(value, str):
        return None
    return printable(value)[:LONGEST_TEXT].strip() or None


def printable(value: str) -> str:
    """The text with a space for whatever moves a cursor, ends a line or fits no database."""
    return "".join(c if c.isprintable() else " " for c in value).strip()


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def whole(value: object) -> int | None:
    """An integer, or None for whatever else an agent answers."""
    return value if type(value) is int else None


def mac(value: object) -> str | None:
    """A hardware address as `0a:1b:2c:3d:4e:5f`, zero-padded; None where there is none."""
    if not isinstance(value, bytes) or len(value) < 6:
        return None
    if len(value) in (6, 8):
        return value.hex(":")
    if len(value) == 7 and value.endswith(b"\0"):
        return value[:6].hex(":")
    # Some agents send it as text: `a:1b:2c:3d:4e:5f`, `001b.2c3d.4e5f`, `001b2c3d4e5f`.
    plain = SEPARATORS.sub(":", text(value) or "")
    if DOTTED.fullmatch(plain):
        plain = bytes.fromhex(plain.replace(".", "")).hex(":")
    digits = plain.split(":")
    if len(digits) in (6, 8) and all(_is_octet(d) for d in digits):
        return ":".join(d.zfill(2) for d in digits).lower()
    return None


DOTTED = re.compile(r"[0-9a-fA-F]{4}\.?[0-9a-fA-F]{4}\.?[0-9a-fA-F]{4}")
SEPARATORS = re.compile(r"[- ]")


def _is_octet(digits: str) -> bool:
    return 1 <= len(digits) <= 2 and all(c in "0123456789abcdefABCDEF" for c in digits)


def speed_bps(high: int | None, low: int | None) -> int | None:
    """Bits per second from ifHighSpeed (Mb/s) or, where it says nothing, ifSpeed (b/s)."""
    if high:
        return high * 1_000_000
    if low is not None and 0 <= low < TICKS - 1:
        return low
    # 2³²-1 says "faster than I can tell" (RFC 2863).
    return 0 if high == 0 and low is None else None


def admin_status(value: float | None) -> str | None:
    """The MIB's word for an ifAdminStatus."""
    return None if value is None else ADMIN_STATUS.get(int(value), "unknown")


def oper_status(value: float | None) -> str | None:
    """The MIB's word for an ifOperStatus."""
    return None if value is None else OPER_STATUS.get(int(value), "unknown")


def unsigned(value: float | None) -> int | None:
    """A size that a 32-bit agent sent as a negative number."""
    if value is None:
        return None
    number = int(value)
    return number + TICKS if number < 0 else number


def counter(value: float | None) -> int | None:
    """A counter as an integer; a negative one is no counter."""
    return None if value is None or value < 0 else int(value)


def sensor_exponent(scale: int | None, precision: int | None) -> int:
    """The power of ten of an ENTITY-SENSOR value (RFC 3433): 9 is units, 8 milli, 10 kilo.

    A positive precision counts the decimal digits; a negative one says how many are exact. What
    the standard does not know counts as units without decimals: no device stops the arithmetic.
    """
    known_scale = scale if scale in SCALES else UNITS
    known_precision = precision if precision in PRECISIONS else 0
    return 3 * ((known_scale or UNITS) - UNITS) - max(known_precision or 0, 0)


def sensor(
    value: float | None, exponent: int, *, multiplier: float = 1.0, is_bounded: bool = True
) -> float | None:
    """What the sensor measured, in its unit."""
    if value is None or not abs(value) < float("inf"):
        return None
    if is_bounded and abs(value) >= SENSOR_LIMIT:
        return None
    number = Decimal(int(value)) if value == int(value) else Decimal(_plain(value))
    if multiplier != 1.0:
        # A share of a maximum has no end of digits; nobody measures more than ten.
        number = Context(prec=10).create_decimal(number * Decimal(repr(multiplier)))
    return float(number.scaleb(exponent))


def _plain(value: float) -> str:
    """The shortest text of a float; 36.6 and not 36.599998474 where it came in four octets."""
    return f"{value:.7g}" if _is_single(value) else repr(value)


def _is_single(value: float) -> bool:
    try:
        return bool(struct.unpack(">f", struct.pack(">f", value))[0] == value)
    except OverflowError:
        return False


# A number as text, and what unit may stand behind it: `0.08`, `-5.2 C`, `45%`.
NUMBER = re.compile(r"\s*([-+]?\d{1,15}(?:\.\d{1,9})?)\s*[^\d.,:/-]{0,8}\Z")


def number(value: object) -> float | None:
    """A number, however the agent sends it: an integer, an Opaque float, or text."""
    if type(value) is int or type(value) is float:
        return value
    if not isinstance(value, bytes):
        return None
    if value[:2] in (b"\x9f\x78", b"\x9f\x79"):
        return opaque(value)
    found = NUMBER.match(text(value) or "")
    return float(found[1]) if found else None


def uptime_seconds(ticks: int | None, engine_seconds: int | None) -> float | None:
    """Seconds since the agent began, from sysUpTime (1/100 s) and, past 497 days, snmpEngineTime.

    snmpEngineTime is believed only where it differs by whole turns of sysUpTime (± 10 minutes).
    """
    if ticks is None or not 0 <= ticks < TICKS:
        return None
    seconds = ticks / 100
    if engine_seconds is None or engine_seconds < TICKS_SECONDS:
        return seconds
    turns = round((engine_seconds - seconds) / TICKS_SECONDS)
    whole_turns = seconds + turns * TICKS_SECONDS
    return whole_turns if abs(whole_turns - engine_seconds) < 600 else seconds


def has_rebooted(before: float | None, after: float | None) -> bool:
    """Whether the agent began anew: its uptime fell, and not because the counter was full."""
    if before is None or after is None or after >= before:
        return False
    return before % TICKS_SECONDS < NEAR_ROLLOVER
