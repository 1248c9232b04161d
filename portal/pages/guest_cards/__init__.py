"""Cards that let guests join the Wi-Fi: an A4 sheet of 2 × 4, set by typst."""

from dataclasses import dataclass
from pathlib import Path

from flask_babel import gettext as _

from config import typesetting
from monitoring import guest_networks
from monitoring.guest_networks import GuestLogin
from monitoring.models import GuestAccess
from portal.pages import formats
from portal.pages.papers import sheets

TEMPLATE = Path(__file__).parent / "cards.typ"
PER_SHEET = 8


@dataclass(frozen=True, slots=True)
class Card:
    """A credential with its passphrase, as it is shown to whoever may see it."""

    access: GuestAccess
    passphrase: str

    @property
    def code(self) -> str:
        """The text of the Wi-Fi code."""
        return guest_networks.wifi_text(
            self.access.ssid,
            self.access.login,
            self.access.username,
            self.passphrase,
            is_hidden=self.access.is_hidden,
        )

    @property
    def picture(self) -> str:
        """The Wi-Fi code as SVG."""
        return sheets.picture(self.code)


def sheet(title: str, cards: list[Card]) -> bytes:
    """The PDF in the language in force: for each credential a page of equal cards, to be cut."""
    told = [_told(title, card) for card in cards for _nth in range(PER_SHEET)]
    return typesetting.pdf(TEMPLATE, {"lang": formats.language(), "title": title, "cards": told})


def _told(title: str, card: Card) -> dict[str, str]:
    access = card.access
    return {
        "title": title,
        "picture": card.picture,
        "network_word": _("Wi-Fi network"),
        "network": access.ssid,
        "name_word": _("User name"),
        "name": access.username,
        "secret_word": _("Passphrase"),
        "secret": card.passphrase,
        "until": _("Good until %(moment)s", moment=formats.moment(access.ends_at)),
        "how": how(access.login),
    }


def how(login: GuestLogin) -> str:
    """How a guest joins, in a sentence."""
    if login is GuestLogin.EAP:
        return _("Scan the code, or choose TTLS with PAP and type name and passphrase.")
    return _("Scan the code to join, then type name and passphrase on the page that opens.")
