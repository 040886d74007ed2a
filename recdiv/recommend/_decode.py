"""Writing items token by token inside the catalogue's prefix tree: beam, diverse beam, sampling without repeats.

What is kept between two tokens are *hypotheses*: a user, a node of the tree, and how probable the way to it is. A
hypothesis at a leaf is a whole item and waits; the others read one more token, all users in one batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recdiv.lm._causal import Causal, Reading
from recdiv.recommend._trie import Trie

METHODS = ("beam", "diverse", "sample")


@dataclass(frozen=True)
class Decoding:
    """How lists are written.

    Attributes:
        method: ``"beam"``, ``"diverse"`` or ``"sample"``.
        width: hypotheses kept a user.
        temperature: sampling only: logits are divided by it.
        groups: diverse beam only: parts of the beam that are kept apart.
        penalty: diverse beam only: what a token costs in nats for each hypothesis of an earlier group that took it in
            the same place.
    """

    method: str
    width: int
    temperature: float = 1.0
    groups: int = 1
    penalty: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {self.method!r}")
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")
        if self.method != "sample" and self.temperature != 1:
            raise ValueError(f"temperature must be 1 where method is not 'sample', got {self.temperature}")
        if not self.penalty >= 0:
            raise ValueError(f"penalty must not be negative, got {self.penalty}")
        if not 1 <= self.groups <= self.width:
            raise ValueError(f"groups must be 1 to width ({self.width}), got {self.groups}")


@dataclass(frozen=True)
class Hypotheses:
    """H ways into the tree.

    Attributes:
        user: whose they are, ``[H]``.
        node: where they stand, ``[H]``.
        row: row of the reading they go on from, ``[H]``; of no meaning at a leaf.
        log_p: sum of the log-probabilities of their tokens, ``[H]``: of the model, or when sampling of the model among
            the nodes that lead to an allowed item.
        value: what they are kept by, ``[H]``.
        group: part of the beam, ``[H]``.
    """

    user: Tensor
    node: Tensor
    row: Tensor
    log_p: Tensor
    value: Tensor
    group: Tensor

    def take(self, index: Tensor) -> Hypotheses:
        """Some of them."""
        return Hypotheses(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    @staticmethod
    def together(parts: list[Hypotheses]) -> Hypotheses:
        """One after the other."""
        names = Hypotheses.__dataclass_fields__
        return Hypotheses(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


Noise = Callable[[Tensor, Tensor], Tensor]  # users [n], nodes [n] -> standard Gumbel numbers [n]


def decode(
    causal: Causal, reading: Reading, trie: Trie, alive: Tensor, how: Decoding, noise: Noise | None = None
) -> Hypotheses:
    """Leaves that each user's model finds, after what was read (one row a user).

    Args:
        causal, reading: the model, and what it has read of each user; the reading is used up.
        trie: the catalogue.
        alive: nodes that lead to an item the user may get, bool ``[U, n]``.
        how: see there.
        noise: for sampling.

    Returns:
        Hypotheses at leaves, at most ``width`` a user; with a beam no narrower than the items left, all of them.
    """
    device = reading.mask.device
    users = torch.arange(len(alive), device=device)[alive[:, 0]]
    held = Hypotheses(
        user=users.repeat(how.groups),
        node=torch.zeros(len(users) * how.groups, dtype=torch.long, device=device),
        row=users.repeat(how.groups),
        log_p=torch.zeros(len(users) * how.groups, dtype=torch.float64, device=device),
        value=torch.zeros(len(users) * how.groups, dtype=torch.float64, device=device),
        group=torch.arange(how.groups, device=device).repeat_interleave(len(users)),
    )
    while True:
        inner = trie.count[held.node] > 0
        if not inner.any():
            return held
        done, going = held.take(~inner), held.take(inner)
        grown, parent = _grown(going, reading.logits, trie, alive, how)
        if how.method == "sample" and noise is not None:
            grown = replace(grown, value=_conditioned(going, grown, parent, noise))
        held = _by_groups(done, grown, trie, how) if how.groups > 1 else _kept([done, grown], how.width, trie)
        inner = trie.count[held.node] > 0
        if inner.any():
            reading = reading.take(held.row[inner], keep=False)
            causal.go_on(reading, trie.token[held.node[inner]][:, None], last_only=True)
            row = torch.zeros_like(held.row)
            row[inner] = torch.arange(int(inner.sum()), device=device)
            held = replace(held, row=row)


def _grown(going: Hypotheses, logits: Tensor, trie: Trie, alive: Tensor, how: Decoding) -> tuple[Hypotheses, Tensor]:
    """Every way on by one token that leads to an allowed item, and which hypothesis each comes from."""
    count = trie.count[going.node]
    parent = torch.repeat_interleave(count)
    place = torch.arange(len(parent), device=parent.device) - (count.cumsum(0) - count)[parent]
    node = trie.first[going.node][parent] + place
    open_ = alive[going.user[parent], node]
    parent, node = parent[open_], node[open_]
    scaled = logits / how.temperature
    log_p = scaled[going.row[parent], trie.token[node]]
    if how.method == "sample":  # among the allowed
        log_p = log_p - _log_sum(log_p, parent, len(count))[parent]
    else:
        log_p = log_p - scaled.logsumexp(1)[going.row[parent]]
    before = going.take(parent)
    return replace(before, node=node, log_p=before.log_p + log_p, value=before.value + log_p), parent


def _log_sum(values: Tensor, group: Tensor, n: int) -> Tensor:
    """Of the values of each group ln Σ exp, ``[n]``."""
    top = values.new_full((n,), -torch.inf).scatter_reduce(0, group, values, "amax")
    return top + values.new_zeros(n).index_add(0, group, (values - top[group]).exp()).log()


def _conditioned(going: Hypotheses, grown: Hypotheses, parent: Tensor, noise: Noise) -> Tensor:
    r"""Gumbel numbers of the ways on, given that the largest among siblings is their parent's.

    With :math:`G_c = \ln p_c + \text{noise}`, Z their largest and G the parent's number:
    :math:`-\ln(e^{-G} - e^{-Z} + e^{-G_c})`, computed without cancellation. The k largest at the leaves are then k
    draws without replacement (Kool et al. 2019).
    """
    own = grown.log_p + noise(grown.user, grown.node)
    top = own.new_full((len(going.node),), -torch.inf).scatter_reduce(0, parent, own, "amax")[parent]
    above = going.value[parent]
    v = above - own + torch.log1p(-(own - top).exp())  # −∞ for the largest itself, which takes its parent's number
    found: Tensor = above - v.clamp(min=0) - torch.log1p((-v.abs()).exp())
    return found


def _kept(parts: list[Hypotheses], width: int, trie: Trie) -> Hypotheses:
    """The ``width`` best of each user; ties go to the lower leaf."""
    held = Hypotheses.together(parts)
    order = torch.argsort(trie.low[held.node], stable=True)
    order = order[torch.argsort(held.value[order], descending=True, stable=True)]
    order = order[torch.argsort(held.user[order], stable=True)]
    return held.take(order[_rank(held.user[order]) < width])


def _rank(sorted_: Tensor) -> Tensor:
    """Position of each entry among the equal ones, of sorted numbers."""
    place = torch.arange(len(sorted_), device=sorted_.device)
    return place - torch.searchsorted(sorted_, sorted_)


def _by_groups(done: Hypotheses, grown: Hypotheses, trie: Trie, how: Decoding) -> Hypotheses:
    """Group after group: what earlier ones took in this place is dearer, and a leaf they hold is theirs."""
    kept: list[Hypotheses] = []
    n_tokens, n_leaves = int(trie.token.max()) + 1, trie.n_leaves
    for group in range(how.groups):
        finished, ways = done.take(done.group == group), grown.take(grown.group == group)
        if kept:
            before = Hypotheses.together(kept)
            took = before.user * n_tokens + trie.token[before.node]
            fresh = before.row >= 0  # a leaf held from earlier places takes no token here
            seen, times = torch.unique(took[fresh], return_counts=True)
            mine = ways.user * n_tokens + trie.token[ways.node]
            at = torch.searchsorted(seen, mine).clamp(max=max(len(seen) - 1, 0))
            dear = torch.where(seen[at] == mine, times[at], 0) if len(seen) else torch.zeros_like(mine)
            ways = replace(ways, value=ways.value - how.penalty * dear)
            leaf = before.take(trie.count[before.node] == 0)
            taken = leaf.user * n_leaves + trie.low[leaf.node]
            finished = finished.take(~_at_leaf(finished, trie, taken))
            ways = ways.take(~_at_leaf(ways, trie, taken))
        finished = replace(finished, row=torch.full_like(finished.row, -1))
        kept.append(_kept([finished, ways], how.width // how.groups, trie))
    return Hypotheses.together(kept)


def _at_leaf(held: Hypotheses, trie: Trie, taken: Tensor) -> Tensor:
    """Which hypotheses stand at a leaf among those taken (user × leaf)."""
    return (trie.count[held.node] == 0) & torch.isin(held.user * trie.n_leaves + trie.low[held.node], taken)
