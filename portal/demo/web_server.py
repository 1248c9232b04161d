"""The control page of the simulated streaming server: HTTPS, a certificate of its own."""

import contextlib
import socketserver
import ssl
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from config import clock

NAME = "stream.centre.example"
# New at every start, so that a demo that is kept for long never shows one that has ended.
VALID = timedelta(days=90)
PATH = "/health"
# A caller that says nothing is let go.
IDLE_SECONDS = 10.0
LONGEST_LINE = 4096


class Page(socketserver.StreamRequestHandler):
    """Answers one request: that the server is well at `PATH`, and that nothing else is there."""

    def handle(self) -> None:
        """The first line says what is wanted; the fields behind it are read and left alone."""
        words = self.rfile.readline(LONGEST_LINE).split()
        while self.rfile.readline(LONGEST_LINE).strip():
            pass
        is_there = words[:2] == [b"GET", PATH.encode()]
        status, said = (b"200 OK", b"ready\n") if is_there else (b"404 Not Found", b"not found\n")
        self.wfile.write(
            b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (status, len(said), said)
        )


class _Listener(socketserver.ThreadingTCPServer):
    """Shakes hands in the thread of each caller, so that a silent one holds up nobody."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.context = context
        super().__init__(("127.0.0.1", port), Page)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """A scan, an old version of TLS, a caller that leaves: everyday, and no complaint."""
        request.settimeout(IDLE_SECONDS)
        with contextlib.suppress(OSError):
            spoken = self.context.wrap_socket(request, server_side=True)
            with contextlib.closing(spoken):
                super().finish_request(spoken, client_address)


class WebServer:
    """Listens on 127.0.0.1 inside a `with` block; port 0 takes a free one, `port` tells which.

    Raises OSError if the port is taken.
    """

    def __init__(self, port: int = 0) -> None:
        """Prepare the page; nothing listens before the block."""
        self.port = port

    def __enter__(self) -> Self:
        self._listener = _Listener(self.port, _context())
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown()
        self._listener.server_close()


def _context() -> ssl.SSLContext:
    """TLS 1.2 and newer with a certificate that the server signed itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    key = ec.generate_private_key(ec.SECP256R1())
    with tempfile.TemporaryDirectory() as folder:
        # The library reads keys from files only; the folder is its owner's alone.
        file = Path(folder) / "server.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + _certificate(key).public_bytes(Encoding.PEM)
        )
        context.load_cert_chain(file)
    return context


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Names `NAME` and is valid for `VALID` from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
