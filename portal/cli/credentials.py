"""`credential`: what devices are asked with. The secret is typed or piped, never an argument."""

import sys
from pathlib import Path

import click

from config.database import transaction
from config.errors import Invalid
from monitoring import credentials
from monitoring.probes.logins import (
    AuthProtocol,
    CommunityVersion,
    Login,
    PrivacyProtocol,
    SnmpCommunity,
    SnmpUser,
    SshLogin,
)
from portal import keys
from portal.app import create_app
from portal.cli import options
from portal.cli.attached import with_database


def _login(kind: str, user: str | None, auth: str, privacy: str) -> Login:
    if kind in ("snmp-v1", "snmp-v2c"):
        version = CommunityVersion(kind.removeprefix("snmp-"))
        return SnmpCommunity(options.secret("Community"), version)
    if not user:
        raise Invalid(f"{kind} needs --user.")
    if kind == "snmp-v3":
        signed = options.secret("Authentication password")
        sealed = options.secret("Privacy password")
        return SnmpUser(user, AuthProtocol(auth), signed, PrivacyProtocol(privacy), sealed)
    if kind == "ssh-key":
        # A private key has many lines: it is read whole.
        return SshLogin(user, private_key=sys.stdin.read())
    return SshLogin(user, password=options.secret("Password"))


@click.command()
@click.argument("name")
@click.argument("kind", type=click.Choice(["snmp-v1", "snmp-v2c", "snmp-v3", "ssh", "ssh-key"]))
@click.option("--user", help="The user of SNMPv3 or SSH.")
@click.option("--auth", type=click.Choice([p.value for p in AuthProtocol]), default="sha256")
@click.option("--privacy", type=click.Choice([p.value for p in PrivacyProtocol]), default="aes128")
@options.data
def credential(
    name: str, kind: str, user: str | None, auth: str, privacy: str, data: Path | None
) -> None:
    """Seal the secret of KIND under NAME, or give an existing NAME a new secret.

    Secrets are asked for, or read from standard input: one a line (SNMPv3: authentication, then
    privacy; ssh-key: the whole private key).
    """
    login = _login(kind, user, auth, privacy)
    with with_database(data) as settings, create_app(settings).app_context():
        with transaction():
            known = credentials.find(name)
            if known is None:
                credentials.add(name, login, keys.keyring(settings))
            else:
                credentials.replace(known, login, keys.keyring(settings))
        click.echo(f"The credential {name} is {'sealed' if known is None else 'replaced'}.")
