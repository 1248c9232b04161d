"""Every refusal that a page may show has its sentence in the catalogue; the rest are named here."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from babel.messages.pofile import read_po

from config.errors import PLACE, NotFound, Refusal
from tests.house.test_house import FLOORS, HOME

CATALOGUE = HOME / "portal" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"

# Only a terminal or a program ever reads these: they stay in English.
ENGLISH = {
    "config.documents": "the start, and commands",
    "config.embedded": "the start, and commands",
    "config.settings": "the start, and commands",
    "portal.api": "programs",
    "portal.catalogue_files.reading": "the import command",
    "portal.cli": "commands",
    "portal.demo": "the demo's devices",
    "portal.idempotency": "programs",
    "portal.webhooks": "programs",
    "portal.keys": "the start, and commands",
    "portal.mail": "the worker's log",
    "portal.programs": "media-center run",
    "portal.vital_signs": "Prometheus",
    "portal.worker": "the worker's log",
}


def _below(family: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in family.__subclasses__():
        yield kind
        yield from _below(kind)


def _refusals() -> list[type[Refusal]]:
    """Every refusal of the house, also of modules that no other test imports."""
    for floor in FLOORS:
        package = importlib.import_module(floor)
        for module in pkgutil.walk_packages(package.__path__, f"{floor}."):
            if not module.name.endswith("__main__") and ".migrations." not in module.name:
                importlib.import_module(module.name)
    return [kind for kind in _below(Refusal) if kind.__module__.partition(".")[0] in FLOORS]


def _is_english(kind: type[Refusal]) -> bool:
    return any(f"{kind.__module__}.".startswith(f"{room}.") for room in ENGLISH)


def test_every_refusal_of_a_page_speaks_vietnamese():
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="vi")
    silent = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in _refusals()
        if not _is_english(kind)
        and not ((found := catalogue.get(inspect.getdoc(kind) or "")) and found.string)
    ]
    assert silent == []


def test_every_refusal_says_in_its_docstring_what_happened_and_what_to_do():
    """One sentence of one line: it is the default message."""
    wrong = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in _refusals()
        if "\n" in (doc := (kind.__doc__ or "").strip()) or not doc.endswith(".")
    ]
    assert wrong == []


def _raised() -> Iterator[tuple[str, ast.Call]]:
    """Every raise of a refusal that a page may show, with where it stands."""
    spoken = {kind.__name__ for kind in _refusals() if not _is_english(kind)}
    spoken |= {"NotFound", "NotAllowed", "Conflict", "Invalid", "Unreachable"}
    for floor in FLOORS:
        for path in sorted((HOME / floor).rglob("*.py")):
            room = ".".join(path.relative_to(HOME).with_suffix("").parts)
            if any(f"{room}.".startswith(f"{english}.") for english in ENGLISH):
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                call = node.exc if isinstance(node, ast.Raise) else node
                if isinstance(call, ast.Call) and (
                    ast.unparse(call.func).rpartition(".")[2] in spoken
                ):
                    yield f"{room}:{call.lineno}", call


def _constant(value: ast.expr) -> bool:
    """A template that the extraction finds: written out, named, chosen, or of the page itself."""
    if isinstance(value, ast.IfExp):
        return _constant(value.body) and _constant(value.orelse)
    return isinstance(value, ast.Constant | ast.Name) or (
        isinstance(value, ast.Call) and ast.unparse(value.func) == "_"
    )


def test_no_refusal_of_a_page_is_glued_together():
    """A sentence made of pieces is not in the catalogue: it keeps a template and its values."""
    glued = [
        f"{place}: {ast.unparse(call)}"
        for place, call in _raised()
        if call.args and not _constant(call.args[0])
    ]
    assert glued == []


def test_every_place_of_a_refusal_has_its_value():
    bare = []
    for place, call in _raised():
        if not call.args or not isinstance(call.args[0], ast.Constant):
            continue
        given = {one.arg for one in call.keywords}
        for one in call.keywords:
            if one.arg == "words" and isinstance(one.value, ast.Dict):
                given |= {ast.literal_eval(key) for key in one.value.keys if key is not None}
        if missing := set(PLACE.findall(str(call.args[0].value))) - given:
            bare.append(f"{place}: {sorted(missing)}")
    assert bare == []


def test_a_refusal_fills_its_template_and_keeps_it():
    refused = NotFound("There is no {kind} '{code}'.", words={"kind": "hall"}, code="H1")
    assert refused.message == str(refused) == "There is no hall 'H1'."
    assert refused.template == "There is no {kind} '{code}'."
    assert refused.details == {"code": "H1"}


def test_braces_that_are_no_place_stay_as_they_are():
    cases = [
        ("The body must be one JSON object: {…}.", {}, "a brace of the sentence"),
        ("{code}", {"code": "{code} {0} {x.__class__}"}, "braces in a value"),
        ("{unknown} {0} {", {}, "a place without a value"),
    ]
    for template, values, why in cases:
        said = NotFound(template, **values).message
        assert said == values.get("code", template), why
