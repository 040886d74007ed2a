"""Jobs of a scorer in batches of bounded size, each context read once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from recdiv.lm._causal import Causal, Reading
from recdiv.lm._requests import Job

_TOKENS = {"cpu": 4_096, "cuda": 65_536}
_LOGITS = 1 << 26  # numbers of all logits of a batch: 256 MB of float32
_FULL = ("out of memory", "can't allocate memory", "not enough memory")  # as torch says it


class Sized(Protocol):
    """Who keeps the number of tokens a batch."""

    batch_tokens: int


def budget(causal: Causal) -> int:
    """Tokens a batch where nobody says otherwise."""
    return max(1, min(_TOKENS.get(causal.device.type, _TOKENS["cuda"]), _LOGITS // causal.n_tokens))


def scored(causal: Causal, jobs: Sequence[Job], sized: Sized) -> Iterator[tuple[Job, Tensor]]:
    """Each job with the log-probabilities of its tail, float64 ``[L]``, in whatever order is quick.

    Batches hold contexts of about one length, and their texts longest first: little is padded, and what does not fit
    into memory shows at once. Then ``sized.batch_tokens`` is halved, with a warning, and work goes on.
    """
    waiting = sorted(jobs, key=lambda job: (-len(job.prefix), job.prefix, -len(job.tail), job.tail))
    kept: tuple[tuple[int, ...], Reading] | None = None  # a context whose texts fill several batches
    start = 0
    while start < len(waiting):
        batch = waiting[start : start + _size(waiting, start, sized.batch_tokens)]
        try:
            prefixes = list(dict.fromkeys(job.prefix for job in batch))
            if kept is None or prefixes != [kept[0]]:
                kept = None
                reading = causal.read(prefixes)
                kept = (prefixes[0], reading) if len(prefixes) == 1 else None
            else:
                reading = kept[1]
            found = tails(causal, reading, prefixes, batch)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            kept = None
            _halve(sized, batch, error)
            continue
        yield from zip(batch, found, strict=True)
        start += len(batch)


def _size(waiting: Sequence[Job], start: int, tokens: int) -> int:
    """How many jobs from ``start`` on fit into a batch, at least one."""
    widest, longest = len(waiting[start].prefix), 0
    for rows, job in enumerate(waiting[start:]):
        longest = max(longest, len(job.tail))
        if rows and (rows + 1) * (widest + longest) > tokens:
            return rows
    return len(waiting) - start


def tails(causal: Causal, reading: Reading, prefixes: list[tuple[int, ...]], batch: Sequence[Job]) -> list[Tensor]:
    """Log-probabilities of the tails of a batch whose contexts were read."""
    row_of = {prefix: row for row, prefix in enumerate(prefixes)}
    rows = torch.tensor([row_of[job.prefix] for job in batch], device=causal.device)
    longest = max(len(job.tail) for job in batch)
    ids = torch.full((len(batch), longest), causal.end)
    mask = torch.zeros(len(batch), longest, dtype=torch.long)
    for row, job in enumerate(batch):
        ids[row, : len(job.tail)] = torch.tensor(job.tail)
        mask[row, : len(job.tail)] = 1
    ids, mask = ids.to(causal.device), mask.to(causal.device)
    found = [log_probability(reading.logits, ids[:, 0], rows)]
    if longest > 1:
        logits = causal.go_on(reading.take(rows, keep=True), ids[:, :-1], mask[:, :-1])
        found.extend(log_probability(logits[:, t], ids[:, t + 1]) for t in range(longest - 1))
    table = torch.stack(found, dim=1).double().cpu()
    return [table[row, : len(job.tail)] for row, job in enumerate(batch)]


def log_probability(logits: Tensor, ids: Tensor, rows: Tensor | None = None) -> Tensor:
    """Of token ids ``[n]`` under logits ``[R, V]``, each in its row ``[n]`` (by default one each): ln softmax."""
    rows = torch.arange(len(ids), device=ids.device) if rows is None else rows
    return logits[rows, ids] - logits.logsumexp(1)[rows]


def memory_is_full(error: RuntimeError) -> bool:
    """Whether an error of torch says that memory does not suffice; what was cached on a GPU is then given back."""
    if not isinstance(error, torch.OutOfMemoryError) and not any(said in str(error).lower() for said in _FULL):
        return False
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return True


def _halve(sized: Sized, batch: Sequence[Job], error: RuntimeError) -> None:
    """Smaller batches after an error that says memory is full; any other error is not ours."""
    if not memory_is_full(error):
        raise error
    if len(batch) == 1:
        read, tail = len(batch[0].prefix), len(batch[0].tail)
        raise MemoryError(f"one text of {tail} tokens after a context of {read} does not fit into memory") from error
    held = len(batch) * (len(batch[0].prefix) + max(len(job.tail) for job in batch))
    sized.batch_tokens = max(1, min(sized.batch_tokens, held) // 2)
    warnings.warn(
        f"out of memory with {held} tokens a batch: going on with batch_tokens={sized.batch_tokens}", stacklevel=4
    )
