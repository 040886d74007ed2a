"""What is built can be installed and used elsewhere; importing it is light; what is pinned agrees everywhere."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import recdiv

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LIGHT = ("torch", "pandas", "numpy", "scipy", "transformers", "matplotlib", "rich", "typer")


def pins():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def version_of(pin):
    [specifier] = pin.specifier
    assert specifier.operator == "==", pin
    return specifier.version


def requirements():
    optional = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    return [one for one in map(Requirement, [*PROJECT["dependencies"], *optional]) if one.name != "recdiv"]


def run(*command, **options):
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_import_is_fast_and_loads_nothing_heavy():
    code = f"""
import json, sys, time
start = time.perf_counter()
import recdiv
seconds = time.perf_counter() - start
print(json.dumps([seconds, sorted(set({LIGHT!r}) & set(sys.modules))]))
"""
    measured = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        measured.append(json.loads(done.stdout))
    assert min(seconds for seconds, _ in measured) < 0.3
    assert measured[0][1] == []


def test_every_public_name_resolves():
    for name in recdiv.__all__:
        assert getattr(recdiv, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        recdiv.nonsense  # noqa: B018


def test_version_is_said_once():
    assert recdiv.__version__ == PROJECT["version"]
    assert f"\nversion: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_requirement_has_a_bound_and_a_pin_that_meets_it(requirement):
    assert any(one.operator == ">=" for one in requirement.specifier), "a lower bound"
    assert not any(one.operator == "==" for one in requirement.specifier), "no exact pin: hosts own their packages"
    assert requirement.specifier.contains(version_of(pins()[canonicalize_name(requirement.name)]))


NOT_BY_DEV = {"pyspark"}  # its extra is for those who have Spark, and for .ci/run


def closure():
    """Names of all packages that ``.[dev]`` brings here, found by following what is installed."""
    waiting, seen = [(one.name, frozenset(one.extras)) for one in requirements()], set()
    while waiting:
        name, extras = waiting.pop()
        if (key := (canonicalize_name(name), extras)) in seen:
            continue
        if name in NOT_BY_DEV:
            continue
        seen.add(key)
        for line in distribution(name).requires or []:
            one = Requirement(line)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((one.name, frozenset(one.extras)))
    return {name for name, _ in seen}


def test_everything_that_is_installed_is_pinned():
    chosen_by_the_torch_build = re.compile(r"nvidia-|cuda-|triton|setuptools$|pip$|wheel$")
    unpinned = {name for name in closure() - set(pins()) if not chosen_by_the_torch_build.match(name)}
    assert unpinned == set()


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0", "3.14.0"])
def test_every_pin_can_be_installed_on_every_python_that_is_promised(python):
    """Debian's 3.11 is 3.11.2, and some packages ask for a later patch release."""
    refused = []
    for name, pin in pins().items():
        with suppress(PackageNotFoundError):
            here = distribution(name)
            needs = here.metadata["Requires-Python"] or ""
            if pin.specifier.contains(here.version) and not SpecifierSet(needs).contains(python):
                refused.append(f"{pin} needs Python {needs}")
    assert refused == []


def test_conda_environment_agrees_with_the_pins():
    yaml = pytest.importorskip("yaml")
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    dependencies = environment["dependencies"]
    [by_pip] = [one["pip"] for one in dependencies if isinstance(one, dict)]
    [python] = [one for one in dependencies if str(one).startswith("python=")]
    assert python.removeprefix("python=") in PROJECT["requires-python"]
    assert by_pip[0] == str(pins()["torch"]), "torch first, as in the Makefile"
    assert by_pip[1:] == ["-c constraints.txt", "-e .[dev]"]


def test_makefile_and_constraints_name_the_same_torch():
    assert f"TORCH_SPEC ?= {pins()['torch']}\n" in (ROOT / "Makefile").read_text()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), cwd=ROOT)
    [wheel], [source] = list(folder.glob("*.whl")), list(folder.glob("*.tar.gz"))
    return wheel, source


@pytest.mark.slow
def test_wheel_and_source_hold_what_they_must(built):
    wheel, source = built
    inside = set(zipfile.ZipFile(wheel).namelist())
    data = {path.relative_to(ROOT / "data").as_posix() for path in (ROOT / "data").rglob("*") if path.is_file()}
    assert {f"recdiv/_data/{name}" for name in data if "__pycache__" not in name} <= inside
    assert {"recdiv/py.typed", "recdiv/_constraints.txt"} <= inside
    assert {f"recdiv/_results/{path.name}" for path in (ROOT / "results").glob("*.json")} <= inside
    for licence in ("LICENSE", "LICENSE-DATA"):  # of the code, and of the sample that comes with it
        assert any(name.endswith(f"licenses/{licence}") for name in inside)
    assert not [name for name in inside if name.startswith(("tests/", "book/", "notebooks/"))]
    assert wheel.stat().st_size < 10e6
    names = {name.partition("/")[2] for name in tarfile.open(source).getnames()}
    assert {"pyproject.toml", "LICENSE", "README.md", "constraints.txt", "recdiv/tables.py"} <= names
    assert not [name for name in names if name.startswith((".venv/", "_build/", ".git/"))]


@pytest.mark.slow
def test_wheel_installs_and_works_away_from_the_checkout(built, tmp_path):
    """A new environment that borrows this one's packages, but not this recdiv."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    run(sys.executable, "-m", "pip", "-q", "--python", str(python), "install", "--no-deps", str(built[0]))
    [site] = (tmp_path / "env" / "lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    code = """
import recdiv as rd, pathlib, sys
assert pathlib.Path(rd.__file__).is_relative_to(sys.prefix), rd.__file__
data = rd.load("video")
assert data.interactions is not None and len(data.catalog) > 100
from recdiv.notebook import results_folder
assert results_folder().name == "_results"
"""
    run(str(python), "-c", code, cwd=tmp_path)
    said = run(str(tmp_path / "env" / "bin" / "recdiv"), "--version", cwd=tmp_path)
    assert said == f"recdiv {PROJECT['version']}\n"
    assert "recdiv works" in run(str(python), "-m", "recdiv", "doctor", cwd=tmp_path)
