"""Wi-Fi for guests: made in time, good while booked, forgotten afterwards."""

import re
import threading
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from segno import helpers

from config import clock
from config.database import db, transaction
from config.documents import BadDocument
from monitoring import guest_networks, guests
from monitoring.credentials import Keyring
from monitoring.errors import GuestAccessOver, GuestAccessUnreadable, UnknownGuestAccess
from monitoring.guest_networks import GuestLogin, GuestNetwork
from monitoring.models import GuestAccess, GuestEnd
from rental import journal
from rental.models import Booking, BookingStatus, Line, Role
from tests import build

KEYRING = Keyring(b"k" * 32)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
STARTS = datetime(2026, 12, 10, 2, tzinfo=clock.UTC)
ENDS = STARTS + 3 * HOUR


@pytest.fixture
def booking(house) -> Booking:
    """The hall of the shipped network, confirmed for three hours."""
    with transaction():
        return build.a_booking(
            build.a_hall(code="H100"), starts_at=STARTS, hours=3, status=BookingStatus.CONFIRMED
        )


def settled(booking: Booking, at: datetime) -> GuestAccess | None:
    """The round comes by; what the booking has then."""
    booking_id = booking.id
    with transaction():
        if booking_id in guests.due(at):
            guests.settle(booking_id, KEYRING, at)
    return db.session.scalars(
        sa.select(GuestAccess)
        .where(GuestAccess.booking_id == booking_id)
        .execution_options(populate_existing=True)
    ).first()


def admitted(access: GuestAccess, secret: str, at: datetime):
    with transaction():
        return guests.admit(access.username, secret, KEYRING, at)


def moved(booking: Booking, by: timedelta) -> None:
    with transaction():
        for line in db.session.scalars(sa.select(Line).where(Line.booking_id == booking.id)):
            line.starts_at, line.ends_at = line.starts_at + by, line.ends_at + by


def becomes(booking: Booking, status: BookingStatus) -> None:
    with transaction():
        db.session.get_one(Booking, booking.id).status = status


def test_it_is_made_a_day_before_and_once(booking):
    assert settled(booking, STARTS - 24 * HOUR - MINUTE) is None
    access = settled(booking, STARTS - 24 * HOUR)
    assert (access.ssid, access.network) == ("MediaCenter Press", "press")
    assert access.username == "bk-" + booking.reference[3:].replace("-", "").lower()
    secret = guests.passphrase_of(access, KEYRING)
    again = settled(booking, STARTS - 23 * HOUR)
    assert guests.passphrase_of(again, KEYRING) == secret
    assert [one.verb for one in journal.of(booking)].count("guests_made") == 1


@pytest.mark.parametrize(
    ("at", "seconds", "reason"),
    [
        (STARTS - 2 * HOUR - MINUTE, None, "the lead has not begun"),
        (STARTS - 2 * HOUR, 6 * 3600, "the lead, the event, the lag"),
        (STARTS, 4 * 3600, "the event and the lag"),
        (ENDS + 59 * MINUTE, 60, "a minute is left"),
        (ENDS + HOUR, None, "it is over"),
    ],
)
def test_a_device_is_let_in_while_the_booking_lasts(booking, at, seconds, reason):
    access = settled(booking, STARTS - 24 * HOUR)
    found = admitted(access, guests.passphrase_of(access, KEYRING), at)
    assert (found.seconds_left(at) if found else None) == seconds, reason


def test_another_passphrase_and_another_name_let_nobody_in_and_are_counted(booking):
    access = settled(booking, STARTS - HOUR)
    secret = guests.passphrase_of(access, KEYRING)
    for wrong in ("", secret.upper(), secret[:-1], "k" * 500, "mật khẩu"):
        assert admitted(access, wrong, STARTS) is None
    assert admitted(access, secret, STARTS) is not None
    with transaction():
        assert guests.admit("bk-nobody", secret, KEYRING, STARTS) is None
    db.session.refresh(access)
    assert (access.refused, access.admitted, access.last_admitted_at) == (5, 1, STARTS)


@pytest.mark.parametrize(
    "status", [BookingStatus.CANCELLED, BookingStatus.RETURNED, BookingStatus.NO_SHOW]
)
def test_what_is_cancelled_or_returned_opens_nothing_at_once_and_is_forgotten(booking, status):
    access = settled(booking, STARTS - HOUR)
    secret = guests.passphrase_of(access, KEYRING)
    becomes(booking, status)
    assert admitted(access, secret, STARTS) is None, "before any round came by"
    access = settled(booking, STARTS)
    assert (access.end, access.sealed, access.wrapped_key) == (GuestEnd.RELEASED, None, None)
    with pytest.raises(GuestAccessOver):
        guests.passphrase_of(access, KEYRING)


def test_what_is_over_is_forgotten(booking):
    settled(booking, STARTS)
    assert settled(booking, ENDS + HOUR - MINUTE).voided_at is None
    access = settled(booking, ENDS + HOUR)
    assert (access.end, access.sealed) == (GuestEnd.EXPIRED, None)
    assert settled(booking, ENDS + 2 * HOUR).end is GuestEnd.EXPIRED


def test_a_booking_that_moves_a_little_keeps_its_passphrase_and_has_the_new_time(booking):
    access = settled(booking, STARTS - 3 * HOUR)
    secret = guests.passphrase_of(access, KEYRING)
    moved(booking, 2 * HOUR)
    assert admitted(access, secret, STARTS - HOUR) is None, "it is not its time any more"
    access = settled(booking, STARTS)
    assert access.ends_at == ENDS + 3 * HOUR
    assert guests.passphrase_of(access, KEYRING) == secret
    assert admitted(access, secret, ENDS + 2 * HOUR) is not None


def test_a_booking_that_moves_far_gets_another_in_time(booking):
    access = settled(booking, STARTS - 3 * HOUR)
    secret = guests.passphrase_of(access, KEYRING)
    moved(booking, timedelta(days=7))
    access = settled(booking, STARTS)
    assert (access.end, access.sealed) == (GuestEnd.MOVED, None)
    access = settled(booking, STARTS + timedelta(days=6, hours=1))
    later = guests.passphrase_of(access, KEYRING)
    assert later != secret
    assert admitted(access, secret, STARTS + timedelta(days=7)) is None
    assert admitted(access, later, STARTS + timedelta(days=7)) is not None


def test_desk_revokes_and_renews(booking):
    desk = build.a_member(role=Role.DESK)
    access = settled(booking, STARTS - HOUR)
    old = guests.passphrase_of(access, KEYRING)
    with clock.standing_at(STARTS):
        with transaction():
            guests.revoke(guests.get(booking, access.id), by=desk)
        assert settled(booking, STARTS).end is GuestEnd.REVOKED, "no round makes another"
        with pytest.raises(GuestAccessOver), transaction():
            guests.revoke(guests.get(booking, access.id), by=desk)
        with transaction():
            guests.renew(guests.get(booking, access.id), KEYRING, by=desk)
        access = settled(booking, STARTS)
        new = guests.passphrase_of(access, KEYRING)
    assert admitted(access, old, STARTS) is None
    assert admitted(access, new, STARTS) is not None
    verbs = [one.verb for one in journal.of(booking)]
    assert [verb for verb in verbs if verb.startswith("guests")] == [
        "guests_made",
        "guests_revoked",
        "guests_renewed",
    ]
    with clock.standing_at(ENDS + 2 * HOUR), pytest.raises(GuestAccessOver), transaction():
        guests.renew(guests.get(booking, access.id), KEYRING, by=desk)


def test_the_credential_of_another_booking_is_not_found(booking):
    access = settled(booking, STARTS - HOUR)
    with pytest.raises(UnknownGuestAccess):
        guests.get(build.a_booking(), access.id)


def test_what_is_stored_says_nothing_and_opens_in_no_other_row(booking):
    hall = booking.lines[0].resource
    with transaction():
        other = build.a_booking(
            hall, starts_at=STARTS + 24 * HOUR, hours=1, status=BookingStatus.CONFIRMED
        )
    mine, theirs = settled(booking, STARTS), settled(other, STARTS + HOUR)
    secret = guests.passphrase_of(mine, KEYRING)
    for stored in (mine.sealed, mine.wrapped_key):
        assert secret.encode() not in stored
    assert secret not in repr(mine)
    with transaction():
        theirs = db.session.get_one(GuestAccess, theirs.id)
        theirs.sealed, theirs.wrapped_key = mine.sealed, mine.wrapped_key
    with pytest.raises(GuestAccessUnreadable):
        guests.passphrase_of(theirs, KEYRING)
    assert admitted(theirs, secret, STARTS + 24 * HOUR) is None


def test_a_key_is_renewed_and_a_lost_one_lets_nobody_in(booking):
    access = settled(booking, STARTS)
    secret = guests.passphrase_of(access, KEYRING)
    both = Keyring(b"n" * 32, (b"k" * 32,))
    with transaction():
        assert guests.rewrap_next(both).is_done
        assert guests.rewrap_next(both) is None
    new = Keyring(b"n" * 32)
    access = db.session.get_one(GuestAccess, access.id)
    assert guests.passphrase_of(access, new) == secret
    assert guests.locked(KEYRING) == [access.username]
    assert guests.sealed_with() == {new.key_id: 1}
    assert admitted(access, secret, STARTS) is None
    with pytest.raises(GuestAccessUnreadable):
        guests.passphrase_of(access, KEYRING)


def test_two_workers_at_once_make_one(booking, house):
    booking_id, gate, done = booking.id, threading.Barrier(2), []

    def work() -> None:
        with house.app_context():
            gate.wait()
            with transaction():
                guests.settle(booking_id, KEYRING, STARTS)
            done.append(True)

    both = [threading.Thread(target=work) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert done == [True, True]
    assert db.session.scalar(sa.select(sa.func.count(GuestAccess.id))) == 1


def test_the_database_keeps_no_secret_of_what_is_void(booking):
    settled(booking, STARTS)
    with pytest.raises(sa.exc.IntegrityError), transaction():
        db.session.execute(sa.text("UPDATE guest_access SET voided_at = now(), \"end\" = 'moved'"))


def test_a_resource_without_guests_and_a_request_get_nothing(house):
    with transaction():
        other = build.a_booking(
            build.a_hall(code="H999"), starts_at=STARTS, status=BookingStatus.CONFIRMED
        )
        asked = build.a_booking(
            build.a_hall(code="H50"), starts_at=STARTS, status=BookingStatus.REQUESTED
        )
    assert settled(other, STARTS) is None
    assert settled(asked, STARTS) is None


def a_network(**over) -> GuestNetwork:
    told = {"code": "press", "ssid": "Press", "login": "eap", "resources": ("H100",), **over}
    return GuestNetwork.model_validate(told)


def test_lines_that_touch_are_one_span_and_others_keep_the_night_closed(booking):
    hall = booking.lines[0].resource
    network = a_network(lead_minutes=60, lag_minutes=30)

    def line(day: int, hour: int, hours: int) -> Line:
        starts = STARTS + timedelta(days=day, hours=hour)
        return Line(resource=hall, starts_at=starts, ends_at=starts + hours * HOUR, quantity=1)

    with db.session.no_autoflush:
        found = network.spans([line(1, 0, 2), line(0, 0, 2), line(0, 3, 1)])
        db.session.rollback()
    assert [(one.starts_at - STARTS, one.ends_at - STARTS) for one in found] == [
        (-HOUR, 4 * HOUR + 30 * MINUTE),
        (23 * HOUR, 26 * HOUR + 30 * MINUTE),
    ]


def test_a_passphrase_is_long_and_has_nothing_that_is_misread():
    found = {guest_networks.passphrase() for _ in range(200)}
    assert len(found) == 200
    assert all(re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", one) for one in found)
    assert len(guest_networks.SIGNS) == 31
    assert not set("il1o0") & set(guest_networks.SIGNS)


def test_a_second_network_has_a_name_of_its_own():
    assert guest_networks.username("BK-4T9Q-W2M7") == "bk-4t9qw2m7"
    assert guest_networks.username("BK-4T9Q-W2M7", ["bk-4t9qw2m7"]) == "bk-4t9qw2m7-2"


@pytest.mark.parametrize(
    ("ssid", "told", "reason"),
    [
        ("Press", "Press", "plain"),
        ('a;b:c,d\\e"f', r"a\;b\:c\,d\\e\"f", "what separates fields is escaped"),
        ("CAFE", '"CAFE"', "what could be hexadecimal stands in quotes"),
        ("Phòng họp báo", "Phòng họp báo", "Vietnamese"),
    ],
)
def test_the_code_of_an_open_network_is_read_by_cameras(ssid, told, reason):
    for is_hidden, hidden in ((True, "H:true;"), (False, "")):
        text = guest_networks.wifi_text(ssid, GuestLogin.PORTAL, "n", "p", is_hidden=is_hidden)
        assert text == f"WIFI:T:nopass;S:{told};{hidden};", reason


@pytest.mark.parametrize("ssid", ["Press", 'a;b:d\\e"f', "Phòng họp báo", " x "])
def test_segno_writes_the_same(ssid):
    mine = guest_networks.wifi_text(ssid, GuestLogin.PORTAL, "n", "p", is_hidden=False)
    assert mine == helpers.make_wifi_data(ssid=ssid, security="nopass")


def test_the_code_of_an_enterprise_network_names_way_name_and_passphrase():
    text = guest_networks.wifi_text("Press; 1", GuestLogin.EAP, "bk-1", "a-b", is_hidden=False)
    assert text == r"WIFI:T:WPA2-EAP;S:Press\; 1;E:TTLS;PH2:PAP;I:bk-1;P:a-b;;"


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"ssid": ""}, "no name"),
        ({"ssid": "ậ" * 11}, "33 bytes do not fit into a beacon"),
        ({"ssid": "a\nb"}, "a line break"),
        ({"code": "Press!"}, "no code"),
        ({"resources": ()}, "nothing offers it"),
        ({"login": "psk"}, "no such way"),
    ],
)
def test_a_network_that_cannot_be_is_refused(over, reason):
    with pytest.raises(ValidationError):
        a_network(**over)


def test_a_network_is_described_once_a_day(tmp_path, monkeypatch):
    text = (guest_networks.FOLDER / "networks-sample.yml").read_text("utf-8")
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setattr(guest_networks, "FOLDER", tmp_path)
    guest_networks.terms.cache_clear()
    try:
        with pytest.raises(BadDocument, match="press"):
            guest_networks.networks_on(date(2026, 12, 1))
    finally:
        guest_networks.terms.cache_clear()
