"""Small servers for the probes of endpoints, well-behaved and hostile, each on a free port."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from monitoring.probes import rtmp

Answer = Callable[[socket.socket], None]
DAY = dt.timedelta(days=1)


class Wraps(Protocol):
    """What makes a secure connection of a plain one: a context, or one that may be changed."""

    def wrap_socket(self, sock: socket.socket, *, server_side: bool) -> ssl.SSLSocket:
        """The same connection, with TLS."""


@contextlib.contextmanager
def served(answer: Answer, context: Wraps | None = None) -> Iterator[int]:
    """A TCP server that answers each caller in a thread; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, answer, context), daemon=True).start()
        yield listener.getsockname()[1]


def _serve(listener: socket.socket, answer: Answer, context: Wraps | None) -> None:
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_meet, args=(caller, answer, context), daemon=True).start()


def _meet(caller: socket.socket, answer: Answer, context: Wraps | None) -> None:
    # Whoever hangs up on a server is no fault of the test.
    with contextlib.suppress(OSError), caller:
        caller.settimeout(20)
        met = context.wrap_socket(caller, server_side=True) if context else caller
        with met:
            answer(met)


def saying(raw: bytes) -> Answer:
    """Answers the first question with these bytes, whatever it is, and hangs up."""

    def answer(caller: socket.socket) -> None:
        caller.recv(65536)
        caller.sendall(raw)

    return answer


def silent(caller: socket.socket) -> None:
    """Takes everything and says nothing until the caller leaves."""
    while caller.recv(65536):
        pass


def dripping(caller: socket.socket) -> None:
    """Says a byte at a time and never comes to an end."""
    caller.recv(65536)
    pause = threading.Event()
    while not pause.wait(0.05):
        caller.sendall(b"H")


def endless(caller: socket.socket) -> None:
    """Says everything at once and never stops."""
    while True:
        caller.sendall(b"x" * 65536)


def media_server(caller: socket.socket, application: str = "live") -> None:
    """An RTMP server that knows one application."""
    _exactly(caller, 1)
    theirs = _exactly(caller, rtmp.SHAKE)
    caller.sendall(b"\x03" + bytes(rtmp.SHAKE) + theirs)
    _exactly(caller, rtmp.SHAKE)
    asked = caller.recv(65536)
    # Chunk sizes and windows come first, as real servers send them.
    caller.sendall(rtmp.message(rtmp.SET_CHUNK_SIZE, struct.pack(">I", 4096), stream=2))
    verdict = b"_result" if f"/{application}".encode() in asked else b"_error"
    body = b"\x02" + struct.pack(">H", len(verdict)) + verdict + b"\x00" + struct.pack(">d", 1.0)
    if verdict == b"_error":
        said = b"[ connect ] no such application"
        body += (
            b"\x03\x00\x0bdescription\x02" + struct.pack(">H", len(said)) + said + b"\x00\x00\x09"
        )
    raw = bytes([3]) + bytes(3) + len(body).to_bytes(3, "big") + bytes([20]) + bytes(4)
    caller.sendall(raw + body)


def _exactly(caller: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = caller.recv(count - len(found))
        if not piece:
            raise ConnectionError
        found += piece
    return found


SDP = b"v=0\r\ns=Cam\r\nm=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 97\r\n"


def camera(caller: socket.socket) -> None:
    """An RTSP server with one path, `/main`."""
    while asked := caller.recv(65536):
        number = asked.partition(b"CSeq: ")[2].partition(b"\r\n")[0]
        head = b"CSeq: " + number + b"\r\nServer: Cam 1\r\n"
        if asked.startswith(b"OPTIONS"):
            caller.sendall(b"RTSP/1.0 200 OK\r\n" + head + b"Public: OPTIONS, DESCRIBE\r\n\r\n")
        elif b"/main " in asked:
            length = f"Content-Length: {len(SDP)}\r\n\r\n".encode()
            caller.sendall(b"RTSP/1.0 200 OK\r\n" + head + length + SDP)
        else:
            caller.sendall(b"RTSP/1.0 404 Not Found\r\n" + head + b"\r\n")


@contextlib.contextmanager
def listening(answer: Callable[[bytes], bytes | None]) -> Iterator[int]:
    """A UDP server that answers datagrams; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        threading.Thread(target=_answer_datagrams, args=(ours, answer), daemon=True).start()
        yield ours.getsockname()[1]


def _answer_datagrams(ours: socket.socket, answer: Callable[[bytes], bytes | None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            asked, caller = ours.recvfrom(4096)
            said = answer(asked)
            if said is not None:
                ours.sendto(said, caller)


def srt_listener(asked: bytes, turn: int = 1) -> bytes:
    """The induction as libsrt answers it."""
    their_id = struct.unpack(">I", asked[40:44])[0]
    header = struct.pack(">IIII", 0x80000000, 0, 0, their_id)
    body = struct.pack(">IHHIIIIII", 5, 0, 0x4A17, 7, 1500, 8192, turn, 77, 0xC00C1E)
    return header + body + bytes(16)


@dataclass(frozen=True)
class Authority:
    """An authority of the test, and servers it vouches for."""

    folder: Path
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def pem(self) -> str:
        """Its own certificate."""
        made = _certificate(_name("Test authority"), self.key, self, 90 * DAY, is_authority=True)
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def server(
        self,
        name: str = "live.example.com",
        left: dt.timedelta = 90 * DAY,
        bits: int = 2048,
        *,
        is_signed: bool = True,
    ) -> ssl.SSLContext:
        """A server's side of TLS with a certificate for the name."""
        key = rsa.generate_private_key(65537, bits)
        signer = self if is_signed else Authority(self.folder, key)
        made = _certificate(_name(name), key, signer, left, names=[name])
        path = self.folder / f"{made.serial_number}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(path)
        return context


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _certificate(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    signer: Authority,
    left: dt.timedelta,
    *,
    names: list[str] | None = None,
    is_authority: bool = False,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    is_own = key is signer.key
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if is_own else _name("Test authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 400 * DAY)
        .not_valid_after(now + left)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    )
    if names:
        known = [_alternative(name) for name in names]
        made = made.add_extension(x509.SubjectAlternativeName(known), critical=False)
    return made.sign(signer.key, hashes.SHA256())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
