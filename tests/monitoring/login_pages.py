"""Web pages that ask for a login as encoders and cameras do: Basic, Digest, or otherwise."""

import base64
import hashlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

USER, PASSWORD, NONCE = "root", "pass", "dcd98b7102dd2f0e8b11d0f600bfb0c0"
_ASKS = {
    "basic": 'Basic realm="Encoder, live"',
    "md5": f'Digest realm="Encoder, live", qop="auth,auth-int", nonce="{NONCE}", opaque="5ccc"',
    "sha256": f'Digest realm="Encoder, live", qop="auth", algorithm=SHA-256, nonce="{NONCE}"',
    "old": f'Digest realm="Encoder, live", nonce="{NONCE}"',
    "bearer": "Bearer",
    # Longer than most, as with an opaque word that is a whole state.
    "long": f'Digest realm="Encoder, live", opaque="{"5c" * 200}", nonce="{NONCE}", qop="auth"',
    # The first is none of ours, of the others the stronger one is taken.
    "many": f"""Negotiate\r\nWWW-Authenticate: Basic realm="x"\r\nWWW-Authenticate: """
    f'Digest realm="Encoder, live", qop="auth", algorithm=SHA-256, nonce="{NONCE}"',
    # Bytes of no encoding at all, as some makers write their realm.
    "bytes": f'Digest realm="M\xe1y m\xe3 ho\xe1", qop="auth", nonce="{NONCE}"',
    "int": f'Digest realm="x", qop="auth-int", nonce="{NONCE}"',
}
_FIELD = re.compile(r'(\w+)="?([^",]*)"?')


@dataclass
class LoginPage:
    """Takes `USER` with `password`; counts the logins that were sent to it."""

    way: str = "basic"
    password: str = PASSWORD
    status: int = 200
    sent: list[str] = field(default_factory=list)
    # What happens as soon as a login has come, before it is answered.
    on_login: Callable[[], None] = lambda: None

    def __call__(self, caller: socket.socket) -> None:
        """One request, one answer."""
        head = b""
        while b"\r\n\r\n" not in head:
            head += caller.recv(4096)
        lines = head.decode("latin-1").split("\r\n")
        given = next((one for one in lines if one.lower().startswith("authorization:")), None)
        if given is not None:
            self.sent.append(given)
            self.on_login()
        is_right = given is not None and self._is_right(
            lines[0].split()[1], given.partition(":")[2]
        )
        status = self.status if is_right else 401
        asks = "" if is_right else f"WWW-Authenticate: {_ASKS[self.way]}\r\n"
        answer = f"HTTP/1.1 {status} X\r\n{asks}Content-Length: 0\r\n\r\n"
        caller.sendall(answer.encode("latin-1"))

    def _is_right(self, path: str, given: str) -> bool:
        if self.way == "basic":
            wanted = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
            return given.strip() == f"Basic {wanted}"
        told = dict(_FIELD.findall(given))
        make = hashlib.sha256 if self.way in ("sha256", "many") else hashlib.md5
        realm = "M\xe1y m\xe3 ho\xe1" if self.way == "bytes" else "Encoder, live"
        first = make(f"{USER}:{realm}:{self.password}".encode("latin-1")).hexdigest()
        second = make(f"GET:{path}".encode()).hexdigest()
        middle = "" if self.way == "old" else f"{told['nc']}:{told['cnonce']}:auth:"
        wanted = make(f"{first}:{NONCE}:{middle}{second}".encode()).hexdigest()
        return told["response"] == wanted and told["uri"] == path
