"""What machines ask: is the process alive, can it work, and what is measured."""

import hmac
from ipaddress import ip_address
from itertools import chain

import sqlalchemy as sa
from flask import Flask, Response, jsonify, request

from config import logs
from config.database import db
from config.errors import NotAllowed
from config.settings import Settings
from monitoring import metrics as measured
from monitoring import violations
from portal import service_metrics, shape
from portal.access import NotSignedIn

log = logs.get(__name__)

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class NotForYou(NotAllowed):
    """Measurements are for Prometheus: ask from loopback, or set MEDIA_CENTER_METRICS_TOKEN."""


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


def require_scraper(settings: Settings) -> None:
    """Let Prometheus in: with its token where one is set, else from loopback only."""
    if settings.metrics_token is None:
        if not _is_loopback(request.remote_addr):
            raise NotForYou
        return
    wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotSignedIn("Send the metrics token as a bearer token.")


def register(app: Flask, settings: Settings) -> None:
    """Answer `/healthz`, `/readyz`, `/metrics` and `/prometheus/targets`."""

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        try:
            current = shape.is_current()
        except sa.exc.DBAPIError as wrong:
            db.session.rollback()
            log.warning("not ready", exc_info=wrong)
            return jsonify(status="unready", database="unreachable"), 503
        if not current:
            return jsonify(status="unready", database="run media-center upgrade"), 503
        return jsonify(status="ready", database="current"), 200

    @app.get("/metrics")
    def metrics() -> Response:
        require_scraper(settings)
        modern = "application/openmetrics-text" in request.headers.get("Accept", "")
        service = service_metrics.text(openmetrics=modern).encode()
        devices = measured.pieces(violations.open_by_severity, openmetrics=modern)
        return Response(
            chain([service], devices), content_type=OPENMETRICS if modern else PROMETHEUS
        )

    @app.get("/prometheus/targets")
    def targets() -> Response:
        require_scraper(settings)
        return Response(measured.targets_text(), content_type="application/json")
