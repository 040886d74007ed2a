r"""When are two items the same thing? A kernel says so, for all of :mod:`recdiv.diversity`.

A kernel is a similarity :math:`K_{ij} = \varphi_i \cdot \varphi_j` of unit vectors, so :math:`K_{ii} = 1` and every
Gram matrix is positive semi-definite. Weights :math:`p` over the items make the state
:math:`\rho_p = \sum_i p_i \varphi_i \varphi_i^\top`, whose eigenvalues are non-negative and sum to one.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from recdiv._category import CategoryKernel
from recdiv._inputs import Items, Weights, as_items, as_weights, blocks, positive_eigenvalues, products
from recdiv._missing import Missing, vectors_of
from recdiv.tables import Catalog

__all__ = ["CategoryKernel", "EmbeddingKernel", "IdentityKernel", "Kernel"]


class Kernel(Protocol):
    r"""What :mod:`recdiv.diversity` asks of a kernel: bring your own with these three members.

    Attributes:
        n_items: I, the number of rows of the catalogue.

    Three more members are used where a kernel has them; without them the same numbers come more slowly from ``gram``.

    * ``orthogonal: bool``: any two items are either the same or at right angles, so that q = 0 can be counted.
    * ``cross(rows, columns)``: the similarities ``[n, m]`` of two one-dimensional sets of items.
    * ``expectation(p)``: :math:`\varphi_i^\top \rho_p \varphi_i` of every item ``[I]``.
    """

    @property
    def n_items(self) -> int:
        """I, the number of rows of the catalogue."""
        ...

    def gram(self, items: Tensor) -> Tensor:
        """Similarities within each list, float64 ``[..., K] -> [..., K, K]``; rows of negative slots are zero."""
        ...

    def spectrum(self, p: Tensor) -> Tensor:
        """Eigenvalues of rho_p for weights ``[I]`` (scaled to sum 1), float64, those that are not zero."""
        ...


class EmbeddingKernel:
    """Cosine similarity of item vectors: what a language model says about sameness.

    Args:
        vectors: numbers ``[I, d]``, one row an item; rows are scaled to length one and kept as float32.

    Raises:
        ValueError: if ``vectors`` is not ``[I, d]``, or a row holds NaN or infinity or only zeros (the row is named).

    Spectra and Gram matrices are float64; the rounding of float32 storage moves a cosine by about 1e-8, and every
    item's similarity to itself is one to float64 precision. The device is that of ``vectors``.

    >>> kernel = EmbeddingKernel([[3.0, 0.0], [0.0, 2.0], [5.0, 0.0]])
    >>> kernel.gram(torch.tensor([0, 1, 2])).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    >>> kernel.spectrum([1, 1, 2]).round(decimals=6).tolist()
    [0.75, 0.25]
    """

    orthogonal = False

    def __init__(self, vectors: Weights) -> None:
        raw = torch.as_tensor(vectors)
        if raw.ndim != 2 or 0 in raw.shape:
            raise ValueError(f"vectors must have shape [I, d], neither of them 0, got {list(raw.shape)}")
        if raw.is_complex() or raw.dtype == torch.bool:
            raise ValueError(f"vectors must be real numbers, got {str(raw.dtype).removeprefix('torch.')}")
        self.vectors = torch.empty(raw.shape, dtype=torch.float32, device=raw.device)
        for rows in blocks(torch.arange(len(raw), device=raw.device), raw.shape[1]):
            block = raw[rows].detach().double()
            self.vectors[rows] = (block / _lengths(block, int(rows[0]))[:, None]).float()
        # what rounding to float32 did to the length of each row: undone in float64 wherever rows meet
        self._scale = 1.0 / torch.linalg.vector_norm(self.vectors, dim=1, dtype=torch.float64)

    @classmethod
    def from_text(
        cls,
        catalog: Catalog,
        *,
        encoder: Any = None,  # noqa: ANN401
        missing: Missing = "same",
        rng: int | np.random.Generator = 0,
    ) -> EmbeddingKernel:
        """The kernel of what the items say: ``catalog.texts()`` read by ``encoder`` (default: the default model).

        Args:
            catalog: needs a column ``title`` or ``text``.
            encoder: anything with ``encode(texts) -> [n, d]``.
            missing: what becomes of items with neither title nor text. All of them are the ``"same"`` thing, of which a
                warning tells the number; each is a thing of its ``"own"``, in a direction drawn at random; the labels
                of its ``"category"`` are read instead; another item may ``"stand_in"``, drawn among those most alike in
                category; or it is an error (``"raise"``). Chapter 6.4 measures what each costs.
            rng: of what is drawn.

        Raises:
            ValueError: if there is no column to read, ``missing`` is none of these or an item is missing under
                ``"raise"``, there are no categories to be read, or no item to stand in.

        >>> class Lengths:
        ...     def encode(self, texts):
        ...         return [[1.0, float(len(text))] for text in texts]
        >>> import pandas as pd
        >>> tea = Catalog(pd.DataFrame({"item_id": [1, 2], "title": ["Tea", None], "category": ["hot", "hot"]}))
        >>> EmbeddingKernel.from_text(tea, encoder=Lengths(), missing="category")  # reads Tea, hot
        EmbeddingKernel(2 items, 2 dimensions)
        """
        if encoder is None:
            from recdiv.lm import TextEncoder

            encoder = TextEncoder()
        return cls(vectors_of(catalog, encoder, missing, rng))

    def __repr__(self) -> str:
        return f"EmbeddingKernel({self.n_items:,} items, {self.dimension} dimensions)"

    @property
    def n_items(self) -> int:
        """I, the number of items."""
        return int(self.vectors.shape[0])

    @property
    def dimension(self) -> int:
        """Length d of a vector: no effective number can exceed it."""
        return int(self.vectors.shape[1])

    @property
    def device(self) -> torch.device:
        """Where the vectors live."""
        return self.vectors.device

    def to(self, device: torch.device | str) -> EmbeddingKernel:
        """The same kernel on another device."""
        return EmbeddingKernel(self.vectors.to(device))

    def gram(self, items: Items) -> Tensor:
        """Cosines within each list, ``[..., K] -> [..., K, K]``; rows and columns of negative slots are zero."""
        rows = as_items(items, self.n_items).to(self.device)
        x, scale = self._rows(rows)
        return products(x).mul_(scale[..., :, None] * scale[..., None, :])

    def cross(self, rows: Items, columns: Items) -> Tensor:
        """Cosines ``[n, m]`` between two sets of items, float32 (the one place where speed needs it)."""
        left, right = (as_items(each, self.n_items).to(self.device) for each in (rows, columns))
        return (
            self.vectors[left.clamp(min=0)] @ self.vectors[right.clamp(min=0)].T * ((left >= 0)[:, None] & (right >= 0))
        )

    def spectrum(self, p: Weights) -> Tensor:
        """Eigenvalues of rho_p that are not zero, largest first: of the d×d or the n×n matrix, whichever is smaller."""
        p = as_weights(p, self.n_items, "p").to(self.device)
        rows = p.nonzero().squeeze(1)
        if len(rows) > self.dimension:
            return positive_eigenvalues(self.state(p))
        root = p[rows].sqrt()
        return positive_eigenvalues(self.gram(rows) * root[:, None] * root)

    def state(self, p: Weights) -> Tensor:
        """The state rho_p itself, float64 ``[d, d]``; built block by block, so catalogues of any size fit."""
        p = as_weights(p, self.n_items, "p").to(self.device)
        rows = p.nonzero().squeeze(1)
        rho = torch.zeros(self.dimension, self.dimension, dtype=torch.float64, device=self.device)
        for block in blocks(rows, self.dimension):
            x, scale = self._rows(block)
            x *= (p[block].sqrt() * scale)[:, None]
            rho.addmm_(x.T, x)
        return rho

    def expectation(self, p: Weights) -> Tensor:
        r"""How strongly each item is present in rho_p: :math:`\varphi_i^\top \rho_p \varphi_i`, float64 ``[I]``."""
        rho = self.state(p)
        every = torch.arange(self.n_items, device=self.device)
        parts = []
        for block in blocks(every, self.dimension):
            x, scale = self._rows(block)
            parts.append(((x @ rho) * x).sum(1) * scale**2)
        return torch.cat(parts)

    def _rows(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Gathered rows in float64, and what their lengths are still to be multiplied by (0 for an empty slot)."""
        safe = items.clamp(min=0)
        rows = self.vectors.index_select(0, safe.flatten())  # several times faster than self.vectors[safe]
        return rows.double().reshape(*items.shape, self.dimension), self._scale[safe] * (items >= 0)


class IdentityKernel:
    """Every item is a thing of its own: entropy, coverage and mutual information as tradition has them.

    >>> IdentityKernel(3).gram([0, 1, 0]).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    >>> IdentityKernel(3).spectrum([1, 0, 3]).tolist()
    [0.75, 0.25]
    """

    orthogonal = True

    def __init__(self, n_items: int) -> None:
        if n_items < 1:
            raise ValueError(f"n_items must be at least 1, got {n_items}")
        self.n_items = n_items

    def __repr__(self) -> str:
        return f"IdentityKernel({self.n_items:,} items)"

    def to(self, device: torch.device | str) -> IdentityKernel:
        """Itself: there is nothing to move."""
        return self

    def things(self, items: Tensor) -> Tensor:
        """A number for each thing, the same for items that are the same: here, the item."""
        return items

    def gram(self, items: Items) -> Tensor:
        """One where two slots hold the same item, ``[..., K] -> [..., K, K]``; nothing for negative slots."""
        rows = as_items(items, self.n_items)
        return (rows[..., :, None] == rows[..., None, :]).double() * (rows >= 0)[..., :, None]

    def cross(self, rows: Items, columns: Items) -> Tensor:
        """One where a row's item is the column's, ``[n, m]``."""
        left, right = (as_items(each, self.n_items) for each in (rows, columns))
        return (left[:, None] == right).double() * ((left >= 0)[:, None] & (right >= 0))

    def spectrum(self, p: Weights) -> Tensor:
        """The positive weights themselves, scaled to sum 1, largest first."""
        p = as_weights(p, self.n_items, "p")
        return p[p > 0].sort(descending=True).values

    def expectation(self, p: Weights) -> Tensor:
        """The weights themselves, scaled to sum 1."""
        return as_weights(p, self.n_items, "p")


def _lengths(block: Tensor, start: int) -> Tensor:
    """Length of each row, after making sure that it has a direction."""
    lengths: Tensor = torch.linalg.vector_norm(block, dim=1)
    wrong = (~torch.isfinite(block).all(1)) | (lengths == 0)
    if wrong.any():
        row = int(wrong.nonzero()[0])
        what = "only zeros" if lengths[row] == 0 else "NaN or infinity"
        raise ValueError(f"vectors must be finite and not zero, got {what} in row {start + row}")
    return lengths
