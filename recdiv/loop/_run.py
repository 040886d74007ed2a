"""The loop itself: recommend, choose, log, learn, again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv._provenance import write_json
from recdiv.kernels import EmbeddingKernel, IdentityKernel, Kernel
from recdiv.loop._choose import Choices, choose
from recdiv.loop._config import Config
from recdiv.loop._measure import Round, measured
from recdiv.loop._recommender import make_recommender, scored, shortlisted
from recdiv.loop._state import STATE, State
from recdiv.loop._update import explored, kept, lists_of, next_diversity
from recdiv.loop._world import Floats, Ints, World, make_world
from recdiv.recommend import Recommender
from recdiv.tables import Interactions

COLUMNS = ("round", "day", "group", "view", "measure", "value")
_CHOICE, _EXPLORE, _THIN = 1, 2, 3  # streams of chance within a round


@dataclass(frozen=True)
class Result:
    """What came of a loop.

    Attributes:
        frame: one row a round, group, view and measure: ``round`` (from 1), ``day``, ``group`` (all, mainstream,
            niche), ``view`` (shown: the lists; chosen: what people took; recent: each user's latest items, as many as a
            list has slots; loop: the loop itself), ``measure``, ``value``.
        log: every choice: ``user_id``, ``item_id``, ``round``, ``slot`` (0: found without a list).
        exposure: how often each round showed each item, int64 ``[R, I]``.
        config: what it was run with.
        world: whose loop it was.
    """

    frame: pd.DataFrame
    log: pd.DataFrame
    exposure: Ints
    config: Config
    world: World

    def series(self, measure: str, *, view: str = "shown", group: str = "all") -> pd.Series:
        """One measure over the rounds.

        Raises:
            ValueError: if there is no such measure, view or group.
        """
        for column, wanted in (("view", view), ("group", group), ("measure", measure)):
            if wanted not in set(self.frame[column]):
                raise ValueError(f"{column} must be one of {sorted(set(self.frame[column]))}, got {wanted!r}")
        some = self.frame[(self.frame[["view", "group", "measure"]] == [view, group, measure]).all(axis=1)]
        return some.set_index("round")["value"].rename(measure)


def run(
    config: Config,
    *,
    folder: str | Path | None = None,
    world: World | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Run a closed loop, or go on with one that was stopped.

    Each round shows every user a list of what the recommender scores best among what is out and was not had, lets the
    users choose (see ``World`` and the settings), logs and measures it, and learns from all that is known by then,
    going on from where the model is (``Recommender.update``).

    Args:
        config: the settings.
        folder: where to keep a checkpoint after every round; the same call goes on from it, to the same numbers as
            without a stop.
        world: whose users; default what ``config`` asks for.
        progress: called with rounds done and rounds in all.

    Returns:
        A :class:`Result`. The same configuration gives the same numbers: chance depends on the seed and the round
        alone, and two configurations of one seed differ by what they do, not by luck.

    Raises:
        ValueError: if ``folder`` holds the loop of another configuration, or a checkpoint that cannot be read.
    """
    world = make_world(config) if world is None else world
    reads, measures = _kernels(world, config)
    model = make_recommender(config.recommender, config.options, reads, config.seed)
    state, model = _begin(config, world, model, measures, None if folder is None else Path(folder))
    days, neighbours = world.days(config.rounds), world.neighbours()
    while state.round < config.rounds:
        _one_round(state, model, config, days, neighbours, measures)
        if folder is not None:
            state.save(Path(folder), model)
        if progress is not None:
            progress(state.round, config.rounds)
    return _result(state, config)


def _one_round(
    state: State, model: Recommender, config: Config, days: Floats, neighbours: Ints, kernel: Kernel
) -> None:
    world, number = state.world, state.round
    day = float(days[number])
    had, out, known = state.had(), world.release <= day, state.training(days)
    counts = np.bincount(known.item, minlength=world.n_items)
    if model.train is None or (config.retrain and number % config.retrain == 0):
        model.update(_lesson(state, config, days, known, kernel))
    allowed = out[None, :] & (config.repeats | ~had)
    wish = np.where(allowed, world.wish(day) * state.left(had, config), 0.0)
    histories = state.histories()
    offered = allowed & (state.passed < config.strength) if config.update == "refusals" else allowed
    scores = shortlisted(scored(model, world, wish, histories, 1000 * config.seed + number), offered)
    lists = lists_of(scores, config, kernel, state.diversity, counts)
    if config.update == "explore":
        lists = explored(lists, allowed, config.strength, _chance(config, number, _EXPLORE))
    made = _choices(lists, wish, had, world, config, _chance(config, number, _CHOICE))
    now = Round(state, day, lists, made, wish, out, counts, histories, neighbours)
    state.rows += (rows := measured(now, config, kernel))
    gamma = next(row[5] for row in rows if row[2:5] == ("all", "shown", "gamma"))
    diversity = next_diversity(now, scores, config, kernel, gamma)
    state.add(lists, made)
    state.gamma, state.diversity = state.gamma or gamma, diversity


def _lesson(state: State, config: Config, days: Floats, known: Interactions, kernel: Kernel) -> Interactions:
    """What the model may learn from: all that is known, or some of it where the update thins."""
    if config.update != "thinned":
        return known
    keep = kept(known.item, kernel, config.strength, _chance(config, state.round, _THIN))
    return state.training(days, keep)


def _choices(
    lists: Ints, wish: Floats, had: npt.NDArray[np.bool_], world: World, config: Config, rng: np.random.Generator
) -> Choices:
    return choose(
        lists,
        wish,
        world.prominence**config.prominence,
        world.look,
        n=config.choices,
        adoption=config.adoption,
        outside=config.outside,
        habit=config.habit,
        had=had if config.repeats else None,
        rng=rng,
    )


def _chance(config: Config, number: int, stream: int) -> np.random.Generator:
    """Chance of one purpose in one round: a stop and a start meet the same."""
    return np.random.default_rng([config.seed, number, stream])


def _kernels(world: World, config: Config) -> tuple[EmbeddingKernel, Kernel]:
    """What recommenders read, and what measures and re-ranks."""
    truth = EmbeddingKernel(world.item_topics)
    if config.kernel == "truth":
        return truth, truth
    if config.kernel == "identity" and config.recommender not in _READERS:
        return truth, IdentityKernel(world.n_items)
    return world.text, IdentityKernel(world.n_items) if config.kernel == "identity" else world.text


_READERS = ("Text", "TextTransformer", "SASRec")


def _begin(
    config: Config, world: World, model: Recommender, kernel: Kernel, folder: Path | None
) -> tuple[State, Recommender]:
    """The state to go on from, and the model as it was then."""
    fresh = State(world, diversity=config.diversity)
    if folder is None:
        return fresh, model
    settings = folder / "config.json"
    if not settings.exists():
        write_json(settings, config.as_dict())
    _same(json.loads(settings.read_text(encoding="utf-8")), config, folder)
    if not (folder / STATE).exists():
        return fresh, model
    state = State.read(folder, world)
    return state, type(model).load(folder / f"model-{state.round}", _learnt(state, config, kernel))


def _learnt(state: State, config: Config, kernel: Kernel) -> Interactions:
    """What the model was last trained on: models that go on ask what is new since then."""
    latest = state.round - 1
    number = latest - latest % config.retrain if config.retrain else 0
    some, days = state.at <= number, state.world.days(config.rounds)
    log = {name: getattr(state, name)[some] for name in ("user", "item", "at", "slot")}
    then = replace(state, round=number, **log)
    return _lesson(then, config, days, then.training(days), kernel)


def _same(there: dict[str, object], config: Config, folder: Path) -> None:
    here = json.loads(json.dumps(config.as_dict()))
    for name in here.keys() | there.keys():
        if here.get(name) != there.get(name):
            raise ValueError(
                f"folder {str(folder)!r} holds a loop with {name} = {there.get(name)!r}, got {here.get(name)!r}; "
                f"choose another folder"
            )


def _result(state: State, config: Config) -> Result:
    world = state.world
    log = pd.DataFrame(
        {
            "user_id": world.users[state.user],
            "item_id": world.catalog.item_ids[state.item],
            "round": state.at,
            "slot": state.slot,
        }
    )
    exposure: npt.NDArray[np.int64] = np.array(state.exposure, dtype=np.int64).reshape(-1, world.n_items)
    return Result(pd.DataFrame(state.rows, columns=list(COLUMNS)), log, exposure, config, world)
