"""recdiv.notebook: gluing, profiles, seeds, recorded results."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from recdiv import notebook


@pytest.mark.parametrize("value", [3, 2.5, "text", np.float64(2.5), np.int64(3), torch.tensor(2.5)])
def test_glue_takes_numbers_and_strings_and_does_nothing_here(value):
    notebook.glue("name", value)


@pytest.mark.parametrize("value", [None, [1], np.ones(1, dtype=object), {"a": 1}])
def test_glue_refuses_what_prose_cannot_show(value):
    with pytest.raises(TypeError, match="glue: total must be a number or a string"):
        notebook.glue("total", value if not isinstance(value, np.ndarray) else np.array([None]))


def test_pick_follows_the_profile():
    assert [notebook.pick(name, smoke=1, default=2, full=3) for name in notebook.PROFILES] == [1, 2, 3]
    assert notebook.pick("full", smoke=1, default=2) == 2
    with pytest.raises(ValueError, match="profile must be one of smoke, default, full, got 'big'"):
        notebook.pick("big", smoke=1, default=2)


def test_seeds_repeat():
    def draws():
        return notebook.seeds(7).random(), torch.rand(1).item()

    assert draws() == draws()
    assert notebook.seeds(7).random() != notebook.seeds(8).random()


def test_results_are_read_and_their_absence_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook, "results_folder", lambda: tmp_path)
    (tmp_path / "video.json").write_text(json.dumps({"n": 3}))
    assert notebook.results("video") == {"n": 3}
    with pytest.raises(FileNotFoundError, match=r"'news' is not recorded, only video; `make real`"):
        notebook.results("news")


def test_load_says_which_data(capsys):
    dataset = notebook.load("sample", sample="video")
    said = capsys.readouterr().out
    assert dataset.name == "video"
    assert said.startswith("DATA: video (")
    assert dataset.source in said


def test_run_time_counts_from_the_import():
    code = "import time; from recdiv import notebook; time.sleep(0.2); assert 0.2 < notebook.run_time() < 5"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_folded_tables_say_how_much_they_hide_and_escape_it():
    page = notebook.folded_tables({"<a>": pd.DataFrame({"what": ["x < y", "z"]})}).data
    assert "<summary>&lt;a&gt; (2)</summary>" in page
    assert "x &lt; y" in page


def test_a_wide_table_names_its_rows_and_reads_signs_aloud():
    frame = pd.DataFrame({"order": ["✓", "✗"]}, index=pd.Index(["a", "<b>"], name="metric"))
    page = notebook.wide_table(frame, said={"✓": "holds"}).data
    assert '<th scope="row">a</th>' in page
    assert '<th scope="row">&lt;b&gt;</th>' in page
    assert '<th scope="col">order</th>' in page
    assert '<td><span role="img" aria-label="holds">✓</span></td>' in page
    assert "<td>✗</td>" in page
    assert 'tabindex="0"' in page  # what scrolls must be reachable by keyboard
    assert "\n" not in page
