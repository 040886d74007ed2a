"""Draws from what a recommender thinks likely: the right chances, without repeats, without what was seen."""

import numpy as np
import pytest
import torch
from recommend_world import HISTORIES, TRAIN, USERS, VECTORS, N

from recdiv import recommend

MODEL = recommend.Text(VECTORS).fit(TRAIN)
MANY = 20_000


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_chances_are_those_of_the_scores(temperature):
    drawn = recommend.draw(MODEL, ["u"] * MANY, k=2, temperature=temperature, histories=[[0]] * MANY, rng=1)
    wanted = (MODEL.scores(["u"], histories=[[0]])[0].double() / temperature).exp()
    wanted[0] = 0.0
    wanted = (wanted / wanted.sum()).numpy()
    seen = np.bincount(drawn.items[:, 0].numpy(), minlength=N) / MANY
    error = np.sqrt(wanted * (1 - wanted) / MANY)
    assert (abs(seen - wanted) <= 5 * error).all()
    top = int(wanted.argmax())  # the second slot, given the first: the same chances among those left
    second = np.bincount(drawn.items[drawn.items[:, 0] == top, 1].numpy(), minlength=N)
    left = np.where(np.arange(N) == top, 0.0, wanted) / (1 - wanted[top])
    assert (abs(second / second.sum() - left) <= 5 * np.sqrt(left * (1 - left) / second.sum())).all()


def test_lists_hold_different_items_that_were_not_seen():
    drawn = recommend.draw(MODEL, USERS, k=N, temperature=2.0, rng=0)
    for items, seen in zip(drawn.items.tolist(), HISTORIES, strict=True):
        assert sorted(i for i in items if i >= 0) == sorted(set(range(N)) - set(seen))
    again, other = (recommend.draw(MODEL, USERS, k=N, temperature=2.0, rng=seed).items for seed in (0, 1))
    assert torch.equal(drawn.items, again)
    assert not torch.equal(drawn.items, other)
    whole = recommend.draw(MODEL, USERS, k=N, exclude_seen=False).items
    assert all(sorted(items) == list(range(N)) for items in whole.tolist())


def test_no_temperature_is_the_best_and_a_high_one_is_chance():
    known = USERS[:-1]  # who has no history gets popularity, where a draw breaks ties
    cool = recommend.draw(MODEL, known, k=5, temperature=1e-6).items
    assert torch.equal(cool, MODEL.recommend(known, k=5).items)
    hot = recommend.draw(MODEL, ["u"] * MANY, k=1, temperature=1e6, histories=[[0]] * MANY).items
    counts = np.bincount(hot[:, 0].numpy(), minlength=N)[1:]
    assert abs(counts - MANY / (N - 1)).max() < 5 * np.sqrt(MANY / (N - 1))


def test_wrong_input():
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        recommend.draw(MODEL, USERS, temperature=0)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        recommend.draw(MODEL, USERS, k=0)
    with pytest.raises(RuntimeError, match=r"Text must be fitted before it scores"):
        recommend.draw(recommend.Text(VECTORS), USERS)
