"""A switch that offers nothing newer than SHA-1, as a program: only older libraries can be one.

It prints its port and its host key, and serves until its standard input ends.
"""

import sys
from pathlib import Path

# Behind the packages of its own environment.
sys.path.append(str(Path(__file__).resolve().parents[2]))

import paramiko

from portal.demo.ssh_switch import SshSwitch

TRANSPORT = paramiko.Transport


def main() -> None:
    """Serve one switch."""
    TRANSPORT._preferred_kex = ("diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1")
    TRANSPORT._preferred_keys = ("ssh-rsa",)
    TRANSPORT._preferred_ciphers = ("aes128-cbc", "3des-cbc")
    TRANSPORT._preferred_macs = ("hmac-sha1",)
    with SshSwitch(host_key=paramiko.RSAKey.generate(2048)) as switch:
        sys.stdout.write(f"{switch.port} {switch.public_key}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
