"""Signing in by password and by token, and what a guesser meets."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from config import clock
from config.database import db, transaction
from portal import passwords, signin, throttle, tokens
from portal.models import ApiToken, SignInAttempt
from rental.models import Member
from tests.portal.conftest import PASSWORD, csrf_of, signed_in, token_of


def attempt(client, email, password, **more):
    return client.post(
        "/sign-in",
        data={"email": email, "password": password, "csrf_token": csrf_of(client), **more},
    )


def is_signed_in(client):
    """The sign-in page sends home whoever is signed in already."""
    return client.get("/sign-in").status_code == 302


def test_a_member_signs_in_and_out(service, person):
    client = signed_in(service, person())
    assert is_signed_in(client)
    client.post("/sign-out", data={"csrf_token": token_of(client)})
    assert not is_signed_in(client)


def test_the_email_is_recognised_in_any_case_and_with_spaces_around(service, person):
    person(email="Lan@Example.com")
    client = service.test_client()
    assert attempt(client, "  lan@example.COM ", PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("over", "typed"),
    [
        ({}, "wrong"),
        ({"is_active": False}, PASSWORD),  # somebody who left
        ({"password_hash": None}, PASSWORD),  # never got a password
        ({"password_hash": "not a hash"}, PASSWORD),  # a damaged row is no way in
    ],
)
def test_one_answer_for_every_way_of_being_wrong(service, visitor, person, over, typed):
    member = person(**over)
    refused = attempt(visitor, member.email, typed)
    unknown = attempt(visitor, "nobody@example.com", typed)
    assert refused.status_code == unknown.status_code == 422
    assert not is_signed_in(visitor)


def test_a_form_without_its_csrf_token_is_refused(visitor, person):
    member = person()
    answer = visitor.post("/sign-in", data={"email": member.email, "password": PASSWORD})
    assert answer.status_code == 400
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (0, 0),
        (4, 0),  # people mistype
        (5, 1),
        (6, 2),
        (9, 16),
        (30, 900),  # never longer than a quarter of an hour
    ],
)
def test_the_wait_doubles_after_five_failures(failures, seconds):
    assert throttle.wait_after(failures) == timedelta(seconds=seconds)


def test_the_sixth_guess_waits_and_the_page_says_how_long(visitor, person):
    member = person()
    for _ in range(5):
        assert attempt(visitor, member.email, "guess").status_code == 422
    refused = attempt(visitor, member.email, PASSWORD)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    with time_machine.travel(clock.now() + timedelta(seconds=3)):
        assert attempt(visitor, member.email, PASSWORD).status_code == 302
    assert db.session.get(SignInAttempt, (member.email, "127.0.0.1")) is None


def test_other_addresses_are_not_punished_for_a_guesser(visitor, person):
    member = person()
    for _ in range(6):
        attempt(visitor, member.email, "guess")
    home = {"REMOTE_ADDR": "192.0.2.9"}
    answer = visitor.post(
        "/sign-in",
        data={"email": member.email, "password": PASSWORD, "csrf_token": csrf_of(visitor)},
        environ_base=home,
    )
    assert answer.status_code == 302


def test_old_failures_are_forgotten_and_swept(service, person):
    visitor = throttle.Visitor("a@example.com", "192.0.2.1")
    with transaction():
        for _ in range(5):
            throttle.admit(visitor)
    with time_machine.travel(clock.now() + timedelta(hours=7)):
        with transaction():
            throttle.admit(visitor)
        assert db.session.get(SignInAttempt, (visitor.email, visitor.address)).failures == 1
    with time_machine.travel(clock.now() + timedelta(hours=14)), transaction():
        assert throttle.sweep() == 2  # the pair and the address
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 0


def test_an_old_hash_is_made_anew_at_the_next_sign_in(service, person):
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    member = person(password_hash=weak)
    signed_in(service, member)
    db.session.refresh(member)
    assert member.password_hash != weak
    assert not passwords.is_outdated(member.password_hash)


def test_signing_out_everywhere_ends_every_session(service, person):
    member = person()
    office, phone = signed_in(service, member), signed_in(service, member)
    with transaction():
        signin.sign_out_everywhere(db.session.get(Member, member.id))
    assert not is_signed_in(office)
    assert not is_signed_in(phone)


def test_a_session_sleeps_for_twelve_hours_at_most(service, person):
    client = signed_in(service, person())
    began = clock.now()
    with time_machine.travel(began + timedelta(hours=11)):
        assert is_signed_in(client)
    with time_machine.travel(began + timedelta(hours=22)):
        assert is_signed_in(client)  # touched eleven hours ago
    with time_machine.travel(began + timedelta(hours=35)):
        assert not is_signed_in(client)


def test_no_session_outlives_a_week_however_busy_it_is(service, person):
    client = signed_in(service, person())
    began = clock.now()
    for hours in range(10, 160, 10):
        with time_machine.travel(began + timedelta(hours=hours)):
            assert is_signed_in(client), hours
    with time_machine.travel(began + timedelta(hours=169)):
        assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("target", "followed"),
    [
        ("/bookings?page=2", "/bookings?page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
    ],
)
def test_after_the_sign_in_no_redirect_leads_outside(visitor, person, target, followed):
    answer = attempt(visitor, person().email, PASSWORD, next=target)
    assert answer.headers["Location"] == followed


def test_the_session_cookie_is_out_of_reach_of_scripts(visitor, person):
    cookie = attempt(visitor, person().email, PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_token_speaks_for_its_member_until_it_is_revoked(service, person):
    member = person()
    with transaction():
        plain = tokens.issue(member, "laptop")
    kept = db.session.scalars(sa.select(ApiToken)).one()
    assert plain not in kept.digest
    assert tokens.member_for(f"Bearer {plain}") == member
    db.session.refresh(kept)
    assert kept.last_used_at is not None
    with transaction():
        tokens.revoke(member, kept.id)
    assert tokens.member_for(f"Bearer {plain}") is None
    with pytest.raises(tokens.NoSuchToken):
        tokens.revoke(member, kept.id)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer mc_", "Basic bWM6eA==", "Bearer mc_" + "a" * 43, "ợ"]
)
def test_any_other_header_speaks_for_nobody(service, header):
    assert tokens.member_for(header) is None


def test_an_expired_token_and_a_token_of_somebody_who_left_speak_for_nobody(service, person):
    member = person()
    with transaction():
        short = tokens.issue(member, expires_at=clock.now() + timedelta(hours=1))
        long = tokens.issue(member)
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        assert tokens.member_for(f"Bearer {short}") is None
        assert tokens.member_for(f"Bearer {long}") == member
    with transaction():
        member.is_active = False
    assert tokens.member_for(f"Bearer {long}") is None
