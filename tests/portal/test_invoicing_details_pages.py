"""Invoicing details on the pages: who may, the live check, what is kept and what is told."""

import html

import pytest

from billing import invoicing_details
from billing.invoicing_details import Details
from config.database import db, transaction
from rental import units
from rental.models import Role
from tests import build
from tests.portal.conftest import signed_in, token_of

RIGHT = "0301234562"


class Scene:
    """Unit A with its head and a member; unit B bears a tax code."""

    def __init__(self, service, person):
        self.service = service
        with transaction():
            ours = build.a_unit(slug="unit-a", name="Báo Sông Xanh")
            theirs = build.a_unit(slug="unit-b", name="Đài Núi Cao", tax_code=RIGHT)
        self.people = {
            "head": person(unit=ours, role=Role.HEAD),
            "member": person(unit=ours),
            "theirs": person(unit=theirs, role=Role.HEAD),
            **{role.value: person(role=role) for role in (Role.DESK, Role.FINANCE, Role.OPERATOR)},
        }

    def browser(self, who):
        return signed_in(self.service, self.people[who])

    def post(self, who, path, **fields):
        browser = self.browser(who)
        return browser.post(path, data={"csrf_token": token_of(browser), **fields})

    def kept(self, slug="unit-a"):
        db.session.rollback()
        return invoicing_details.of(units.get(slug))


@pytest.fixture
def scene(service, person):
    return Scene(service, person)


def text(answer):
    return html.unescape(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("head", 200),
        ("member", 403),  # its head keeps them
        ("theirs", 404),  # as if there were no such unit
        ("desk", 200),
        ("finance", 200),
        ("operator", 403),
    ],
)
def test_whose_details_one_may_open(scene, who, status):
    assert scene.browser(who).get("/units/unit-a/invoicing").status_code == status


def test_a_head_keeps_the_details_and_the_history_tells_who(scene):
    answer = scene.post(
        "head", "/units/unit-a/invoicing", tax_code="MST: 0301.234.562-001", name="Toà soạn"
    )
    assert answer.status_code == 302
    assert scene.kept() == Details(name="Toà soạn", tax_code="0301234562-001")
    page = text(scene.browser("finance").get("/units/unit-a/invoicing"))
    assert "0301234562-001</ins>" in page
    assert scene.people["head"].name in page


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(scene):
    answer = scene.post("head", "/units/unit-a/invoicing", tax_code="0301234567", name="Mới")
    page = text(answer)
    assert answer.status_code == 422
    assert 'value="0301234567"' in page
    assert 'value="Mới"' in page
    assert "sai chữ số kiểm tra" in page
    assert scene.kept() == Details()


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("tax_code", "0301234567", "sai chữ số kiểm tra"),
        ("tax_code", "0301234562-001", "Hợp lệ: 0301234562-001"),
        ("tax_code", "079203000123", "số định danh cá nhân"),
        ("tax_code", "079299000123", "chưa đến"),  # a person's, told where it was typed
        ("budget_code", "12", "7 chữ số"),
        ("personal_id", "079203000123", "Hợp lệ"),
        ("email", "kế toán", "thư điện tử"),
    ],
)
def test_the_check_speaks_while_one_types_and_writes_nothing(scene, name, typed, said):
    answer = scene.post("head", f"/units/unit-a/invoicing/check/{name}", **{name: typed})
    assert answer.status_code == 200
    assert said in text(answer)
    assert scene.kept() == Details()
    assert scene.post("head", "/units/unit-a/invoicing/check/slug").status_code == 404


def test_one_tax_code_of_two_units_is_a_warning_that_names_nobody_to_a_unit(scene):
    path = "/units/unit-a/invoicing/check/tax_code"
    assert "Đài Núi Cao" in text(scene.post("finance", path, tax_code=RIGHT))
    told = text(scene.post("head", path, tax_code=RIGHT))
    assert "đơn vị khác" in told
    assert "Đài Núi Cao" not in told
    assert scene.post("head", "/units/unit-a/invoicing", tax_code=RIGHT).status_code == 302


def test_why_there_is_no_code_is_the_word_of_finance(scene):
    scene.post("head", "/units/unit-a/invoicing", no_code_reason="Tôi nói vậy")
    assert scene.kept().no_code_reason is None
    scene.post("finance", "/units/unit-a/invoicing", no_code_reason="Cơ quan nước ngoài")
    assert scene.kept().no_code_reason == "Cơ quan nước ngoài"
    scene.post("head", "/units/unit-a/invoicing", address="1 Lê Lợi")
    assert scene.kept() == Details(address="1 Lê Lợi", no_code_reason="Cơ quan nước ngoài")


def test_finance_finds_the_units_to_complete_in_its_work(scene):
    with transaction():
        build.a_unit(slug="sai", name="Đơn vị Sai", tax_code="0301234567")
    assert "/units/invoicing" in text(scene.browser("finance").get("/"))
    page = text(scene.browser("finance").get("/units/invoicing"))
    assert page.index("Đơn vị Sai") < page.index("Báo Sông Xanh")
    assert "sai chữ số kiểm tra" in page
    assert "Đài Núi Cao" not in page


def test_hostile_details_are_words_on_the_page(scene):
    typed = "<script>alert(1)</script>"
    scene.post("head", "/units/unit-a/invoicing", name=typed)
    page = scene.browser("finance").get("/units/unit-a/invoicing").get_data(as_text=True)
    assert typed not in page
    assert "&lt;script&gt;" in page


def put(scene, bearer, who, **body):
    headers = bearer(scene.people[who])
    path = "/api/v1/units/unit-a/invoicing-details"
    return scene.service.test_client().put(path, headers=headers, json=body)


def test_the_api_replaces_all_of_the_details(scene, bearer):
    told = put(scene, bearer, "head", tax_code="0301 234 562", name="Toà soạn")
    assert told.status_code == 200
    assert (told.json["tax_code"], told.json["standing"]) == (RIGHT, "complete")
    assert told.json["same_tax_code"] == []
    assert put(scene, bearer, "finance", tax_code=RIGHT).json["same_tax_code"] == ["unit-b"]
    assert scene.kept() == Details(tax_code=RIGHT)


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("head", {"tax_code": "0301234567"}, 422),
        ("head", {"no_code_reason": "vậy"}, 403),  # finance's word
        ("head", {"slug": "x"}, 422),  # unknown
        ("theirs", {"tax_code": RIGHT}, 404),
        ("member", {"tax_code": RIGHT}, 403),
    ],
)
def test_the_api_refuses_and_writes_nothing(scene, bearer, who, body, status):
    refused = put(scene, bearer, who, **body)
    assert refused.status_code == status
    if body == {"tax_code": "0301234567"}:
        assert refused.json["field"] == "tax_code"
        assert "check digit" in refused.json["detail"]
    assert scene.kept() == Details()
