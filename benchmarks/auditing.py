"""How fast configurations are judged: rules × devices a second, one process and several.

`python -m benchmarks.auditing [CONFIGURATIONS] [LINES] [PROCESSES]`, 1 000 of 2 000 lines unless
given, each one another text. Read, cleaned of secrets and judged by every shipped rule, as
`media-center audit` does; then the judging alone.
"""

import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from monitoring import audit, policy
from monitoring.rules import Rule

PLATFORM = "cisco_ios"
AGAIN = 50
HEAD = """\
version 15.2
no service pad
service timestamps log datetime msec
service password-encryption
hostname SW-{number}
enable secret 9 $9$x$y
aaa new-model
aaa authentication login default group tacacs+ local
username desk secret 9 $9$x$y
ip dhcp snooping vlan 100-199
ip dhcp snooping
no ip http server
ip ssh version 2
banner login ^C
For authorised staff only.
^C
"""
PORT = """\
interface GigabitEthernet{unit}/0/{port}
 description desk {number}-{port}
 switchport access vlan {vlan}
 switchport mode access
 switchport nonegotiate
 storm-control broadcast level 1.00
 no cdp enable
 spanning-tree bpduguard enable
"""
TAIL = """\
logging host 10.0.0.5
snmp-server group MONITOR v3 priv access MGMT
ntp server 10.0.0.1
line con 0
 exec-timeout 5 0
line vty 0 15
 access-class MGMT in
 transport input {transport}
end
"""


def configuration(number: int, lines: int) -> str:
    """A switch of so many lines; every tenth takes telnet."""
    dice = random.Random(number)
    text = HEAD.format(number=number)
    rest = lines - text.count("\n") - TAIL.count("\n")
    for port in range(rest // PORT.count("\n")):
        text += PORT.format(
            unit=port // 48 + 1, port=port % 48 + 1, number=number, vlan=dice.randint(100, 210)
        )
    text += "".join(
        f"access-list 100 permit ip host 10.{number % 250}.0.{n} any\n"
        for n in range(rest % PORT.count("\n"))
    )
    return text + TAIL.format(transport="telnet ssh" if number % 10 == 0 else "ssh")


def judged(number: int, lines: int, rules: list[Rule]) -> Counter[str]:
    """How many rules of each result one configuration has."""
    found = audit.audit(configuration(number, lines), PLATFORM, rules)
    return Counter(finding.result.value for finding in found)


def _portion(numbers: range, lines: int) -> Counter[str]:
    rules = policy.load()
    return sum((judged(number, lines, rules) for number in numbers), Counter())


def _together(count: int, lines: int, processes: int) -> None:
    begun = time.perf_counter()
    if processes == 1:
        results = _portion(range(count), lines)
    else:
        with ProcessPoolExecutor(processes) as pool:
            portions = [range(first, count, processes) for first in range(processes)]
            results = sum(pool.map(_portion, portions, [lines] * processes), Counter())
    took = time.perf_counter() - begun
    findings = sum(results.values())
    print(f"{count} configurations of {lines} lines, {processes} processes: {took:.1f} s")
    print(f"  {count / took:.0f} a second, {findings / took:.0f} rules × devices a second")
    print(f"  {took / count * 1000:.1f} ms each; {dict(sorted(results.items()))}")


def _judging_alone(lines: int) -> None:
    rules = [rule for rule in policy.load() if PLATFORM in rule.platforms]
    texts = [configuration(number, lines) for number in range(AGAIN)]
    begun = time.process_time()
    read = [policy.evidence_from(PLATFORM, text) for text in texts]
    reading = time.process_time() - begun
    begun = time.process_time()
    for seen in read:
        policy.evaluate(rules, seen)
    judging = time.process_time() - begun
    print(f"one configuration: {reading / AGAIN * 1000:.1f} ms of CPU to read and clean,")
    print(f"  {judging / AGAIN * 1000:.1f} ms for {len(rules)} rules")


def main() -> None:
    """Measure and print."""
    given = [int(word) for word in sys.argv[1:]]
    count, lines, processes = given + [1000, 2000, 2][len(given) :]
    _judging_alone(lines)
    for number in range(1, processes + 1):
        _together(count, lines, number)


if __name__ == "__main__":
    main()
