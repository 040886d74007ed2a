"""Porcaro, Gómez and Castillo (2022): which of two lists of four in electronic music is more diverse?

As published: answers of 115 people to twelve questions (four about artists, four about tracks, four about both), and
attributes of the eight artists or tracks of each question, list A first: rows 0 to 3 of a question are list A, 4 to 7
list B. Names are not in the files. Nothing is dropped.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch

ANSWERS = {"artist": "ARTIST/ArtistDiversityAnswers.csv", "track": "TRACK/TrackVarietyAnswers.csv"}
ANSWERS |= {"both": "BOTH/MixedAnswers.csv"}
ARTISTS = {"artist": "ARTIST/ArtistsFeatures_20201105.csv", "both": "BOTH/ArtistsFeatures_20201202.csv"}
SOUND = {
    "track": ("TRACK/FeatHigh_20210113.csv", "TRACK/FeatLow_20210113.csv"),
    "both": ("BOTH/FeatHigh_20210113.csv", "BOTH/FeatLow_20210113.csv"),
}
CHOICES = {"List A": "A", "List B": "B", "I don't know": "unsure"}
_ITEMS_PER_QUESTION, _ITEMS_PER_LIST = 8, 4


def load() -> Dataset:
    """One catalogue row an artist or track shown: block, question, list (A or B), and its attributes as text.

    ``extras["answers"]``: block, question, participant, answer (A, B or unsure). ``extras["sound"]``: audio features
    by item_id (blocks track and both).
    """
    used = [*ANSWERS.values(), *ARTISTS.values(), *(name for pair in SOUND.values() for name in pair)]
    paths = fetch("human_music", used)
    answers = pd.concat([read_answers(paths[name], block) for block, name in ANSWERS.items()], ignore_index=True)
    questions = answers.drop_duplicates("question").groupby("block", sort=False)["question"].agg(list)
    items = pd.concat([_items(block, questions[block], paths) for block in ANSWERS], ignore_index=True)
    sound = pd.concat([_sound(block, questions[block], paths) for block in SOUND], ignore_index=True)
    cleaning = Cleaning()
    cleaning.note("questions", answers["question"].nunique())
    cleaning.note("participants", answers["participant"].nunique())
    cleaning.keep("answers", answers)
    cleaning.note("items shown", len(items))
    return finish("human_music", items, cleaning=cleaning, answers=answers, sound=sound)


def read_answers(path: Path, block: str) -> pd.DataFrame:
    """One row a person and question.

    Raises:
        ValueError: if an answer is none of the three.
    """
    table = pd.read_csv(path, dtype=str)
    long = table.rename_axis("participant").reset_index().melt("participant", var_name="question", value_name="answer")
    answer = long["answer"].str.replace("’", "'").map(CHOICES)
    if answer.isna().any():
        raise ValueError(
            f"{path.name}: an answer must be among {', '.join(CHOICES)}, got {long['answer'][answer.isna()].iloc[0]!r}"
        )
    return long.assign(block=block, answer=answer)[["block", "question", "participant", "answer"]]


def _places(questions: list[str]) -> pd.DataFrame:
    """Which question and list each of the 32 rows of a feature file belongs to."""
    rows = [(question, slot) for question in questions for slot in range(_ITEMS_PER_QUESTION)]
    return pd.DataFrame(
        {
            "item_id": [f"{question}-{slot}" for question, slot in rows],
            "question": [question for question, _ in rows],
            "list": ["A" if slot < _ITEMS_PER_LIST else "B" for _, slot in rows],
        }
    )


def _items(block: str, questions: list[str], paths: dict[str, Path]) -> pd.DataFrame:
    items = _places(questions).assign(block=block)
    if block not in ARTISTS:
        return items.assign(text="", category="")
    people = pd.read_csv(paths[ARTISTS[block]], dtype=str, keep_default_na=False).apply(
        lambda column: column.str.strip()
    )
    people.columns = [column.lower() for column in people]
    described = [f"{row.gender} artist from {row.country}, {row.continent}" for row in people.itertuples()]
    return items.assign(text=described, category=people["country"]).join(people)


def _sound(block: str, questions: list[str], paths: dict[str, Path]) -> pd.DataFrame:
    features = [pd.read_csv(paths[name]) for name in SOUND[block]]
    return pd.concat([_places(questions)[["item_id"]], *features], axis=1)
