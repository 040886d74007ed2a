"""The text recommender: new items served by their text, an encoder that stays frozen or learns, all of it saved."""

import numpy as np
import pandas as pd
import pytest
import torch
from recommend_world import EVENTS, TRAIN, USERS, VECTORS, N

import recdiv as rd
from recdiv import recommend
from recdiv.lm import TextEncoder
from recdiv.recommend._text_items import TextItems

TINY = {"dimension": 16, "layers": 1, "length": 8, "epochs": 2, "dropout": 0.0}


def module(own=True, own_dropout=0.5):
    torch.manual_seed(0)
    seen = torch.arange(N) < N - 2
    options = {"own": own, "own_dropout": own_dropout, "layers": 1, "heads": 2, "length": 5, "dropout": 0.0}
    return TextItems(torch.from_numpy(VECTORS).float(), seen, 8, **options)


def test_a_new_item_is_its_text_and_the_mean_bias():
    items = module()
    with torch.no_grad():
        items.own.copy_(torch.randn(N, 8))
        items.favour.copy_(torch.arange(N, dtype=torch.float32))
    items.eval()
    text = torch.nn.functional.normalize(items.project(items.vectors), dim=-1)
    torch.testing.assert_close(items.table()[-2:], text[-2:])
    torch.testing.assert_close(items.table()[:-2], text[:-2] + items.own[:-2])
    assert items.bias(items.table()).tolist() == [*range(N - 2), 4.5, 4.5]


def test_training_leaves_out_what_is_own_and_never_learns_that_a_new_item_is_wrong():
    items = module()
    rows, targets = torch.tensor([[0, 1, 2]]), torch.tensor([[1, 2, 3]])
    dropped = []
    for _ in range(60):
        items.loss(rows, targets)
        dropped.append(~items.known)
    share = torch.stack(dropped).double().mean(0)
    assert share[-2:].tolist() == [1.0, 1.0]
    assert 0.35 < share[:-2].mean() < 0.65  # 600 draws at one half: four standard errors are 0.08
    items.loss(rows, targets).backward()
    assert items.own.grad[-2:].abs().sum() == 0
    frozen = items.vectors.clone().requires_grad_()
    items.vectors = frozen
    items.loss(rows, targets).backward()
    assert frozen.grad[-2:].abs().sum() == 0  # not even by way of its text
    assert frozen.grad[4:-2].abs().sum() > 0  # while what others could have had is


def test_new_items_are_favoured_by_what_is_said(tmp_path):
    model = recommend.TextTransformer(VECTORS, **TINY).fit(TRAIN)
    before = model.scores(USERS)
    new = TRAIN.item_counts() == 0
    model.favour_new = 1.5
    after = model.scores(USERS)
    known = [len(history) > 0 for history in TRAIN.histories(USERS)]  # the others get popularity, whatever is new
    torch.testing.assert_close(after[known][:, new], before[known][:, new] + 1.5)
    assert torch.equal(after[:, ~new], before[:, ~new])
    model.save(tmp_path)
    assert torch.equal(recommend.Recommender.load(tmp_path, TRAIN).scores(USERS), after)
    model.favour_new = 1e6
    lists = model.recommend(USERS[:-1], k=int(new.sum())).items
    assert bool(new[lists].all())


@pytest.fixture(scope="module")
def world():
    """The video sample without any event of every seventh item, and who went for such an item."""
    data = rd.load("video")
    cold = np.arange(len(data.catalog)) % 7 == 3
    train = data.interactions.where(~cold[data.interactions.item])
    wanted = data.interactions.where(cold[data.interactions.item])
    return data.catalog, train, wanted, cold


def ndcg(model, wanted, cold):
    users = [user for user in wanted.users.tolist() if model.train.positions([user])[0] >= 0]
    items = model.recommend(users, k=10, candidates=np.flatnonzero(cold)).items
    gains = []
    for row, had in zip(items.tolist(), wanted.histories(users), strict=True):
        best = sum(1 / np.log2(rank + 2) for rank in range(min(10, len(set(had.tolist())))))
        gains.append(sum(1 / np.log2(rank + 2) for rank, item in enumerate(row) if item in had) / best)
    return np.mean(gains), np.std(gains) / len(gains) ** 0.5


def test_items_that_training_never_saw_are_recommended_to_whom_they_suit(world):
    catalog, train, wanted, cold = world
    vectors = TextEncoder().encode(catalog.texts())
    model = recommend.TextTransformer(vectors, dimension=32, layers=1, epochs=8, batch_size=512).fit(train)
    value, error = ndcg(model, wanted, cold)
    for other in (recommend.Popularity(), recommend.Random(), recommend.ItemKNN()):
        rival, rival_error = ndcg(other.fit(train), wanted, cold)
        assert value > rival + 3 * np.hypot(error, rival_error), type(other).__name__
    shuffled = vectors[torch.randperm(len(vectors), generator=torch.Generator().manual_seed(0))]
    model.fit(train)
    misread = recommend.TextTransformer(shuffled, dimension=32, layers=1, epochs=8, batch_size=512).fit(train)
    assert value > ndcg(misread, wanted, cold)[0] + 3 * error  # it is the text that does it


@pytest.fixture(scope="module")
def few():
    """The thirty items of the sample that most people had: texts enough to tune on in seconds."""
    data = rd.load("video")
    top = data.interactions.item_counts().topk(30).indices.numpy()
    catalog = rd.Catalog(data.catalog.frame.iloc[np.sort(top)])
    frame = data.interactions.frame
    return rd.Interactions(frame[frame["item_id"].isin(catalog.item_ids)], catalog)


@pytest.mark.parametrize("tune", ["lora", "full"])
def test_the_encoder_learns_with_the_rest_and_is_saved_and_loaded(few, tune, tmp_path):
    encoder = TextEncoder()
    published = encoder.encode(few.catalog.texts(), cache=False)
    options = {**TINY, "tune": tune, "live": 8, "encoder_learning_rate": 1e-3, "batch_size": 300}
    model = recommend.TextTransformer(encoder, **options).fit(few)
    moved = (model._module.vectors - published).norm(dim=1)
    assert moved.min() > 1e-3  # every item is read by the encoder as it is now
    assert model.history[2]["loss"] < model.history[1]["loss"]
    again = encoder.encode(few.catalog.texts(), cache=False)
    assert torch.equal(again, published)  # the encoder that was given is as it was
    fresh = model._module.vectors.clone()
    model._module.refresh()
    torch.testing.assert_close(model._module.vectors, fresh, atol=1e-5, rtol=0)  # what is kept is what it reads
    model.save(tmp_path)
    loaded = recommend.Recommender.load(tmp_path, few)
    users = few.users[:20].tolist()
    assert torch.equal(loaded.scores(users), model.scores(users))
    size = (tmp_path / "model.safetensors").stat().st_size
    assert size < 2e6 if tune == "lora" else size > 8e7  # LoRA saves what it added, not the encoder
    torch.testing.assert_close(loaded.update(few).scores(users), model.update(few).scores(users))


def test_a_tuned_model_refuses_other_weights_than_it_was_tuned_from(few, tmp_path, monkeypatch):
    recommend.TextTransformer(**{**TINY, "epochs": 1}, tune="lora", live=2, batch_size=5000).fit(few).save(tmp_path)
    module = __import__("recdiv.recommend.text_transformer", fromlist=["_bytes"])
    monkeypatch.setattr(module, "_bytes", lambda text: torch.zeros(64, dtype=torch.uint8))
    with pytest.raises(ValueError, match=r"tuned from other weights than those that .*MiniLM.* has now; put them back"):
        recommend.Recommender.load(tmp_path, few)


def test_sources_of_vectors_give_the_same_model():
    class Encoder:
        def encode(self, texts):
            return torch.as_tensor(VECTORS)

    expected = recommend.TextTransformer(VECTORS, **TINY).fit(TRAIN).scores(USERS)
    for source in (Encoder(), rd.EmbeddingKernel(VECTORS)):
        assert torch.equal(recommend.TextTransformer(source, **TINY).fit(TRAIN).scores(USERS), expected)


def test_an_item_that_becomes_known_gets_something_of_its_own():
    model = recommend.TextTransformer(VECTORS, **TINY).fit(TRAIN)
    assert model._module.seen.tolist() == (TRAIN.item_counts() > 0).tolist()
    new = pd.DataFrame({"user_id": [0, 1, 2], "item_id": ["i11"] * 3, "timestamp": [90, 91, 92]})
    later = rd.Interactions(pd.concat([EVENTS, new]), TRAIN.catalog)
    model.update(later)
    assert model._module.seen.tolist() == (later.item_counts() > 0).tolist()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: recommend.TextTransformer(tune="half"), "tune must be 'frozen', 'lora' or 'full', got 'half'"),
        (lambda: recommend.TextTransformer(rank=0), "rank and live must be at least 1, got 0 and 64"),
        (lambda: recommend.TextTransformer(own_dropout=1), "own_dropout must be from 0 to below 1, got 1"),
        (lambda: recommend.TextTransformer(favour_new=np.nan), "favour_new must be a finite number, got nan"),
        (lambda: recommend.TextTransformer(encoder_learning_rate=0), "encoder_learning_rate must be positive, got 0"),
        (
            lambda: recommend.TextTransformer(VECTORS, tune="lora").fit(TRAIN),
            "source must be an encoder, its folder or its hub name for tune='lora', got ndarray",
        ),
        (
            lambda: recommend.TextTransformer(VECTORS[:3]).fit(TRAIN),
            r"source must have one vector an item \(12\), got 3",
        ),
    ],
)
def test_wrong_settings(build, message):
    with pytest.raises(ValueError, match=message):
        build()
