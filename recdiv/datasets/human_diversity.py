"""Tevet and Berant (EACL 2021): sets of five responses to one context, judged for content diversity.

As published: one comma-separated file a test (``McDiv``, ``McDiv_nuggets``, ``conTest``) and task (``story_gen``,
``resp_gen``, ``prompt_gen``), read with the authors' own metric columns; their temperature test (decTest) is not among
the files. ConTest and the nuggets are subsets of McDiv or share its contexts: never fit on one and test on another, and
keep folds apart by ``context``. Nothing is dropped.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets._sources import source

_TASK = re.compile(r"_(story_gen|resp_gen|prompt_gen)\.csv$")
HUMAN = {"metric_abs_hds_mean": "human_mean", "metric_abs_hds_std": "human_std"}


def load() -> Dataset:
    """One catalogue row a distinct response; ``extras["sets"]`` is what people judged.

    ``sets``: set_id, test, task, context, label (1 diverse in content, 0 not), responses (list of texts), item_ids,
    human_mean and human_std (1 to 5 over about ten people; missing where nobody was asked).
    ``extras["published_metrics"]``: the authors' metric values, one row a set, by set_id.
    """
    names = [file.name for file in source("human_diversity").files if file.name.endswith(".csv")]
    paths = fetch("human_diversity", names)
    parts = [read_sets(paths[name], *name.split("/")[1:]) for name in names]
    sets = pd.concat(parts, ignore_index=True)
    sets.insert(0, "set_id", [f"set-{row}" for row in range(len(sets))])
    texts = sets["responses"].explode().drop_duplicates().reset_index(drop=True)
    items = pd.DataFrame({"item_id": [f"response-{row}" for row in range(len(texts))], "text": texts})
    ids = dict(zip(items["text"], items["item_id"], strict=True))
    sets["item_ids"] = [[ids[text] for text in responses] for responses in sets["responses"]]
    metrics = ["set_id", *(column for column in map(str, sets) if column.startswith("metric_"))]
    cleaning = Cleaning()
    cleaning.keep("sets", sets)
    for test, rows in sets.groupby("test"):
        cleaning.note(f"sets of {test}", len(rows))
    cleaning.note("sets with human scores", int(sets["human_mean"].notna().sum()))
    cleaning.note("distinct responses", len(items))
    return finish(
        "human_diversity",
        items,
        cleaning=cleaning,
        sets=sets.drop(columns=metrics[1:]),
        published_metrics=sets[metrics],
    )


def read_sets(path: Path, test: str, file: str) -> pd.DataFrame:
    """One file: its ``resp_0``, ``resp_1``, ... become one list of responses a row."""
    raw = pd.read_csv(path, keep_default_na=False, na_values={column: [""] for column in HUMAN})
    answers = [column for column in map(str, raw) if column.startswith("resp_")]
    match = _TASK.search(file)
    frame = pd.DataFrame(
        {
            "test": test,
            "task": match[1] if match else "",
            "subset": "with_hds" if "with_hds" in file else "no_hds",
            "sample_id": raw["sample_id"],
            "context": raw["context"].astype(str),
            "label": raw["label_value"].astype("int64"),
            "responses": [[str(text) for text in row if text != ""] for row in raw[answers].to_numpy()],
        }
    )
    for column, name in HUMAN.items():
        frame[name] = pd.to_numeric(raw[column]) if column in raw else float("nan")
    published = [column for column in map(str, raw) if column.startswith("metric_") and column not in HUMAN]
    return frame.join(raw[published].apply(pd.to_numeric))
