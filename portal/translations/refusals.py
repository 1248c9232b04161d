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
        elif isinstance(node, ast.Call):
            yield from _constants(node) if _is_marked(node) else _sentences(node)
        elif isinstance(node, ast.Assign) and _is_sentence(node.value):
            yield node.lineno, ast.literal_eval(node.value)
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "TABLE":
            yield from _verbs(node)


def _names(node: ast.ClassDef) -> set[str]:
    return {base.id for base in node.bases if isinstance(base, ast.Name)}


def _constants(call: ast.Call) -> Iterator[tuple[int, str]]:
    for value in call.args[:1]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield call.lineno, value.value


def _is_marked(call: ast.Call) -> bool:
    """Whether the call is `_("…")`, or a refusal passing its template to its family."""
    return ast.unparse(call.func) in {"_", "super().__init__"}


def _sentences(call: ast.Call) -> Iterator[tuple[int, str]]:
    """Templates on their way to a function that refuses with them."""
    if isinstance(call.func, ast.Name):
        for value in call.args[1:]:
            if _is_sentence(value):
                yield value.lineno, ast.literal_eval(value)


def _verbs(table: ast.AnnAssign) -> Iterator[tuple[int, str]]:
    """The verbs of the table of access, which a refusal names."""
    if isinstance(table.value, ast.Dict):
        for key in table.value.keys:
            if isinstance(key, ast.Constant):
                yield key.lineno, str(key.value)


def _is_sentence(value: ast.expr) -> bool:
    """A constant that ends as a sentence does is one that people read."""
    return (
        isinstance(value, ast.Constant)
        and isinstance(value.value, str)
        and " " in value.value
        and value.value.endswith(".")
    )
