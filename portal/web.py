"""The web server: gunicorn with threads; the app is built once and shared by its workers."""

import gc
import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from config.database import db
from config.settings import Settings
from portal import lifeline

GRACE_SECONDS = 8


class WebServer(BaseApplication):
    """Gunicorn around an app that exists already."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        """`options` are gunicorn's settings by name."""
        self._app = app
        self._options = options
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        """Take the options; no file and no command line is read."""
        if self.cfg is None:
            raise RuntimeError("gunicorn makes its configuration before it is filled")
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The app to serve."""
        return self._app


def _after_fork(_arbiter: Any, worker: Any) -> None:
    """A worker ends with its master, and opens connections of its own."""
    lifeline.follow(worker.ppid)


def _options(settings: Settings, bind: str) -> dict[str, Any]:
    return {
        "bind": bind,
        "workers": settings.web_workers,
        "threads": settings.web_threads,
        "worker_class": "gthread",
        "preload_app": True,
        "post_fork": _after_fork,
        "timeout": 60,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": 15,
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: PTH112, S108
        "accesslog": None,  # the app logs each request itself, with its id
        "errorlog": "-",
        "loglevel": "warning",
        "control_socket_disable": True,
        "forwarded_allow_ips": "*" if settings.proxies else "127.0.0.1",
        "limit_request_line": 8190,
        "proc_name": "media-center web",
    }


def serve(app: Flask, settings: Settings, bind: str) -> None:
    """Serve until SIGTERM or SIGINT. `bind` is `host:port`, or `fd://3` for an open socket."""
    with app.app_context():
        # No connection may be shared by two processes.
        db.engine.dispose()
    # What exists now lives as long as the workers: leave its pages shared between them.
    gc.collect()
    gc.freeze()
    WebServer(app, _options(settings, bind)).run()  # type: ignore[no-untyped-call]
