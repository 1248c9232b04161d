"""What probes and devices told in English stands on pages in the visitor's language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale, gettext

from monitoring.rules import Source
from portal.pages.told_words import LONGEST, SOURCES, TOLD, told_words

HOME = Path(__file__).parents[2]


@pytest.fixture
def vietnamese(service: Flask) -> Iterator[None]:
    with service.test_request_context(), force_locale("vi"):
        yield


def _written(value: ast.expr) -> Iterator[str]:
    """The sentence of an expression, each place filled with a word of its own."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "X1" for part in value.values)
        yield "".join(map(str, parts))
    elif isinstance(value, ast.IfExp):
        yield from _written(value.body)
        yield from _written(value.orelse)


def _sentences() -> Iterator[tuple[str, str]]:
    """What every failure and fault of the probes says, with the file that says it."""
    for path in sorted((HOME / "monitoring").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in ("Failure", "Faulty") and len(node.args) > 1:
                for sentence in _written(node.args[1]):
                    yield path.name, sentence


def test_every_sentence_of_a_failure_has_its_vietnamese(vietnamese: None) -> None:
    unknown = {
        sentence: path
        for path, sentence in _sentences()
        if told_words(sentence) == sentence
        # Its last place is one of two sentences, each with its own translation.
        and not sentence.endswith("or X1")
    }
    assert unknown == {}


def test_every_sentence_of_the_list_is_known_again(vietnamese: None) -> None:
    for template in TOLD:
        assert told_words(template) != template, template


def test_every_source_of_evidence_has_words(vietnamese: None) -> None:
    assert set(SOURCES) == set(Source)
    assert all(gettext(words) != words for words in SOURCES.values())


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (None, ""),
        ("waits until BK-1234-5678 is over", "đợi đến khi BK-1234-5678 kết thúc"),
        ("no answer of RTSP: HTTP/1.0 200", "câu trả lời không đúng giao thức RTSP: HTTP/1.0 200"),
        (
            "nothing is known of A: no answer within 5 s; it is not known whether B offers TLSv1",
            "chưa biết gì về A: không trả lời trong 5 giây; chưa biết B có nhận TLSv1 hay không",
        ),
        # What a place holds may itself be one of the sentences, and may be hostile.
        (
            "it broke L02; it could not be taken back: nothing listens on the SSH port",
            "làm cho L02 không còn đạt; không hoàn tác được: không có dịch vụ nào ở cổng SSH",
        ),
        (
            "no evidence was collected: startup",
            "chưa thu thập được thông tin: cấu hình khởi động",
        ),
        ("not reachable: {told} <b>", "không kết nối được: {told} <b>"),
        ("% Invalid input", "% Invalid input"),
        ("not reachable: " + "x" * LONGEST, "not reachable: " + "x" * LONGEST),
    ],
)
def test_what_was_told_is_said_in_vietnamese(
    vietnamese: None, told: str | None, shown: str
) -> None:
    assert told_words(told) == shown


def test_in_english_it_stays_as_it_was_told(service: Flask) -> None:
    with service.test_request_context(), force_locale("en"):
        assert told_words("the host refuses the login") == "the host refuses the login"
