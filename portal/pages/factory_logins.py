"""The factory login of a device's web page: tried when an operator asks, and what came of it."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from monitoring import endpoints, factory_list, factory_logins
from monitoring.factory_list import FactoryLogin
from monitoring.models import Endpoint, FactoryTry, TryResult
from monitoring.probes.reached import EndpointKind
from portal.access import current_member, may

pages = Blueprint("factory_logins", __name__, url_prefix="/devices")


@pages.post("/endpoints/<int:endpoint_id>/factory-login")
@may("manage devices")
def ask(endpoint_id: int) -> Response:
    """Have it tried once, within seconds."""
    with transaction():
        factory_logins.ask(endpoints.get(endpoint_id), by=current_member())
    flash(_("The factory login is tried within seconds, once; look again then."), "good")
    return redirect(url_for("endpoints.edit", endpoint_id=endpoint_id) + "#factory-login")


def login_for(endpoint: Endpoint) -> FactoryLogin | None:
    """What could be tried on it: on a web page of the device itself, where its maker is known."""
    if endpoint.kind is not EndpointKind.HTTP or endpoint.host is not None:
        return None
    return factory_list.of_vendor(endpoint.device.vendor)


def became(tried: FactoryTry) -> str:
    """What became of an attempt, in a few words."""
    if tried.tried_at is None:
        return _("waits for its turn")
    return {
        TryResult.REFUSED: _("refused"),
        TryResult.ACCEPTED: _("ACCEPTED: anybody can sign in"),
        TryResult.UNCLEAR: _("not clear"),
        None: _("broke off, and nobody knows the answer"),
    }[tried.result]


FOR_TEMPLATES: dict[str, Any] = {
    "factory_login_for": login_for,
    "factory_login_tried": factory_logins.latest,
    "factory_login_became": became,
}
