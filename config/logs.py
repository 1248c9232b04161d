"""Logs of one shape for our own events and every library's: JSON for machines, text for people.

Secrets are taken out at the last step, so no call site has to remember it.
"""

import logging
import re
import sys
from contextlib import AbstractContextManager
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

SECRET_NAMES = re.compile(
    r"pass(word|phrase)?$|secret|token|authorization|cookie|community|credential|api_?key"
    r"|private_?key|_key$|smtp_url|database_url",
    re.IGNORECASE,
)
SECRET_TEXTS = (
    # user:password@ inside an address
    (re.compile(r"(\w+://[^\s:/@]*):[^\s/@]+@"), r"\1:***@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), r"\1 ***"),
    (re.compile(r"\bmc_[\w-]{20,}"), "mc_***"),
    (re.compile(r"\b(sk|rk|whsec)_[\w]{8,}"), r"\1_***"),
)
HIDDEN = "***"


def without_secrets(value: Any, name: str = "") -> Any:
    """The value with everything hidden that is named or shaped like a secret."""
    if isinstance(value, dict):
        return {k: without_secrets(v, str(k)) for k, v in value.items()}
    if name and SECRET_NAMES.search(name) and value is not None:
        return HIDDEN
    if isinstance(value, str):
        for pattern, replacement in SECRET_TEXTS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, list | tuple):
        return [without_secrets(each, name) for each in value]
    return value


def _hide_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {k: without_secrets(v, k) for k, v in event.items()}


def _steps() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _last_steps(form: str) -> list[Processor]:
    if form == "json":
        return [
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            _hide_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    return [
        structlog.processors.format_exc_info,
        _hide_secrets,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
    ]


def configure(level: str = "INFO", form: str = "json") -> None:
    """Send all logs of this program to standard error, one line each.

    `form` is "json" or "text". Calling it again replaces what stood before.
    """
    steps = _steps()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=steps,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last_steps(form)],
    )
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(level)
    for chatty in ("alembic", "apscheduler", "netmiko", "paramiko", "procrastinate"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # Every hang-up of a device comes with a traceback; the probe says in a sentence what happened.
    logging.getLogger("paramiko.transport").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *steps,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def bound(**facts: Any) -> AbstractContextManager[None]:
    """Add `facts` to every line logged inside the block."""
    return structlog.contextvars.bound_contextvars(**facts)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module: `logs.get(__name__)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
