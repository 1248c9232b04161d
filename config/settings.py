"""The settings of one installation, read from the environment and checked at start.

Every field is documented by its description; `docs/reference/settings.md` repeats them and a test
fails where one is missing. A wrong value stops the start with the name of the variable.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.errors import Invalid

PREFIX = "MEDIA_CENTER_"


Network = IPv4Network | IPv6Network


def networks_in(text: str) -> tuple[Network, ...]:
    """Networks parted by commas; raises ValueError."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


class BadSettings(Invalid):
    """The environment does not describe an installation; correct the variables named."""


class Settings(BaseSettings):
    """One installation. Variables start with MEDIA_CENTER_, but for DATABASE_URL."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: Annotated[
        str | None,
        Field(
            validation_alias=AliasChoices("database_url", "DATABASE_URL"),
            description="PostgreSQL 14 or later, as postgresql://user:password@host/name. "
            "Without it the service keeps an embedded PostgreSQL in the data folder.",
        ),
    ] = None
    data: Annotated[
        Path, Field(description="The data folder: embedded database, keys, uploaded files.")
    ] = Path("var")
    secret_key: Annotated[
        SecretStr | None,
        Field(
            description="Signs the session cookies, 32 characters or more. Without it a key is "
            "made once and kept in the data folder."
        ),
    ] = None
    credential_key: Annotated[
        SecretStr | None,
        Field(
            description="The key-encryption key for device credentials, 32 bytes in URL-safe "
            "base64. Without it a key is made once and kept in the data folder."
        ),
    ] = None
    credential_older_keys: Annotated[
        SecretStr | None,
        Field(
            description="Key-encryption keys that credentials may still be sealed with, parted by "
            "commas, until `media-center rotate-key` has wrapped them anew."
        ),
    ] = None
    public_url: Annotated[
        str, Field(description="The address that links in mails, feeds and QR codes begin with.")
    ] = "http://127.0.0.1:8000"
    zone: Annotated[str, Field(description="The time zone of a site that names none.")] = (
        "Asia/Ho_Chi_Minh"
    )
    locale: Annotated[str, Field(description="Language of a visitor who chose none: vi or en.")] = (
        "vi"
    )
    secure_cookies: Annotated[
        bool,
        Field(description="Send cookies over HTTPS only; set it where TLS stands in front."),
    ] = False
    proxies: Annotated[
        int,
        Field(ge=0, le=5, description="Reverse proxies in front, whose X-Forwarded-* counts."),
    ] = 0
    web_workers: Annotated[int, Field(ge=1, le=64, description="Web processes.")] = 2
    web_threads: Annotated[int, Field(ge=1, le=64, description="Threads in each web process.")] = 8
    log_level: Annotated[str, Field(description="DEBUG, INFO, WARNING or ERROR.")] = "INFO"
    log_format: Annotated[str, Field(description="json for machines, text for people.")] = "json"
    metrics_token: Annotated[
        SecretStr | None,
        Field(
            description="Bearer token that /metrics and /prometheus/targets ask for. Without it "
            "they answer to loopback addresses only."
        ),
    ] = None
    alertmanager_token: Annotated[
        SecretStr | None,
        Field(
            description="Bearer token that /webhooks/alertmanager asks for. Without it nothing is "
            "taken in."
        ),
    ] = None
    telegram_token: Annotated[
        SecretStr | None,
        Field(description="Token of the bot that alerts go through to Telegram."),
    ] = None
    telegram_url: Annotated[
        str, Field(description="Where Telegram's Bot API answers.", pattern=r"^https?://\S+$")
    ] = "https://api.telegram.org"
    alert_secret: Annotated[
        SecretStr | None,
        Field(
            description="Key of the signature on alerts that go to webhooks. Without it they go "
            "unsigned."
        ),
    ] = None
    poll_seconds: Annotated[
        int, Field(ge=1, le=3600, description="Seconds between two SNMP polls of a device.")
    ] = 30
    poll_timeout_seconds: Annotated[
        float, Field(gt=0, le=30, description="Seconds one SNMP request waits for its answer.")
    ] = 2.0
    readings_days: Annotated[
        int, Field(ge=1, le=3650, description="Days for which the readings of devices are kept.")
    ] = 90
    five_minute_days: Annotated[
        int, Field(ge=35, le=3650, description="Days for which roll-ups of 5 minutes are kept.")
    ] = 400
    hourly_days: Annotated[
        int, Field(ge=35, le=36500, description="Days for which hourly roll-ups are kept.")
    ] = 1830
    switch_ports: Annotated[
        Literal["off", "trial", "on"],
        Field(
            description="Whether bookings switch the ports of circuits: `trial` says what it would"
            " type, `on` types it on ports that operators marked."
        ),
    ] = "off"
    remediate: Annotated[
        Literal["off", "check", "on"],
        Field(
            description="Whether playbooks cure violations on devices: `check` says what they would"
            " change, `on` applies what was approved. Workers need ansible-core."
        ),
    ] = "off"
    remedy_hosts: Annotated[
        Path | None,
        Field(
            description="A folder with variables of single hosts for these playbooks, NAME.yml each"
            " (Ansible's host_vars)."
        ),
    ] = None
    evidence_minutes: Annotated[
        int, Field(ge=1, le=1440, description="Minutes between two collections of policy evidence.")
    ] = 60
    survey_networks: Annotated[
        str,
        Field(
            description="Networks that operators may look through for devices, parted by commas, "
            "such as 192.0.2.0/24,2001:db8::/64; set it for web and workers. Empty: none."
        ),
    ] = ""
    configuration_days: Annotated[
        int,
        Field(
            ge=1,
            le=36500,
            description="Days for which every version of a device's configuration is kept; of "
            "older ones the last of each month stays.",
        ),
    ] = 90
    probe_own_addresses: Annotated[
        bool,
        Field(
            description="Let endpoints be asked at addresses of the worker's own machine and its "
            "link (loopback, 169.254.0.0/16); refused otherwise."
        ),
    ] = False
    probe_authorities: Annotated[
        Path | None,
        Field(
            description="A PEM file with certificates of authorities that endpoints may be "
            "vouched for by, besides those of the system."
        ),
    ] = None
    request_days: Annotated[
        int, Field(ge=1, le=90, description="Days after which an unanswered request expires.")
    ] = 7
    challenge_hours: Annotated[
        int,
        Field(
            ge=1,
            le=720,
            description="Hours that the holder of a date has to decide once another unit asks for "
            "it.",
        ),
    ] = 48
    no_show_minutes: Annotated[
        int,
        Field(
            ge=0,
            le=10080,
            description="Minutes after its start at which a confirmed booking of which nothing was "
            "handed over becomes a no-show; 0: never.",
        ),
    ] = 120
    reconfirm_weeks: Annotated[
        int,
        Field(
            ge=0,
            le=104,
            description="Weeks after which a longer series is to be confirmed again by its unit; "
            "0: never.",
        ),
    ] = 12
    file_megabytes: Annotated[
        int, Field(ge=1, le=100, description="The largest file of a booking, in megabytes.")
    ] = 10
    stripe_key: Annotated[
        SecretStr | None,
        Field(
            description="Stripe's secret key (sk_…). Without it nothing is paid by card and the "
            "button is not there."
        ),
    ] = None
    stripe_webhook_secret: Annotated[
        SecretStr | None,
        Field(
            description="Signs what Stripe sends to /webhooks/stripe (whsec_…). Cards need both."
        ),
    ] = None
    stripe_api: Annotated[
        str | None, Field(description="Another address of Stripe's API, for tests.")
    ] = None
    einvoice_provider: Annotated[
        str,
        Field(
            description="Who takes in issued invoices and credit notes as e-invoices: file (XML in "
            "a folder), or the name of an adapter of billing/einvoice."
        ),
    ] = "file"
    einvoice_folder: Annotated[
        Path | None,
        Field(
            description="Where the provider `file` writes; it must exist. Without it the files lie "
            "in einvoices/ of the data folder."
        ),
    ] = None
    smtp_url: Annotated[
        SecretStr | None,
        Field(
            description="Where notices are sent: smtp://user:password@host:port. Without it "
            "they stay queued."
        ),
    ] = None
    mail_from: Annotated[str, Field(description="Sender of notices.")] = "media-center@localhost"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not an IANA time zone, such as Asia/Ho_Chi_Minh")
        return value

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        if value not in ("vi", "en"):
            raise ValueError("vi or en")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("log_format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        if value not in ("json", "text"):
            raise ValueError("json or text")
        return value

    @field_validator("survey_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        networks_in(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _postgres_only(cls, value: str | None) -> str | None:
        if value is None or value == "":
            return None
        scheme, _, rest = value.partition("://")
        if scheme.partition("+")[0] not in ("postgresql", "postgres"):
            raise ValueError("PostgreSQL only: postgresql://user:password@host/name")
        return f"postgresql+psycopg://{rest}"

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("32 characters or more")
        return value

    @property
    def surveyable(self) -> tuple[Network, ...]:
        """The networks that may be looked through for devices."""
        return networks_in(self.survey_networks)

    @property
    def tzinfo(self) -> ZoneInfo:
        """The default zone as an object."""
        return ZoneInfo(self.zone)


def variable(field: str) -> str:
    """The environment variable that sets `field`."""
    return "DATABASE_URL" if field.lower() == "database_url" else PREFIX + field.upper()


def load(**overrides: object) -> Settings:
    """The environment as Settings; raises BadSettings that names every wrong variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as wrong:
        # The input is left out of the message: it may be a secret.
        lines = [f"{variable(str(e['loc'][0]))}: {e['msg']}" for e in wrong.errors()]
        raise BadSettings("\n".join(lines)) from None
