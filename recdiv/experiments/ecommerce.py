"""The questions that only a shop asks, on Online Retail: ``results/ecommerce.json``.

``python -m recdiv.experiments.ecommerce``. Where do categories come from when there are none, and what does each
source say of the same lists? Is what people buy together more or less varied than what they are recommended? Are
near-copies substitutes? Do wholesale customers and prices matter? Each question is a cell that is kept when it ends, so
an interrupted run goes on where it stopped; the file is written again after each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from recdiv import datasets, presets
from recdiv._provenance import provenance, write_json
from recdiv.datasets._sources import source
from recdiv.experiments import _shop_baskets as natural_lists
from recdiv.experiments import _shop_copies as copies
from recdiv.experiments import _shop_customers as buyers
from recdiv.experiments import _shop_pairs as bought
from recdiv.experiments import _shop_sources as categories
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._ecommerce_judged import HEADS
from recdiv.experiments._sets import Prepared, prepare
from recdiv.experiments._shop import DOZEN, Shop, baskets, dealt, first_purchases, lines_of
from recdiv.experiments.pipeline import K, fit
from recdiv.experiments.recommenders import choose
from recdiv.kernels import CategoryKernel, EmbeddingKernel, IdentityKernel, Kernel
from recdiv.lm.encoder import TextEncoder
from recdiv.lm.item_tags import product_tags
from recdiv.presets import centre
from recdiv.tables import Catalog, Recommendations

DATA = "online_retail"
CELLS = Cells("ecommerce", recipe=1)  # raise it when code below changes what a cell means
VERSIONS = {"baskets": {"version": 2}}  # or this, where one question alone changes
SYSTEMS = ("popularity", "item_knn", "als", "text_mean", "text_transformer", "random")
LONGEST = 20  # slots that are kept of each list
SEED = 0
EPOCHS = 3  # of the tagger


class Run:
    """The shop, made when a question first needs it."""

    @cached_property
    def prepared(self) -> Prepared:
        """Items and split."""
        return prepare(DATA)

    @cached_property
    def kernel(self) -> EmbeddingKernel:
        """The preset's kernel of the items."""
        return presets.get("ecommerce").kernel(self.prepared.catalog)

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Every line of every customer, of those the split leaves out too."""
        return lines_of(datasets.load(DATA))

    @cached_property
    def lists(self) -> dict[str, Recommendations]:
        """LONGEST slots of each recommender, from the cell that keeps them."""
        cell = CELLS.get({"data": DATA, "question": "lists", "seed": SEED, "systems": list(SYSTEMS)}, self._fitted)
        users = self.prepared.split.test.users
        return {name: Recommendations(items, users=list(users)) for name, items in cell["lists"].items()}

    @cached_property
    def shop(self) -> Shop:
        """What the questions are asked of, K slots a list."""
        at = self.prepared.split.test.frame["timestamp"].min()
        return Shop(self.prepared, self.kernel, self.lines, {n: r.head(K) for n, r in self.lists.items()}, at)

    @cached_property
    def natural(self) -> Recommendations:
        """One basket of K products of each customer tested who has one, from the time of the test."""
        return baskets(self.tested, k=K, rng=SEED)

    @cached_property
    def tested(self) -> pd.DataFrame:
        """Lines of the customers tested, from the time of the test."""
        users = self.prepared.split.test.users
        return self.lines[(self.lines["timestamp"] >= self.shop.at) & self.lines["user_id"].isin(users)]

    @cached_property
    def tags(self) -> Cell:
        """The products that the tagger finds in each title, whole and by last word, from the cell that keeps them."""
        return CELLS.get({"data": DATA, "question": "tags", "seed": SEED, "epochs": EPOCHS}, self._tagged)

    @cached_property
    def thing(self) -> np.ndarray[Any, Any]:
        """Which items are copies of one thing, by the preset."""
        numbers = presets.get("ecommerce").same_thing(self.prepared.catalog, self.kernel)
        return np.asarray(numbers.numpy())

    def _fitted(self) -> Cell:
        reads = "ecommerce preset"
        options = {n: choose(n, self.prepared, self.kernel, seed=SEED, reads=reads)["options"] for n in SYSTEMS}
        began = time.process_time()
        models = fit(self.prepared, self.kernel, systems=SYSTEMS, options=options, seed=SEED)
        lists = {n: self.prepared.split.recommend(m, k=LONGEST).items.tolist() for n, m in models.items()}
        return {"lists": lists, "options": options, "training_seconds": round(time.process_time() - began, 1)}

    def _tagged(self) -> Cell:
        began = time.process_time()
        tagger = categories.train_tagger(seed=SEED, epochs=EPOCHS)
        trained = round(time.process_time() - began, 1)
        titles = self.prepared.catalog.frame["title"].tolist()
        whole, last = (product_tags(titles, tagger, heads=heads) for heads in (False, True))
        return {"whole": whole, "last": last, "training_seconds": trained}


def ask_sources(run: Run) -> Cell:
    """Which source of categories says what of the same lists."""
    catalog, lists = run.prepared.catalog, {**run.shop.lists, "baskets": run.natural}
    last = product_tags(catalog.frame["title"].tolist(), categories.LastWord(), heads=True)
    kernels = categories.sources(run.kernel, run.tags["whole"], run.tags["last"], seed=SEED)
    return {
        "tags": categories.describe_labels(run.tags["whole"]),
        "heads": categories.describe_labels(run.tags["last"])
        | categories.right_heads(catalog, run.tags["last"], HEADS),
        "last_word": categories.describe_labels(last) | categories.right_heads(catalog, last, HEADS),
        "readings": categories.readings(lists, kernels),
        "cluster_seeds": categories.cluster_seeds(run.kernel, run.shop.lists),
    }


def ask_baskets(run: Run) -> Cell:
    """Whether what is bought together is more or less varied than what is recommended."""
    shop = run.shop
    new = first_purchases(run.prepared.split.test, k=K, rng=SEED)
    return {
        **natural_lists.beside_baskets(shop, run.natural, rng=SEED),
        "first_purchases": natural_lists.beside_baskets(shop, new, rng=SEED)["systems"][:2],
        "by_length": natural_lists.by_length(run.tested, run.lists, run.kernel, rng=SEED),
        "season": natural_lists.season(run.lines, run.kernel, k=K, rng=SEED),
        "variants": natural_lists.variants_bought(run.lines, run.thing),
    }


def ask_pairs(run: Run) -> Cell:
    """Which pairs are matching sets, complements or alternatives, learnt before the test and counted in it."""
    shop, n = run.shop, len(run.prepared.catalog)
    before = run.lines[run.lines["timestamp"] < shop.at]
    pairs = bought.count_pairs(before, n)
    likeness = {
        "copies": run.thing[pairs.rows][:, None] == run.thing[pairs.rows],
        "same product by its tag": bought.same_label([run.tags["last"][row] for row in pairs.rows]),
        "near text": run.kernel.gram(pairs.rows).numpy() >= bought.ALIKE,
    }
    kinds = bought.kinds_of_pair(pairs, np.any(list(likeness.values()), axis=0))
    lists = {"baskets": run.natural, "baskets, dealt": dealt(run.natural, rng=SEED), **shop.lists}
    return {
        "items": len(pairs.rows),
        "lift": bought.lift_by_likeness(before, run.kernel, pairs),
        "by_likeness": bought.by_likeness(pairs, likeness),
        "kinds": {name: int((kinds[np.triu_indices(len(kinds), 1)] == i).sum()) for i, name in enumerate(bought.KINDS)},
        "shares": {name: bought.shares_of_kinds(recs, pairs, kinds, n) for name, recs in lists.items()},
        "examples": bought.examples(pairs, kinds, run.prepared.catalog.frame["title"].tolist()),
    }


def ask_copies(run: Run) -> Cell:
    """Whether near-copies can be found, and as how many products they count."""
    catalog, preset = run.prepared.catalog, presets.get("ecommerce")
    titles = EmbeddingKernel.from_text(Catalog(catalog.frame[["item_id", "title"]]))
    made = copies.rules(catalog, run.kernel, preset)
    kernels: dict[str, Kernel] = {
        "identities": IdentityKernel(len(catalog)),
        "vectors": run.kernel,
        "centred vectors": centre(run.kernel),
        "vectors of the key": copies.of_keys(catalog),
        "things": CategoryKernel([str(number) for number in run.thing]),
    }
    lists = {"baskets": run.natural, "baskets, dealt": dealt(run.natural, rng=SEED), **run.shop.lists}
    return {
        "rules": {name: copies.marked(thing, catalog, titles) for name, thing in made.items()},
        "checked_after": copies.checked_after(made["key of the title"], catalog),
        "counted": copies.counted(run.thing, kernels),
        "counted_q2": copies.counted(run.thing, kernels, q=2.0),
        "in_lists": {name: copies.copies_in(recs, run.thing) for name, recs in lists.items()},
        "things": len(np.unique(run.thing)),
        "largest": copies.largest(run.thing, catalog),
    }


def ask_customers(run: Run) -> Cell:
    """Whether wholesale and retail customers differ in variety and in how well they are served."""
    return {
        "rule": buyers.rule(run.lines),
        "baskets": buyers.baskets_by_group(run.shop, "wholesale", rng=SEED),
        "baskets_by_spend": buyers.baskets_by_group(run.shop, "top_spender", rng=SEED),
        "lists": buyers.lists_by_group(run.shop),
        "new_products": buyers.new_products(run.shop),
        "variants": {
            name: natural_lists.variants_bought(run.lines[run.lines["user_id"].isin(users)], run.thing)
            for name, users in buyers.by_rule(run.lines).items()
        },
    }


def ask_prices(run: Run) -> Cell:
    """Whether lists keep to the price bands of their customers."""
    return buyers.prices(run.shop, run.natural, rng=SEED)


def ask_preset(run: Run) -> Cell:
    """What the encoder should read, and whether the mean vector should be taken out."""
    catalog, began = run.prepared.catalog, time.process_time()
    TextEncoder().encode(catalog.texts(), cache=False, progress=False)
    encoded = round(time.process_time() - began, 1)
    return {"templates": copies.templates(run.prepared), "encoding_seconds": encoded}


QUESTIONS: dict[str, Callable[[Run], Cell]] = {
    "copies": ask_copies,
    "preset": ask_preset,
    "sources": ask_sources,
    "baskets": ask_baskets,
    "pairs": ask_pairs,
    "customers": ask_customers,
    "prices": ask_prices,
}


def main(arguments: Sequence[str] | None = None) -> Path:
    """Answer what is not answered yet; returns the file written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.ecommerce", description=__doc__)
    parser.add_argument("--questions", nargs="+", choices=list(QUESTIONS), default=list(QUESTIONS))
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    run, file = Run(), Path(asked.results) / "ecommerce.json"
    with tqdm(asked.questions, desc=DATA, unit="question") as bar:
        for name in bar:
            bar.set_postfix_str(name)
            CELLS.get(_settings(name), partial(_timed, QUESTIONS[name], run))
            write_json(file, table(run))
    return file


def table(run: Run) -> dict[str, Any]:
    """What is recorded: every question that is answered, with the seconds each took."""
    cells = {name: cell for name in QUESTIONS if (cell := CELLS.done(_settings(name))) is not None}
    answers = {
        name: {key: value for key, value in cell.items() if key not in (*_settings(name), "cpu_seconds")}
        for name, cell in cells.items()
    }
    lists = CELLS.done({"data": DATA, "question": "lists", "seed": SEED, "systems": list(SYSTEMS)}) or {}
    config = {
        "split": run.prepared.about,
        "options": lists.get("options"),
        "slots": K,
        "wholesale": f"{DOZEN} units or more on the median line",
        "alike": f"copies by the preset, one last word of their tags, or a cosine of {bought.ALIKE} or more",
        "together": f"{bought.LIFT:g} times chance or more, Benjamini-Hochberg at {bought.FALSE:g}",
        "often": f"items in {bought.OFTEN} baskets or more before the test; baskets of 2 to {bought.LARGEST} products",
        "tagger": f"all-MiniLM-L6-v2 fine-tuned on the bundled titles, {EPOCHS} epochs",
        "seconds": "of processor time, one thread; training of recommenders and tagger under training_seconds",
    }
    spent = {name: cell["cpu_seconds"] for name, cell in cells.items()}
    tags = CELLS.done({"data": DATA, "question": "tags", "seed": SEED, "epochs": EPOCHS}) or {}
    training = {name: kept.get("training_seconds") for name, kept in (("recommenders", lists), ("tagger", tags))}
    files = {each.name: each.sha256 for each in source(DATA).files}
    head = provenance(config=config, seeds=[SEED], data={DATA: files}, seconds=sum(spent.values()))
    return {**head, "cpu_seconds": spent, "training_seconds": training, **answers}


def _settings(question: str) -> Cell:
    return {"data": DATA, "question": question, "seed": SEED, **VERSIONS.get(question, {})}


def _timed(question: Callable[[Run], Cell], run: Run) -> Cell:
    _ = run.shop, run.natural, run.thing, run.tags  # made before the clock starts: they serve every question
    began = time.process_time()
    return {**question(run), "cpu_seconds": round(time.process_time() - began, 1)}


if __name__ == "__main__":
    main()
