"""Host keys of the simulated SSH hosts: made once, then kept, so that a pinned key stays true."""

import io
import os
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def _new_text() -> str:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    return pem.decode("ascii")


def generate() -> paramiko.PKey:
    """A new Ed25519 host key that is kept nowhere."""
    return paramiko.Ed25519Key(file_obj=io.StringIO(_new_text()))


def keep(path: Path) -> paramiko.PKey:
    """The key in `path` (OpenSSH format, mode 0600), made the first time it is asked for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Exclusive: of two processes that start together one writes and both read the same key.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return paramiko.Ed25519Key(filename=str(path))
    with os.fdopen(descriptor, "w", encoding="ascii") as target:
        target.write(_new_text())
    return paramiko.Ed25519Key(filename=str(path))


def public_line(key: paramiko.PKey) -> str:
    """The public half as a known_hosts file writes it: type, space, base64."""
    return f"{key.get_name()} {key.get_base64()}"
