"""Our conventions against what other libraries printed (results/conformance.json), and that the comparison can fail."""

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

import recdiv as rd
from benchmarks.conformance import compare, ours
from benchmarks.conformance import environments as envs
from benchmarks.conformance.inputs import INPUTS
from recdiv.metrics._registry import conventions

RECORD = Path(__file__).parents[1] / "results" / "conformance.json"
RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))
ROWS = RECORDED["rows"]
LIBRARIES = sorted({row["library"] for row in ROWS})


def number(recorded):
    return math.nan if recorded == "NaN" else recorded


def test_the_record_is_of_these_inputs_and_these_versions():
    assert RECORDED["config"]["inputs"] == compare.fingerprint()
    run = {name: about["version"] for name, about in RECORDED["peers"].items() if about["source"] == "run"}
    assert run == {name: peer.version for name, peer in envs.PEERS.items()}
    assert {name for name, about in RECORDED["peers"].items() if about["source"] == "formula"} == set(envs.SOURCE_ONLY)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_convention_gives_the_number_that_was_printed(library):
    rows = [row for row in ROWS if row["library"] == library and row["status"] == "same"]
    assert rows
    for row in rows:
        value = ours.value(row["metric"], library, INPUTS[row["input"]])
        assert ours.same(number(row["printed"]), value), row


def test_what_differs_is_known_and_named():
    """A library counts items that nobody knows; here they have no identity."""
    for row in ROWS:
        if row["status"] == "different":
            assert row["why"] == compare.WHY[row["input"]], row
            assert not ours.same(number(row["printed"]), number(row["ours"])), row
    assert {row["input"] for row in ROWS if row["status"] == "different"} == set(compare.WHY)


def test_every_convention_is_held_to_a_number():
    held = {(row["library"], row["metric"].partition("@")[0]) for row in ROWS if row["status"] == "same"}
    assert {(each.library, each.metric) for each in conventions()} == held
    assert {each.metric for each in conventions()} <= set(rd.metrics.names())


def test_what_a_library_refuses_is_kept_in_its_own_words():
    refused = [row for row in ROWS if row["status"] == "refused"]
    assert refused
    assert all(row["printed"].partition(":")[0].endswith(("Error", "Exception")) for row in refused)


@pytest.mark.parametrize("name", sorted(envs.SOURCE_ONLY))
def test_formulas_are_what_was_recorded(name):
    fresh = list(compare.rows(name, compare.answers(name)))
    recorded = [row for row in ROWS if row["source"] == "formula" and row["library"] == name]
    assert [(row["printed_as"], row["input"], row["status"]) for row in fresh] == [
        (row["printed_as"], row["input"], row["status"]) for row in recorded
    ]
    for row, kept in zip(fresh, recorded, strict=True):
        if row["status"] != "refused":
            assert ours.same(number(row["printed"]), number(kept["printed"]))


def test_the_comparison_can_fail(monkeypatch, tmp_path):
    from benchmarks.conformance import __main__ as command

    app = command.typer.Typer()
    app.command()(command.main)
    monkeypatch.setattr(command, "TARGET", tmp_path / "conformance.json")
    good = CliRunner().invoke(app, ["rsdiv"])
    assert good.exit_code == 0, good.output
    said = compare.answers("rsdiv")
    said["plain"]["shannon_index"]["value"] += 1e-4
    monkeypatch.setattr(compare, "answers", lambda name: said)
    bad = CliRunner().invoke(app, ["rsdiv"])
    assert bad.exit_code == 1
    assert "rsdiv shannon_index on 'plain'" in bad.output
    kept = json.loads((tmp_path / "conformance.json").read_text(encoding="utf-8"))
    assert [row["status"] for row in kept["rows"] if row["input"] == "plain"].count("different") == 1


@pytest.mark.parametrize(
    ("one", "other"), [(1.0, 1.00001), (math.nan, 0.0), (0.0, math.nan), ("KeyError: 5", 1.0), (1.0, "needs train")]
)
def test_two_numbers_that_are_not_one(one, other):
    assert not ours.same(one, other)
    assert ours.same(math.nan, math.nan)
    assert ours.same(1.0, 1.0 + 1e-9)


def test_a_name_that_no_convention_claims_is_refused():
    with pytest.raises(KeyError, match="evenness"):
        list(compare.rows("rsdiv", {"plain": {"evenness": {"value": 1.0}}}))


def test_the_command_knows_its_peers():
    from benchmarks.conformance import __main__ as command

    app = command.typer.Typer()
    app.command()(command.main)
    assert CliRunner().invoke(app, ["librec"]).exit_code == 2
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0


@pytest.mark.slow
def test_a_peer_prints_what_it_printed():
    peer = envs.PEERS["vendi-score"]
    if not envs.built(peer):
        pytest.skip("its environment does not stand: python -m benchmarks.conformance vendi-score")
    fresh = list(compare.rows(peer.name, compare.answers(peer.name)))
    recorded = [row for row in ROWS if row["library"].startswith(peer.name)]
    assert [row["status"] for row in fresh] == [row["status"] for row in recorded]
    for row, kept in zip(fresh, recorded, strict=True):
        if row["status"] == "same":
            assert ours.same(number(kept["printed"]), number(row["printed"]))
