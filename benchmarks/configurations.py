"""Configurations: reading, comparing and keeping one, and searching a thousand."""

import time
from collections.abc import Callable
from typing import Any

from monitoring import config_search, config_versions
from monitoring.config_versions import Text
from monitoring.credentials import Keyring
from monitoring.models import ConfigSource, ConfigVersion, Device, Platform

KEYRING = Keyring(b"k" * 32)
DEVICES = 1000


def configuration(lines: int, number: int = 0) -> str:
    """So many lines of a switch with ports of four lines each."""
    head = f"hostname sw-{number}\nenable secret 9 $9$abc$def{number}\n"
    ports = "".join(
        f"interface GigabitEthernet1/0/{port}\n description desk {port}\n"
        f" switchport access vlan {port % 4000 + 1}\n!\n"
        for port in range(lines // 4)
    )
    return f"{head}{ports}line vty 0 4\n transport input {'telnet ' * (number % 10 == 0)}ssh\nend\n"


def timed(what: str, deed: Callable[[], Any]) -> Any:
    """Do it once and print how long it took."""
    began = time.perf_counter()
    result = deed()
    print(f"{what}: {(time.perf_counter() - began) * 1000:.0f} ms")
    return result


def one(lines: int) -> None:
    """Read a configuration, and compare it with one in which a port was changed."""
    before, after = configuration(lines), configuration(lines).replace("desk 7\n", "hall\n", 1)
    first = timed(f"read and redact {lines} lines", lambda: Text.of("cisco_ios", before))
    second = Text.of("cisco_ios", after)
    timed(f"digest of {lines} lines", lambda: first.digest)
    timed(f"same meaning, {lines} lines", lambda: first.says_the_same(second))
    timed(f"what differs, {lines} lines", lambda: config_versions.hunks(first, second))


def sealed() -> list[ConfigVersion]:
    """A thousand devices' newest versions of 2 000 lines, as the database would give them."""
    found = []
    for number in range(DEVICES):
        device = Device(id=number + 1, name=f"sw-{number}", platform=Platform.CISCO_IOS)
        version = ConfigVersion(device_id=device.id, source=ConfigSource.RUNNING, number=1)
        version.device = device
        # The shown text is what is searched; reading it costs the same whatever was redacted.
        text = configuration(2000, number)
        shown = tuple(text.split("\n"))
        config_versions.seal(version, Text("cisco_ios", text, shown, ()), KEYRING)
        found.append(version)
    return found


def main() -> None:
    """Print the figures."""
    one(2000)
    one(20_000)
    versions = sealed()
    # Without a database: what is measured is opening and searching.
    config_search.newest = lambda: iter(versions)
    for asked, is_pattern in (("telnet", False), ("transport input .*telnet", True)):
        name = "pattern" if is_pattern else "text"
        found = timed(
            f"search {DEVICES} x 2000 lines by {name}",
            lambda asked=asked, is_pattern=is_pattern: config_search.search(
                asked, KEYRING, is_pattern=is_pattern
            ),
        )
        assert len(found.matches) == DEVICES // 10


if __name__ == "__main__":
    main()
