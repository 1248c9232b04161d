"""Payment by card in this installation: on where Stripe's two secrets are set."""

from flask import current_app

from billing.cards import Gateway
from billing.errors import CardsOff
from billing.stripe_gateway import StripeGateway
from config.settings import Settings

# Where Stripe's own page lies: the only address besides ours that a form may lead to.
PAGES = "https://checkout.stripe.com"
_KEPT = "card_gateway"


def gateway_of(settings: Settings) -> Gateway | None:
    """The card company of an installation, None where cards are off."""
    if settings.stripe_key is None or settings.stripe_webhook_secret is None:
        return None
    return StripeGateway(
        settings.stripe_key.get_secret_value(),
        settings.stripe_webhook_secret.get_secret_value(),
        settings.stripe_api,
    )


def gateway() -> Gateway:
    """The card company of this application; raises CardsOff."""
    if _KEPT not in current_app.extensions:
        current_app.extensions[_KEPT] = gateway_of(current_app.extensions["settings"])
    found: Gateway | None = current_app.extensions[_KEPT]
    if found is None:
        raise CardsOff
    return found


def are_on() -> bool:
    """Whether anything can be paid by card here."""
    settings: Settings = current_app.extensions["settings"]
    return settings.stripe_key is not None and settings.stripe_webhook_secret is not None


def page_origin() -> str | None:
    """Where a form of ours may lead to besides ourselves; None where cards are off."""
    settings: Settings = current_app.extensions["settings"]
    return (settings.stripe_api or PAGES) if are_on() else None
