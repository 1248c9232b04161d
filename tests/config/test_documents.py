"""Whatever an operator writes into a file, the answer names the file and the line."""

import pytest

from config import documents
from config.documents import BadDocument


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("first: 1\nday: 2026-02-30\n", "line 2: cannot be read: day is out of range"),
        ("first: 1\nday: 2026-13-01T00:00:00\n", "line 2: cannot be read: month must be"),
        ("first: 1\n? [a, list]\n: 1\n", "line 1: cannot be read: unhashable"),
        ("first: 1\ncount: !!int many\n", "line 2: cannot be read: invalid literal"),
        ("first: 1\ncount: " + "9" * 5000 + "\n", "line 2: cannot be read: Exceeds the limit"),
        ("first: 1\nfirst: 2\n", "line 2: the key 'first' is given twice"),
        ("a: &a\n  - *a\n", "recursive"),
        ("a: !!python/object/apply:os.system ['id']\n", "could not determine a constructor"),
        ("a: " + "[" * 5000 + "]" * 5000, "too deeply nested"),
    ],
)
def test_what_is_no_value_is_a_problem_with_its_line(text, told):
    with pytest.raises(BadDocument) as refused:
        documents.parse(text, "halls.yml")
    assert refused.value.message.startswith("halls.yml")
    assert told in refused.value.message
    assert len(refused.value.message) < 400
