"""The service behind gunicorn on a port of its own, as production runs it, and clients of it."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free_port

START_SECONDS = 60


class Client:
    """One keep-alive connection with a token."""

    def __init__(self, port: int, token: str) -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and the parsed answer."""
        raw = None if body is None else json.dumps(body)
        self._link.request(method, f"/api/v1{path}", raw, {**self._headers, **headers})
        answer = self._link.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def connect(self) -> None:
        """Open the connection now, so that a race starts with the request."""
        self._link.connect()

    def close(self) -> None:
        """Hang up."""
        self._link.close()


@contextmanager
def served(database_url: str, data: Path, workers: int = 2) -> Iterator[int]:
    """The port of `media-center web` on this database, for as long as the block lasts."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "portal.cli", "web", "--port", str(port), "--data", str(data)],
        cwd=Path(__file__).parent.parent.parent,
        env={
            **os.environ,
            "DATABASE_URL": database_url,
            "MEDIA_CENTER_WEB_WORKERS": str(workers),
            "MEDIA_CENTER_LOG_LEVEL": "ERROR",
        },
    )
    try:
        _await(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=START_SECONDS)


def _await(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            link.request("GET", "/healthz")
            if link.getresponse().status == 200:
                return
        except OSError:
            pass
        assert server.poll() is None, "the server ended before it answered"
        assert time.monotonic() < until, "the server did not answer in time"
        time.sleep(0.05)
