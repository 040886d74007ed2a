"""The house rules that a machine can hold: floors, sizes, and what may not stand in the repository."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "recdiv"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Each floor imports from its own and those below. A private module of the package's root belongs to the diversity
# family, except those listed here.
FLOORS = {
    "_columns": 0,
    "_extras": 0,
    "_paths": 0,
    "_provenance": 0,
    "_threads": 0,
    "_recommendations": 1,
    "tables": 1,
    "datasets": 2,
    "files": 2,
    "diversity": 3,
    "kernels": 3,
    "lm": 3,
    "presets": 3,
    "explain": 4,
    "metrics": 4,
    "recommend": 4,
    "reranking": 4,
    "evaluation": 5,
    "spark": 5,
    "loop": 6,
    "serve": 6,
    "book": 7,
    "cli": 7,
    "experiments": 7,
    "notebook": 7,
    "plots": 7,
    "report": 7,
}
MAX_LINES = 300
MAX_FUNCTION = 50
_TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".cfg", ".json", ".ipynb", ".css", ".js", ".cff", ".bib", ""}
_FORBIDDEN = {
    "a folder of one machine": re.compile(r"(?<![\w.])/(?:work|root|home/[a-z]\w*|Users/\w+|tmp/\w+)/"),
    "the host of a package registry": re.compile(
        r"\b(?:pypi\.org|pythonhosted\.org|download\.pytorch\.org|registry\.npmjs)"
    ),
}


def name_of(path):
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def floor_of(module):
    """The floor of ``recdiv.x.y``; private modules of the root that are not listed carry the diversity family."""
    part = module.split(".")[1]
    if part not in FLOORS and part.startswith("_"):
        return FLOORS["diversity"]
    return FLOORS[part]


def imported(tree):
    """Every recdiv module imported anywhere in a file, except for type checking."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("recdiv."))
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "recdiv":
                yield from (f"recdiv.{alias.name}" for alias in node.names)
            elif node.module.startswith("recdiv."):
                yield node.module


def upward(source, module):
    return [name for name in imported(ast.parse(source)) if floor_of(name) > floor_of(module)]


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent != PACKAGE or p.stem[:2] != "__"], ids=name_of)
def test_a_floor_imports_only_from_its_own_and_below(path):
    module = "recdiv." + name_of(path).removesuffix("/__init__").replace("/", ".")
    assert upward(path.read_text(), module) == []


def test_the_floor_rule_can_fail():
    assert upward("def f():\n    from recdiv.evaluation import evaluate", "recdiv.tables") == ["recdiv.evaluation"]
    assert upward("import recdiv.cli", "recdiv.metrics.ild") == ["recdiv.cli"]
    assert upward("if TYPE_CHECKING:\n    from recdiv.evaluation import evaluate", "recdiv.tables") == []
    assert upward("from recdiv.tables import Catalog", "recdiv.evaluation") == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_reads_in_one_sitting(path):
    source = path.read_text()
    assert len(source.splitlines()) <= MAX_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[1].lineno if ast.get_docstring(node) and len(node.body) > 1 else node.body[0].lineno
            assert (node.end_lineno or start) - start < MAX_FUNCTION, f"{node.name} is too long"


def tracked():
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        paths = [ROOT / name for name in done.stdout.split("\0") if name]
    else:
        skipped = {".venv", "_build", "__pycache__", "dist"}
        paths = [path for path in ROOT.rglob("*") if not skipped.intersection(path.relative_to(ROOT).parts)]
    return [path for path in paths if path.is_file() and "vendor" not in path.parts and path.suffix in _TEXT]


def test_no_address_of_one_machine_or_registry_stands_in_the_repository():
    found = []
    for path in tracked():
        if path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        found += [
            f"{path.relative_to(ROOT)}: {what}: {m[0]}" for what, rule in _FORBIDDEN.items() if (m := rule.search(text))
        ]
    assert found == []


def test_nothing_that_is_made_is_committed():
    made = (".venv/", "_build/", "dist/", "__pycache__")
    assert [path for path in tracked() if any(part in path.relative_to(ROOT).as_posix() for part in made)] == []


def test_library_raises_instead_of_asserting_and_catches_by_name():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.Assert), f"{path}: assert"
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "everything"
                assert caught not in ("everything", "Exception", "BaseException"), (
                    f"{path}:{node.lineno} catches {caught}"
                )


def test_the_floors_that_contributors_read_are_these():
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("## The floors")[2].partition("## House rules")[0]
    rows = [re.findall(r"`(\w+)/?`", line.split("|")[2]) for line in text.splitlines() if line.startswith("| ")][1:]
    written = {name: i for i, names in enumerate(reversed(rows)) for name in names}
    levels = sorted({floor for name, floor in FLOORS.items() if not name.startswith("_")})
    assert written == {name: levels.index(floor) for name, floor in FLOORS.items() if not name.startswith("_")}
    assert {path.stem for path in PACKAGE.iterdir() if path.name[0] not in "_." and path.suffix in ("", ".py")} <= set(
        FLOORS
    )
