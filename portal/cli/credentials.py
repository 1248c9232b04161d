"""`credential`, `rotate-key`: what devices are asked with, and the key that seals it.

A secret is typed or piped, never an argument.
"""

import sys
from pathlib import Path

import click

from config.database import transaction
from config.errors import Invalid
from monitoring import credentials
from monitoring.probes import ssh
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
from portal.rounds import rewrapping


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
        key = sys.stdin.read()
        ssh.private_key(key)
        return SshLogin(user, private_key=key)
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


@click.command("rotate-key")
@click.option("--new", "is_new", is_flag=True, help="Make a new key in the data folder first.")
@click.option(
    "--forget-old", is_flag=True, help="Drop the older keys once nothing is sealed with them."
)
@options.data
def rotate_key(data: Path | None, *, is_new: bool, forget_old: bool) -> None:
    """Wrap every device credential anew with the key-encryption key in use.

    Killed half-way, it goes on when it is run again: the older keys are kept until --forget-old.
    """
    with with_database(data) as settings, create_app(settings).app_context():
        ring = keys.renew(settings) if is_new else keys.keyring(settings)
        click.echo(f"The key in use is {ring.key_id}.")
        done = rewrapping.work(ring, lambda count: click.echo(f"{count} wrapped anew"))
        click.echo(f"Wrapped anew: {done.count}.")
        if done.locked:
            names = ", ".join(done.locked)
            raise Invalid(f"No key here opens: {names}. Restore their key or enter them again.")
        if forget_old:
            keys.forget_older(settings)
            click.echo("The older keys of the data folder are gone.")
