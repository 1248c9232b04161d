"""Make the secrets of an installation once, on the host itself, and never change one.

    make_secrets.py FILE VARIABLE...

Adds each VARIABLE that FILE lacks, with 32 random bytes in URL-safe base64, and prints the names it
added. A secret never leaves the host: losing this file loses the stored device credentials.
"""

import base64
import os
import secrets
import sys
from pathlib import Path


def draw() -> str:
    """32 random bytes, padding kept: the credential key must decode to exactly 32 bytes."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def add_missing(path: Path, wanted: list[str]) -> list[str]:
    """Write what is missing in one step (mode 0600) and return the names added."""
    kept = path.read_text("ascii") if path.exists() else ""
    known = {line.partition("=")[0] for line in kept.splitlines()}
    missing = [variable for variable in wanted if variable not in known]
    if missing:
        # All 44 characters are kept: the credential key must decode to exactly 32 bytes.
        drawn = {
            name: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for name in missing
        }
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(kept + "".join(f"{name}='{value}'\n" for name, value in drawn.items()))
        partial.replace(path)
    return missing


if __name__ == "__main__":
    for added in add_missing(Path(sys.argv[1]), sys.argv[2:]):
        sys.stdout.write(f"{added}\n")
