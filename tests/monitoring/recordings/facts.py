"""What each recorded device says, read off its recording by hand."""

# Name, value, and unit or the word of its state: read off the recordings by hand.
SENSORS: dict[str, list[tuple[str, float | None, str | None]]] = {
    "apc-powernet": [
        ("battery status", 2.0, "normal"),
        ("battery charge", 97.0, "percent"),
        ("battery temperature", 31.0, "celsius"),
        ("battery time remaining", 46.0, "minutes"),
        ("battery replacement", 2.0, "needed"),
        ("input voltage", 231.0, "volts"),
        ("output status", 3.0, "on battery"),
        ("output load", 28.0, "percent"),
    ],
    "apc-rack-pdu": [
        ("load 1", 4.3, "amperes"),
        ("load 2", 15.7, "amperes"),
        ("load state 1", 1.0, "normal"),
        ("load state 2", 3.0, "near overload"),
    ],
    "aruba-cx": [
        ("1/1-Inlet-Air", -2.5, "celsius"),
        ("1/1-ASIC", 61.25, "celsius"),
        ("Tray-1/1/1", 6450.0, "rpm"),
        ("Tray-1/1/2", None, "rpm"),
        ("power supply 1/1", 74.0, "watts"),
    ],
    "arista": [
        ("Cpu temp sensor", 38.5, "celsius"),
        ("Broken sensor", None, "celsius"),
    ],
    "axis-camera": [
        ("temperature sensor 1", 1.0, "ok"),
        ("temperature 1", 44.0, "celsius"),
        ("storage SD_DISK", 2.0, "disrupted"),
    ],
    "cisco": [
        ("Gi1/0/25 Transmit Power", -5.2, "dBm"),
        ("memory Processor", 25.0, "percent"),
        ("SW#1, Sensor#1, GREEN", 41.0, "celsius"),
        ("SW#1, Sensor#1, GREEN state", 1.0, "normal"),
        ("Switch#1, Fan#1 state", 1.0, "normal"),
        ("Sw1, PS1 Normal, RPS NotExist state", 6.0, "not functioning"),
    ],
    "dell-idrac": [
        ("system health", 3.0, "ok"),
        ("System Board Inlet Temp", 23.5, "celsius"),
        ("System Board Fan1", 5640.0, "rpm"),
    ],
    "eaton-xups": [
        ("battery time remaining", 1980.0, "seconds"),
        ("battery voltage", 218.0, "volts"),
        ("battery charge", 88.0, "percent"),
        ("battery status", 3.0, "floating"),
        ("input frequency", 49.9, "hertz"),
        ("output load", 41.0, "percent"),
        ("input voltage 1", 229.0, "volts"),
    ],
    "encoder": [
        ("Board", 54.5, "celsius"),
        ("Outdoor unit", -12.5, "celsius"),
        ("Spare", None, "celsius"),
        ("Fan", 4200.0, "rpm"),
        ("12 V rail", 11.98, "volts"),
        ("Draw", 35.0, "watts"),
        ("SDI lock", 1.0, None),
        ("Humidity", 48.0, "percent"),
        # RFC 3433: an overflow is no value.
        ("Overflow", None, "watts"),
        ("Clock", 148500000.0, "hertz"),
    ],
    "hp-procurve": [
        ("Fan Sensor", 4.0, "good"),
        ("Power Supply Sensor", 2.0, "bad"),
    ],
    "hpe-ilo": [
        ("system health", 3.0, "degraded"),
        ("temperature 1", 24.0, "celsius"),
        ("temperature 2", None, "celsius"),
        ("fan 1", 2.0, "ok"),
        ("fan 2", 4.0, "failed"),
    ],
    "juniper": [
        ("Fan Tray 0 state", 6.0, "down or off"),
        ("Routing Engine 0 state", 2.0, "running"),
        ("Fan Tray 0 temperature", None, "celsius"),
        ("Routing Engine 0 temperature", 46.0, "celsius"),
        ("Routing Engine 0 memory", 63.0, "percent"),
    ],
    "mikrotik": [
        ("cpu-temperature", 52.0, "celsius"),
        ("fan1-speed", 4050.0, "rpm"),
        ("psu1-voltage", 12.1, "volts"),
        ("psu1-state", 1.0, "failed"),
    ],
    "nxos": [
        ("module-1 FRONT", -4.0, "celsius"),
        # The device says that it is unavailable.
        ("module-1 BACK", None, "celsius"),
        ("Ethernet1/1 Lane 1 Transceiver Receive Power Sensor", -2.147, "dBm"),
        ("Ethernet1/1 Lane 1 Transceiver Voltage Sensor", 3.2945, "volts"),
        ("Ethernet1/1 Lane 1 Transceiver Bias Current Sensor", 0.006834, "amperes"),
    ],
    "old-switch": [],
    "printer": [
        ("printer status 1", 3.0, "idle"),
        ("Black Cartridge", 8.0, "percent"),
        ("Waste box", None, "percent"),
        ("pages printed 1", 48211.0, "pages"),
    ],
    "raritan-pdu": [
        ("inlet 1 current", 4.321, "amperes"),
        ("inlet 1 voltage", 230.0, "volts"),
        ("inlet 1 power", 994.0, "watts"),
    ],
    "teltonika": [
        ("signal 1", -71.0, "dBm"),
        ("temperature 1", 38.0, "celsius"),
    ],
    "ucd-snmp": [
        ("memory free", 25.0, "percent"),
        ("swap free", 90.0, "percent"),
        ("Core 0", 48.5, "celsius"),
        ("fan1", 2250.0, "rpm"),
        ("in0", 1.016, "volts"),
        ("Load-1", 1.42, None),
        ("disk /", 71.0, "percent"),
    ],
    "ups-mib": [
        ("battery status", 2.0, "normal"),
        ("time on battery", 0.0, "seconds"),
        ("battery time remaining", 47.0, "minutes"),
        ("battery charge", 100.0, "percent"),
        ("battery voltage", 273.1, "volts"),
        ("battery temperature", 27.0, "celsius"),
        ("output source", 3.0, "normal"),
        ("input voltage 1", 228.0, "volts"),
        ("output load 1", 34.0, "percent"),
    ],
    "windows": [],
}
PROCESSORS = {
    "cisco": [("Switch 1", 23)],
    "arista": [("AMD G-Series", 12)],
    "juniper": [("Routing Engine 0", 18)],
    "mikrotik": [(None, 5)],
    "hp-procurve": [("CPU", 9)],
    "aruba-cx": [("1/1", 8)],
    "encoder": [("ARM Cortex-A72", 58), ("ARM Cortex-A72", 61)],
    "nxos": [("Supervisor", 11)],
    "ucd-snmp": [("GenuineIntel: Intel(R) Xeon(R) CPU E-2288G", 34)],
    "windows": [("Unknown Processor Type", 37), ("Unknown Processor Type", 41)],
}
# Name, used and size in octets.
STORAGE = {
    "encoder": [("Physical memory", 2_498_560_000, 4_096_000_000)],
    "ucd-snmp": [("Physical memory", 6_144_000_000, 8_192_000_000)],
    "windows": [
        ("C:\\ Label:  Serial Number 9c1e2b3d", 15728640 * 4096, 31457279 * 4096),
        # More than 2³¹ units: the agent sends a negative number.
        ("D:\\ Label:Media  Serial Number 1a2b3c4d", 1_500_000_000 * 65536, 3_000_000_000 * 65536),
        # An empty drive.
        ("E:\\", 0, 0),
        ("Virtual Memory", 100000 * 65536, 307192 * 65536),
        ("Physical Memory", 131068 * 65536, 262136 * 65536),
    ],
}
# Name, alias, speed, address, administrative and operational state, octets in.
PORTS = {
    "cisco": [
        ("Gi1/0/1", "Bàn 01", 10**9, "00:1b:2c:3d:4e:01", "up", "up", 9 * 10**12),
        ("Gi1/0/2", None, 10**7, "00:1b:2c:3d:4e:02", "down", "down", 0),
    ],
    "arista": [("Ethernet1", "RT-UPLINK-01", 10**10, "00:1c:73:aa:bb:01", "up", "up", 2**60)],
    "juniper": [("ge-0/0/0", None, 10**9, "2c:6b:f5:01:02:03", "up", "up", 10**10)],
    "mikrotik": [("sfp-sfpplus1", "ISP A", 10**10, "48:8f:5a:00:00:01", "up", "up", 7 * 10**12)],
    "hp-procurve": [("1", "Quầy", 10**9, "94:18:82:00:00:01", "up", "up", 5 * 10**9)],
    "ucd-snmp": [
        ("lo", None, 10**7, "00:00:00:00:00:00", "up", "up", 5000),
        ("ens18", None, 10**9, "02:00:5e:00:00:01", "up", "up", 3 * 10**12),
    ],
    "aruba-cx": [
        ("1/1/1", "Bàn biên tập", 10**9, "88:3a:30:00:00:01", "up", "up", 10),
        ("vlan1", None, 0, "88:3a:30:00:00:00", "up", "testing", 0),
    ],
    "encoder": [
        ("lo", None, 10**7, "00:00:00:00:00:00", "up", "up", 5),
        ("eth0", "Contribution", 10**9, "02:00:5e:00:00:31", "up", "up", 9),
    ],
    "nxos": [
        ("mgmt0", None, 10**9, "00:3a:9c:00:00:01", "up", "up", 2**33 + 1),
        (
            "Ethernet1/1", "RT-UPLINK-01 Hu0/0/0", 10**11, "00:3a:9c:00:00:02", "up", "up",
            2**63 + 5,
        ),
        ("Ethernet1/2", None, 4 * 10**10, "00:3a:9c:00:00:03", "up", "lowerLayerDown", 0),
    ],
    "old-switch": [
        # Spaces around, an address as text without its zeros, a counter just before its wrap.
        ("Port  1", None, 10**8, "00:1b:2c:3d:4e:01", "up", "up", 2**32 - 1),
        # "Faster than I can tell", and no column that tells it.
        ("Port 2", None, None, "00:1b:2c:3d:4e:02", "up", "up", 2**31),
        # It has 64-bit counters that stand at 0 while the others count.
        ("Port 3", None, 10**7, "00:1b:2c:3d:4e:03", "up", "dormant", 77),
        # No name, no description, no address, no speed.
        (None, None, 0, None, "testing", "unknown", 0),
        ("vlan 1", None, 64000, "ff:ff:ff:ff:ff:ff:00:00", "up", "down", 0),
    ],
    "windows": [
        ("loopback_0", "Loopback Pseudo-Interface 1", 1_073_000_000, None, "up", "up", 0),
        ("ethernet_32768", "Ethernet", 10**9, "00:15:5d:00:00:0c", "up", "up", 9 * 2**32 - 6),
        # A description in Latin-1 with a NUL behind it, and no name.
        ("Réseau étendu (PPPOE)", None, None, None, "down", "notPresent", 0),
    ],
}  # fmt: skip
# What the device does wrong: an interface without a description.
PROBLEMS = {"old-switch": ["the table at 1.3.6.1.2.1.2.2.1.2 has 4 rows, 5 were announced"]}
