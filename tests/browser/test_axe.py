"""The calendar for those who do not see it; and that the looking sees."""

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import SignIn

MEMBER = "member@unit-a.example"


def test_a_fault_put_into_a_page_is_found(sign_in: SignIn) -> None:
    page = sign_in(MEMBER)
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [found for found in violations(page) if found.startswith("button-name")]


@pytest.mark.parametrize("view", ["day", "week"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_calendar_has_no_grave_violation(sign_in: SignIn, view: str, *, phone: bool) -> None:
    page = sign_in(MEMBER, phone=phone)
    page.goto(f"/calendar?view={view}")
    assert violations(page) == []
