"""What an alert is of, in a few words of the page's language."""

from flask_babel import gettext as _

from monitoring.models import Alert, AlertKind
from portal.pages.troubles import kind_words
from portal.pages.violations import title_of_rule


def said(kind: AlertKind, what: str, subject: str) -> str:
    """Kind and subject; of a violation what the rule asks."""
    if kind is AlertKind.OUTAGE:
        return _("does not answer")
    if kind is AlertKind.VIOLATION:
        return title_of_rule(what)
    words = what if kind is AlertKind.RECEIVED else kind_words().get(what, what)
    return f"{words}: {subject}" if subject else words


def alert_said(alert: Alert) -> str:
    """What an alert is of."""
    return said(alert.kind, alert.what, alert.subject)
