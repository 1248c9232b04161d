"""Credentials of devices: secrets go in and never come out; where each is used, and their key."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from config.database import db, transaction
from config.errors import Conflict, Invalid
from monitoring import credential_use, credentials
from monitoring.credentials import Keyring
from monitoring.errors import BadLogin
from monitoring.models import Credential, CredentialKind
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
from portal import jobs, keys, sealed_rows
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.diary import told
from portal.pages.sentences import spoken
from rental import journal

pages = Blueprint("credentials", __name__, url_prefix="/devices/credentials")

KINDS = {
    "snmp_v2c": lazy_gettext("SNMP v1 or v2c: a community"),
    "snmp_v3": lazy_gettext("SNMP v3: a user"),
    "ssh": lazy_gettext("SSH: a login"),
}
SHORT = {"snmp_v2c": "SNMP v1/v2c", "snmp_v3": "SNMP v3", "ssh": "SSH"}
AUTH = {"sha256": "SHA-256", "sha512": "SHA-512", "sha384": "SHA-384", "sha224": "SHA-224",
        "sha": "SHA-1", "md5": "MD5"}  # fmt: skip
PRIVACY = {"aes128": "AES-128", "aes192": "AES-192", "aes256": "AES-256", "des": "DES"}


class NotTyped(Invalid):
    """A secret is missing; secrets are not shown again, so type all of them."""


@dataclass(slots=True)
class TypedLogin:
    """What of the form is shown again: never a secret."""

    kind: str = ""
    name: str = ""
    user: str = ""
    version: str = "v2c"
    auth: str = "sha256"
    privacy: str = "aes128"
    errors: list[str] = field(default_factory=list)


def _typed() -> TypedLogin:
    shown = {name: request.form.get(name, "")[:200] for name in TypedLogin.__slots__}
    shown.pop("errors")
    return TypedLogin(**shown)  # type: ignore[arg-type]


def _keyring() -> Keyring:
    return keys.keyring(current_app.extensions["settings"])


def _secret(name: str, *, needed: bool = False) -> str | None:
    text = request.form.get(name, "")
    if needed and not text:
        raise NotTyped(_("A secret is missing; secrets are not shown again, so type all of them."))
    return text or None


def _login(kind: CredentialKind | None) -> Login:
    """What was typed as a login; raises for what the device would refuse."""
    if kind is CredentialKind.SNMP_V2C:
        version = reading.word(request.form, "version", CommunityVersion)
        return SnmpCommunity(
            _secret("community", needed=True) or "", version or CommunityVersion.V2C
        )
    user = request.form.get("user", "").strip()
    if not user:
        raise NotTyped(_("Say which user signs in."))
    if kind is CredentialKind.SNMP_V3:
        return SnmpUser(
            user,
            reading.word(request.form, "auth", AuthProtocol) or AuthProtocol.SHA256,
            _secret("auth_password"),
            reading.word(request.form, "privacy", PrivacyProtocol) or PrivacyProtocol.AES128,
            _secret("privacy_password"),
        )
    key = _secret("private_key")
    # A browser sends CRLF; keys are read with LF.
    lines = key.replace("\r\n", "\n").strip() + "\n" if key and key.strip() else None
    password = _secret("password", needed=lines is None)
    if lines is not None:
        _require_readable(lines)
    return SshLogin(user, password, lines, _secret("enable_password"))


def _require_readable(key: str) -> None:
    """Refuse a key that no worker could read, while whoever typed it is still there."""
    try:
        ssh.private_key(key)
    except BadLogin as wrong:
        raise NotTyped(
            _(
                "The private key cannot be read: give all of it, in OpenSSH or PEM form, Ed25519,"
                " RSA or ECDSA, without a passphrase."
            )
        ) from wrong


def _index(problem: str = "", status: int = 200) -> tuple[str, int]:
    ring = _keyring()
    found = credentials.all_()
    # Whatever is sealed with the same key is rotated together.
    sealed = sealed_rows.sealed_with()
    page = render_template(
        "credentials/_key.html" if reading.is_partial() else "credentials/index.html",
        found=found,
        used=credential_use.counted(),
        key=ring.key_id,
        total=sealed.total(),
        sealed=sealed[ring.key_id],
        waiting=sum(sealed[key] for key in ring.known_ids[1:] if key != ring.key_id),
        locked=sealed_rows.locked(ring),
        going=request.args.get("going") == "1",
        problem=problem,
    )
    return page, status


@pages.get("")
@may("manage devices")
def index() -> tuple[str, int]:
    """Every credential, and how far the rotation of their key is."""
    return _index()


@pages.post("/rewrap")
@may("manage devices")
def rewrap() -> Response:
    """Wrap by the worker what older keys wrap; the page follows how far it is."""
    with transaction():
        link = db.session.connection().connection.driver_connection
        jobs.defer(link, "rewrap_credentials")  # type: ignore[arg-type]
    return redirect(url_for(".index", going=1))


def _form(typed: TypedLogin, credential: Credential | None, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "credentials/form.html",
        typed=typed,
        credential=credential,
        auth=AUTH,
        privacy=PRIVACY,
        uses=credential_use.of(credential) if credential else [],
        is_locked=credential is not None and _keyring().find(credential.key_id) is None,
        entries=told(journal.of(credential)) if credential else [],
    )
    return page, status


@pages.get("/new")
@may("manage devices")
def new() -> tuple[str, int]:
    """First the kind, then its form."""
    kind = reading.word(request.args, "kind", CredentialKind)
    return _form(TypedLogin(kind=kind.value if kind else ""), None)


@pages.post("")
@may("manage devices")
def create() -> Response | tuple[str, int]:
    """Seal a new login; what is refused comes back without its secrets."""
    kind = reading.word(request.form, "kind", CredentialKind)
    name = request.form.get("name", "")

    def add(login: Login) -> None:
        credentials.add(name, login, _keyring(), by=current_member())

    refused = _refused(kind, add)
    if refused is not None:
        return _form(refused, None, 422)
    flash(_("The credential is sealed. Choose it in the form of a device."), "good")
    return redirect(url_for(".index"))


@pages.get("/<int:credential_id>")
@may("manage devices")
def show(credential_id: int) -> tuple[str, int]:
    """Where it is used, and the form for another secret."""
    credential = credentials.get(credential_id)
    return _form(TypedLogin(credential.kind.value, credential.name), credential)


@pages.post("/<int:credential_id>")
@may("manage devices")
def replace(credential_id: int) -> Response | tuple[str, int]:
    """Seal another login in its place."""
    credential = credentials.get(credential_id)

    def put(login: Login) -> None:
        found = credentials.get(credential_id)
        credentials.replace(found, login, _keyring(), by=current_member())

    refused = _refused(credential.kind, put)
    if refused is not None:
        return _form(refused, credentials.get(credential_id), 422)
    flash(_("The secret is replaced. Devices are asked with the new one from now on."), "good")
    return redirect(url_for(".show", credential_id=credential_id))


@pages.post("/<int:credential_id>/remove")
@may("manage devices")
def remove(credential_id: int) -> Response | tuple[str, int]:
    """Forget what no device is asked with."""
    try:
        with transaction():
            credentials.remove(credentials.get(credential_id), by=current_member())
    except Conflict as refusal:
        return _index(spoken(refusal), 409)
    flash(_("The credential is removed."), "good")
    return redirect(url_for(".index"))


def _refused(kind: CredentialKind | None, deed: Callable[[Login], None]) -> TypedLogin | None:
    """None where the deed was done; else what may be shown again, and why it was refused."""
    typed = _typed()
    typed.kind = kind.value if kind else ""
    try:
        with transaction():
            deed(_login(kind))
    except (Invalid, Conflict) as refusal:
        typed.errors.append(spoken(refusal))
        return typed
    return None


FOR_TEMPLATES: dict[str, Any] = {"CREDENTIAL_KINDS": KINDS, "CREDENTIAL_KINDS_SHORT": SHORT}
