"""Draws the sentences of refusals for the catalogue: docstrings are their default messages."""

import ast
import builtins
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

Found = tuple[int, str, str, list[str]]

FAMILIES = {"Refusal", "NotFound", "NotAllowed", "Conflict", "Invalid", "Unreachable"}


def extract(
    source: BinaryIO,
    _keywords: Mapping[str, Any],
    _comment_tags: Collection[str],
    options: Mapping[str, Any],  # noqa: ARG001  # Babel names it
) -> Iterator[Found]:
    """What a module says when it refuses: docstrings, constant messages, and what `_()` marks."""
    tree = ast.parse(source.read())
    for line, words in _said(tree):
        yield line, "gettext", words, []


def _said(tree: ast.Module) -> Iterator[tuple[int, str]]:
    families = set(FAMILIES)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and (_names(node) & families or node.name == "Refusal"):
            families.add(node.name)
            yield node.lineno, ast.get_docstring(node) or ""
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            # Python's own exceptions are for programmers and operators.
            if ast.unparse(node.exc.func) not in vars(builtins):
                yield from _constants(node.exc)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield from _constants(node)
        elif isinstance(node, ast.Assign) and _is_sentence(node.value):
            yield node.lineno, ast.literal_eval(node.value)


def _names(node: ast.ClassDef) -> set[str]:
    return {base.id for base in node.bases if isinstance(base, ast.Name)}


def _constants(call: ast.Call) -> Iterator[tuple[int, str]]:
    for value in call.args[:1]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield call.lineno, value.value


def _is_sentence(value: ast.expr) -> bool:
    """A constant that ends as a sentence does is one that people read."""
    return (
        isinstance(value, ast.Constant)
        and isinstance(value.value, str)
        and " " in value.value
        and value.value.endswith(".")
    )
