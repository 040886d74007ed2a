"""The kernel of labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from recdiv._inputs import Items, Weights, as_items, as_weights, positive_eigenvalues
from recdiv.tables import labels_of

_TABLE = 1024  # up to this many different label sets, their similarities are computed once and looked up


class CategoryKernel:
    r"""Items are as similar as their labels: the cosine of 0/1 label vectors, :math:`|A \cap B| / \sqrt{|A| |B|}`.

    Args:
        labels: of each item one string (several joined by ``|``), a tuple or list of strings, or nothing, None or NaN
            where there is no label; ``catalog.categories`` is of that form.
        missing: an item without a label is a thing of its ``"own"``, or all such items are the ``"same"`` thing, or
            it is an error (``"raise"``).

    Raises:
        ValueError: if there are no items, ``missing`` is none of the three, or a label is missing under ``"raise"``.

    Attributes:
        label_names: the labels there are, in alphabetical order.

    An item with two labels is one thing half-way between both. With at most one label an item any two items are the
    same or at right angles, and effective numbers are the Hill numbers of the category histogram, q = 0 included.

    >>> kernel = CategoryKernel(["tea", ("tea", "mug"), None, None])
    >>> kernel.gram([0, 1, 2, 3]).round(decimals=4).tolist()
    [[1.0, 0.7071, 0.0, 0.0], [0.7071, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    >>> CategoryKernel(["tea", "tea", "mug"]).spectrum([1, 1, 2]).tolist()
    [0.5, 0.5]
    """

    def __init__(self, labels: Iterable[Any], *, missing: Literal["own", "same", "raise"] = "own") -> None:
        if missing not in ("own", "same", "raise"):
            raise ValueError(f"missing must be 'own', 'same' or 'raise', got {missing!r}")
        numbers: dict[frozenset[Any], int] = {}
        thing = [numbers.setdefault(_label_set(value, row, missing), len(numbers)) for row, value in enumerate(labels)]
        if not thing:
            raise ValueError("labels must have one entry an item, got none")
        self.n_items = len(thing)
        self._thing = torch.tensor(thing)
        self._labels, self._alone = _label_table(list(numbers))
        self._sets = list(numbers)
        self.label_names = sorted({label for each in numbers for label in each if isinstance(label, str)})
        self.orthogonal = bool(self._alone.all())
        every = torch.arange(len(numbers))
        self._table = None if self.orthogonal or len(every) > _TABLE else self._overlap(every[:, None], every)

    def __repr__(self) -> str:
        return f"CategoryKernel({self.n_items:,} items, {int(self._labels.max()) + 1:,} labels)"

    @property
    def device(self) -> torch.device:
        """Where the labels live."""
        return self._thing.device

    def to(self, device: torch.device | str) -> CategoryKernel:
        """The same kernel on another device."""
        other = object.__new__(CategoryKernel)
        for name, value in vars(self).items():
            setattr(other, name, value.to(device) if isinstance(value, Tensor) else value)
        return other

    @cached_property
    def labels(self) -> Tensor:
        """Which item holds which label, float32 0/1 ``[I, C]``, columns as in ``label_names``.

        The row of an item without a label is zero, whatever ``missing`` made of it.

        >>> CategoryKernel(["tea", ("tea", "mug"), None]).labels.tolist()
        [[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]
        """
        column = {name: j for j, name in enumerate(self.label_names)}
        table = torch.zeros(len(self._sets), len(column))
        for row, labels in enumerate(self._sets):
            table[row, [column[label] for label in labels if label in column]] = 1.0
        return table.to(self.device)[self._thing]

    def things(self, items: Tensor) -> Tensor:
        """A number for each set of labels, the same for items that are the same; negative slots stay negative."""
        items = items.to(self.device)
        return torch.where(items >= 0, self._thing[items.clamp(min=0)], items)

    def gram(self, items: Items) -> Tensor:
        """Cosines within each list, float64 ``[..., K] -> [..., K, K]``; nothing for negative slots."""
        things = self.things(as_items(items, self.n_items))
        return self._similarity(things[..., :, None], things[..., None, :])

    def cross(self, rows: Items, columns: Items) -> Tensor:
        """Cosines ``[n, m]`` between two sets of items."""
        left, right = (self.things(as_items(each, self.n_items)) for each in (rows, columns))
        return self._similarity(left[:, None], right)

    def spectrum(self, p: Weights) -> Tensor:
        """Eigenvalues of rho_p that are not zero, largest first.

        A label set that shares no label with another is an eigenvector by itself; only the others need a matrix.
        """
        p = as_weights(p, self.n_items, "p").to(self.device)
        mass = torch.zeros(len(self._labels), dtype=p.dtype, device=p.device).index_add_(0, self._thing, p)
        alone = mass[self._alone & (mass > 0)]
        mixed = (~self._alone & (mass > 0)).nonzero().squeeze(1)
        if len(mixed):
            alone = torch.cat([alone, positive_eigenvalues(self._mixed_state(mixed, mass[mixed]))])
        return alone.sort(descending=True).values

    def _mixed_state(self, sets: Tensor, mass: Tensor) -> Tensor:
        """Rho restricted to label sets that overlap: in label or in set coordinates, whichever are fewer."""
        names, column = torch.unique(self._labels[sets], return_inverse=True)
        if len(names) - 1 >= len(sets):
            root = mass.sqrt()
            return self._similarity(sets[:, None], sets) * root[:, None] * root
        held = self._labels[sets] >= 0
        x = torch.zeros(len(sets), len(names), dtype=torch.float64, device=self.device)
        x.scatter_add_(1, column, held.double() * (mass / held.sum(1)).sqrt()[:, None])
        return x.T @ x

    def _similarity(self, left: Tensor, right: Tensor) -> Tensor:
        present = (left >= 0) & (right >= 0)
        if self.orthogonal:
            return ((left == right) & present).double()
        left, right = left.clamp(min=0), right.clamp(min=0)
        values = self._overlap(left, right) if self._table is None else self._table[left, right]
        return values * present

    def _overlap(self, left: Tensor, right: Tensor) -> Tensor:
        a, b = self._labels[left], self._labels[right]
        shared = ((a[..., :, None] == b[..., None, :]) & (a >= 0)[..., :, None]).sum((-2, -1))
        return shared.double() / ((a >= 0).sum(-1) * (b >= 0).sum(-1)).double().sqrt()


def _label_set(value: Any, row: int, missing: str) -> frozenset[Any]:  # noqa: ANN401
    labels = labels_of(value)
    if labels:
        return frozenset(labels)
    if missing == "raise":
        raise ValueError(f"labels: item {row} has no label; pass missing='own' or missing='same' to allow it")
    return frozenset([(row if missing == "own" else -1,)])  # a tuple: no name a person gave can equal it


def _label_table(sets: list[frozenset[Any]]) -> tuple[Tensor, Tensor]:
    """Label numbers of each set ``[S, L]`` padded with -1, and which sets share no label with another ``[S]``."""
    held_by = Counter(label for each in sets for label in each)
    number = {label: j for j, label in enumerate(held_by)}
    width = max(len(each) for each in sets)
    rows = [sorted(number[label] for label in each) for each in sets]
    alone = [all(held_by[label] == 1 for label in each) for each in sets]
    return torch.tensor([row + [-1] * (width - len(row)) for row in rows]), torch.tensor(alone)
