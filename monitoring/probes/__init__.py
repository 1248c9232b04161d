"""Asks devices: SNMP, SSH. The only rooms that speak to the network; they know no database."""
