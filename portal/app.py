"""Assembles the service: the only place where the floors meet Flask."""

from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from billing import reactions as billing_reactions
from billing.einvoice import adapters
from config import logs
from config.database import db
from config.settings import BadSettings, Settings, load
from portal import (
    access,
    api,
    claim_notices,
    defence,
    keys,
    languages,
    notices,
    overdue_notices,
    pages,
    problems,
    quarantine_notices,
    request_ids,
    series_notices,
    signin,
    vital_signs,
    waiver_notices,
    webhooks,
    write_off_notices,
)
from portal.api.fields import LARGEST_ID

# Waiting ends in an answer: a lock in 10 s, a forgotten transaction in 60 s.
CONNECTION = "-c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000"


class RowId(IntegerConverter):
    """An id in an address. Beyond 32 bits there is no row, so there is no such page either."""

    def __init__(self, addresses: Map) -> None:
        """Bound the number."""
        super().__init__(addresses, max=LARGEST_ID)


def _database(settings: Settings) -> dict[str, Any]:
    if settings.database_url is None:
        raise BadSettings(
            "DATABASE_URL: not set; set it, or start the embedded database with `media-center run`"
        )
    return {
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            # A statement that failed is logged; what was in it is nobody's business.
            "hide_parameters": True,
            # One connection a thread, and one to spare for what is written apart.
            "pool_size": settings.web_threads,
            "max_overflow": 2,
            "pool_recycle": 1800,
            "connect_args": {"options": CONNECTION, "connect_timeout": 5},
        },
    }


def _listen(settings: Settings) -> None:
    """Let every room that answers to what happens below hear of it."""
    # A provider that nobody wrote stops the start, not the first invoice.
    adapters.provider(settings)
    billing_reactions.subscribe()
    notices.subscribe()
    claim_notices.subscribe()
    series_notices.subscribe()
    overdue_notices.subscribe()
    write_off_notices.subscribe()
    quarantine_notices.subscribe()
    waiver_notices.subscribe()


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """The web application of one installation.

    `overrides` in lower case replace settings, in upper case Flask's own configuration. Raises
    BadSettings that names what is wrong in the environment.
    """
    flask_own = {name: value for name, value in overrides.items() if name.isupper()}
    ours = {name: value for name, value in overrides.items() if not name.isupper()}
    if settings is None:
        settings = load(**ours)
    elif ours:
        settings = settings.model_copy(update=ours)
    logs.configure(settings.log_level, settings.log_format)
    app = Flask("portal")
    app.url_map.converters["int"] = RowId
    app.config.update(_database(settings), SECRET_KEY=keys.secret_key(settings))
    app.config.update(TEMPLATES_AUTO_RELOAD=False, **flask_own)
    app.extensions["settings"] = settings
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops
        )
    db.init_app(app)
    request_ids.register(app)
    problems.register(app)
    signin.register(app)
    languages.register(app, locale=settings.locale, zone=settings.zone)
    defence.register(app, settings)
    app.jinja_env.globals.update(
        allowed=access.allowed, current_member=access.current_member_or_none
    )
    _listen(settings)
    vital_signs.register(app, settings)
    pages.register(app)
    api.register(app)
    webhooks.register(app)
    return app
