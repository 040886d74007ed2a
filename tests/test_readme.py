"""What the front pages promise: code blocks run, commands exist, files that are named are there."""

import re
from pathlib import Path

import pytest
import typer.main

import recdiv
from recdiv.cli import app

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "THIRD_PARTY_NOTICES.md", "book/how_to_run.md"]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)


def commands(text):
    """Everything that reads like a command: lines of shell blocks, and code in the prose."""
    shell = [
        line.partition("#")[0]
        for block in re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
        for line in block.splitlines()
    ]
    prose = re.findall(r"`((?:make|recdiv) [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [re.sub("<[^>]*>", "X", line).split() for line in [*shell, *prose] if line.strip()]


def exists(words):
    if words[0] == "make":
        return all(word in TARGETS or "=" in word for word in words[1:])
    command = typer.main.get_command(app)
    for word in words[1:]:
        if word.startswith("-"):
            return word in {option for parameter in command.params for option in parameter.opts} | {"--help"}
        if not hasattr(command, "commands"):
            return True  # what follows is an argument
        if word not in command.commands:
            return all(part in command.commands for part in word.split("|")) and "|" in word
        command = command.commands[word]
    return True


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_named_exists(page):
    named = [words for words in commands((ROOT / page).read_text()) if words[0] in ("make", "recdiv")]
    assert named or page == "THIRD_PARTY_NOTICES.md"
    assert [" ".join(words) for words in named if not exists(words)] == []


def test_the_command_rule_can_fail():
    assert not exists(["make", "nonsense"])
    assert not exists(["recdiv", "nonsense"])
    assert not exists(["recdiv", "book", "nonsense"])
    assert not exists(["recdiv", "book", "run", "--nonsense"])
    assert exists(["recdiv", "book", "run|record"]) is True


def test_every_python_block_of_the_readme_runs(capsys):
    found = blocks("README.md", "python")
    assert found
    names = {}
    for block in found:
        exec(compile(block, "README.md", "exec"), names)
    value = names["report"].frame.set_index("metric")["value"]
    assert value["gamma"] == pytest.approx(value["alpha"] * value["beta"], rel=1e-9)
    assert value["ndcg@10"] > 0
    varied, best = (names[each].items[:, :10] for each in ("varied", "best"))
    alpha = [names["rd"].effective_number(each, names["kernel"]).log().mean() for each in (varied, best)]
    assert alpha[0] > alpha[1]


def test_an_example_is_five_lines():
    for block in blocks("README.md", "python"):
        assert len([line for line in block.splitlines() if line.strip()]) <= 5


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "THIRD_PARTY_NOTICES.md"])
def test_every_file_that_is_named_exists(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL)
    named = re.findall(
        r"`((?:[\w.-]+/)*[\w.-]+\.(?:md|py|cff|toml|txt|yml)|LICENSE[\w-]*|(?:book|tests|recdiv)/[\w/-]+)`", text
    )
    assert named
    assert [name for name in named if not (ROOT / name).exists() and "NN_" not in name] == []


def test_no_repository_address_is_invented():
    from recdiv.book.project import Project

    project = Project.find(ROOT)
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("*.cff"),
        ROOT / "pyproject.toml",
        ROOT / "_config.yml",
        *project.notebooks.glob("*.ipynb"),
    ]
    for path in pages:
        assert not re.search(r"(?:github|gitlab)\.com/[\w.-]+/recdiv", path.read_text()), path


def measured_numbers(text):
    """Decimals that are no code, version, licence or, where a line lists chapters, the number of one."""
    text = re.sub(r"```.*?```|`[^`]*`|\d+\.\d+\.\d+|Python \d\.\d+|CC BY \d\.\d", "", text, flags=re.DOTALL)
    titles = re.findall(r'title = "(\d+\.\d+) ', (ROOT / "book/chapters.toml").read_text())
    found = [(number, line) for line in text.splitlines() for number in re.findall(r"\d+\.\d+", line)]
    return [number for number, line in found if not ("chapters" in line and number in titles)]


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_no_measured_number_is_typed_by_hand(page):
    assert measured_numbers((ROOT / page).read_text()) == []


def test_a_measured_number_typed_by_hand_is_found():
    assert measured_numbers("It takes 3.4 s.") == ["3.4"]
    assert measured_numbers("The book: chapters 1, 3.4 and 6.4, in 12.5 s; `x = 0.5`, version 1.2.3") == ["12.5"]


def test_citation_file_holds_what_it_must():
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= set(citation)


def test_notices_name_every_vendored_script():
    import tomllib

    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text()
    for manifest in (ROOT / "book/_static/vendor/manifest.toml", ROOT / "tests/vendor/manifest.toml"):
        for entry in tomllib.loads(manifest.read_text()).values():
            assert f"| {entry['version']} | {entry['licence']} |" in notices, entry["source"]


def test_every_public_name_stands_on_the_library_page():
    pages = "".join((ROOT / "book" / name).read_text() for name in ("api.md", "api_models.md"))
    written = set(re.findall(r"(?:autoclass|autofunction):: recdiv\.([\w.]+)", pages))
    shown = {name.rpartition(".")[2] for name in written}
    promised = {name for name in recdiv.__all__ if name not in recdiv._SUBMODULES and name[0] != "_"}
    promised |= {name for part in ("metrics", "recommend") for name in getattr(recdiv, part).__all__}
    assert promised <= shown, promised - shown
