"""What a call may hold, said in one sentence where it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv._inputs import non_negative
from recdiv.kernels import Kernel
from recdiv.reranking._labels import interests_of, labels_of
from recdiv.reranking._registry import Method
from recdiv.tables import EMPTY, integers


def checked_numbers(k: Any, diversity: Any) -> None:  # noqa: ANN401
    """Slots a list and δ, before anything is computed.

    Raises:
        ValueError: if they are not the numbers they must be.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k must be at least 1 and whole, got {k!r}")
    if isinstance(diversity, bool) or not isinstance(diversity, int | float | np.number) or not 0 <= diversity <= 1:
        raise ValueError(f"diversity must lie in [0, 1], got {diversity!r}")


def checked_scores(scores: Tensor | npt.ArrayLike) -> Tensor:
    """Scores ``[U, N]``, whatever their type."""
    values = scores if isinstance(scores, Tensor) else torch.from_numpy(np.array(scores, dtype=np.float64))
    if values.ndim != 2:
        raise ValueError(f"scores must have shape [U, N], got {list(values.shape)}")
    wrong = values.isnan() | (values == torch.inf)
    if bool(wrong.any()):
        row = int(wrong.any(1).nonzero()[0])
        raise ValueError(f"scores must be numbers or −inf, got {float(values[row][wrong[row]][0])} for user {row}")
    return values.detach()


def checked_candidates(candidates: Any, scores: Tensor, kernel: Kernel | None) -> tuple[Tensor | None, int | None]:  # noqa: ANN401
    """Rows of the catalogue beside the scores, or None; and how many of the best to look at, or None for all."""
    if candidates is None or isinstance(candidates, int | np.integer):
        if kernel is not None and scores.shape[1] != kernel.n_items:
            raise ValueError(
                f"scores must have one column an item of the kernel ({kernel.n_items}), got {scores.shape[1]}; pass "
                f"candidates= with the rows that the columns are"
            )
        if candidates is not None and candidates < 1:
            raise ValueError(f"candidates must be at least 1, got {candidates}")
        return None, None if candidates is None else int(candidates)
    rows = _rows(candidates, "candidates", len(scores), kernel, scores)
    if rows.shape != scores.shape:
        raise ValueError(f"candidates must be shaped like scores {list(scores.shape)}, got {list(rows.shape)}")
    line = torch.from_numpy(np.sort(rows.numpy(), axis=1)) if rows.device.type == "cpu" else rows.sort(1).values
    twice = (line[:, 1:] == line[:, :-1]) & (line[:, 1:] >= 0)
    if bool(twice.any()):
        user = int(twice.any(1).nonzero()[0])
        raise ValueError(f"candidates must not repeat, got item {int(line[user, 1:][twice[user]][0])} twice for {user}")
    return rows, None


def checked_inputs(
    method: Method,
    scores: Tensor,
    rows: Tensor | None,
    kernel: Kernel | None,
    **given: Any,  # noqa: ANN401
) -> dict[str, Tensor | None]:
    """History, interests and popularity as a method will meet them; None for what it does not take."""
    there = {name for name, value in {"kernel": kernel, **given}.items() if value is not None}
    for need in method.needs:
        if not there & set(need.split("|")):
            raise ValueError(f"{need.replace('|', ' or ')} must be given for method {method.name!r}, got None")
    used = {name: value if name in "|".join(method.uses).split("|") else None for name, value in given.items()}
    if used["history"] is not None:
        used["history"] = _rows(used["history"], "history", len(scores), kernel, scores)
    if "interests" in "|".join(method.uses).split("|"):
        used["interests"] = _interests(method, used["interests"], used["history"], kernel, len(scores))
    if used["popularity"] is not None:
        used["popularity"] = _counts(used["popularity"], scores, rows, kernel).to(scores.device)
    return used


def _rows(values: Any, name: str, n_users: int, kernel: Kernel | None, scores: Tensor) -> Tensor:  # noqa: ANN401
    rows = integers(values, name).to(scores.device)
    if rows.ndim != 2 or len(rows) != n_users:
        raise ValueError(f"{name} must have one row a user [{n_users}, ...], got {list(rows.shape)}")
    if rows.numel():
        low, high = (int(end) for end in torch.aminmax(rows))
        if low < EMPTY or (kernel is not None and high >= kernel.n_items):
            top = "" if kernel is None else f"0..{kernel.n_items - 1} "
            raise ValueError(f"{name} must be rows of the catalogue {top}or -1, got {low if low < EMPTY else high}")
    return rows


def _interests(method: Method, given: Any, history: Tensor | None, kernel: Kernel | None, n_users: int) -> Tensor:  # noqa: ANN401
    """What was given, scaled to sum 1, or what the history shows; on the device of the labels."""
    labels = labels_of(kernel, method.name)
    if given is None and history is not None and kernel is not None:
        return interests_of(history, kernel)
    shares = non_negative(given, "interests")
    if shares.shape != (n_users, labels.shape[1]):
        raise ValueError(
            f"interests must have one row a user and one column a label [{n_users}, {labels.shape[1]}], got "
            f"{list(shares.shape)}"
        )
    total = shares.sum(1, keepdim=True)
    if bool((total == 0).any()):
        raise ValueError(
            f"interests must not be all zero for a user, got zeros for user {int((total == 0).nonzero()[0, 0])}"
        )
    return (shares / total).to(labels.device)


def _counts(values: Any, scores: Tensor, rows: Tensor | None, kernel: Kernel | None) -> Tensor:  # noqa: ANN401
    counts = non_negative(values, "popularity")
    needed = kernel.n_items if kernel is not None else scores.shape[1] if rows is None else int(rows.max()) + 1
    if counts.ndim != 1 or (len(counts) < needed if rows is not None and kernel is None else len(counts) != needed):
        raise ValueError(f"popularity must have one number an item [{needed}], got {list(counts.shape)}")
    return counts
