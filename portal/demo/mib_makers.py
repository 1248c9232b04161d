"""The makers' own MIBs of simulated devices, as far as the shipped profiles ask for them."""

from portal.demo.mib import Live, Tree, gauge, integer, text
from portal.demo.waves import swing

CISCO = "1.3.6.1.4.1.9.9"
ENVIRONMENT = f"{CISCO}.13.1"
UCD = "1.3.6.1.4.1.2021"
NORMAL = 1


def add_cisco(tree: Tree, degrees: float, *, supplies: int = 1) -> None:
    """CISCO-MEMORY-POOL-MIB and CISCO-ENVMON-MIB: memory, one inlet, one fan, power supplies."""
    pool = f"{CISCO}.48.1.1.1"
    tree.put(f"{pool}.2.1", text("Processor"))
    tree.put(f"{pool}.5.1", lambda at: gauge(swing(at, 210e6, 20e6)))
    tree.put(f"{pool}.6.1", gauge(190e6))
    tree.put(f"{ENVIRONMENT}.3.1.2.1006", text("Inlet"))
    tree.put(f"{ENVIRONMENT}.3.1.3.1006", lambda at: gauge(swing(at, degrees, 2.0, 6.0)))
    tree.put(f"{ENVIRONMENT}.3.1.6.1006", integer(NORMAL))
    tree.put(f"{ENVIRONMENT}.4.1.2.1012", text("Fan 1"))
    tree.put(f"{ENVIRONMENT}.4.1.3.1012", integer(NORMAL))
    for supply in range(1, supplies + 1):
        tree.put(f"{ENVIRONMENT}.5.1.2.{supply}", text(f"Power supply {supply}"))
        tree.put(f"{ENVIRONMENT}.5.1.3.{supply}", integer(NORMAL))


def add_net_snmp(tree: Tree, load: float) -> None:
    """UCD-SNMP-MIB: memory and swap in KB, the load averages in hundredths."""
    tree.put(f"{UCD}.4.3.0", integer(4_000_000))
    tree.put(f"{UCD}.4.4.0", integer(3_920_000))
    tree.put(f"{UCD}.4.5.0", integer(32_000_000))
    tree.put(f"{UCD}.4.6.0", lambda at: integer(swing(at, 9_000_000, 800_000)))
    for place, minutes in enumerate((1, 5, 15), 1):
        tree.put(f"{UCD}.10.1.2.{place}", text(f"Load-{minutes}"))
        tree.put(f"{UCD}.10.1.5.{place}", _hundredths(load, float(minutes)))


def _hundredths(load: float, seed: float) -> Live:
    return lambda at: integer(100 * swing(at, load, load / 4, seed))
