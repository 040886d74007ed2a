"""How many people a few known items leave in question."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recdiv.tables import Interactions

_TOGETHER = 512  # people looked up at once: their matches with everybody fit in memory


def anonymity(
    interactions: Interactions, *, known: int = 3, rng: int | np.random.Generator = 0
) -> npt.NDArray[np.int64]:
    r"""How many people's histories hold ``known`` items drawn from somebody's own, that person included.

    .. math:: k(u) = |\{v : S_u \subseteq H_v\}|, \qquad S_u \subseteq H_u, \ |S_u| = \min(m, |H_u|)

    1 means that whoever knows these items knows who it is, and can read the rest of the history; k is the k of
    k-anonymity. The share of people with 1 is their *unicity*.

    Args:
        interactions: what people did; an item that somebody had twice counts once.
        known: m, how many items of each person somebody else knows.
        rng: seed or generator of the items drawn.

    Returns:
        Int64 ``[U]`` in the order of ``interactions.users``, from 1 (unique) to U (like everybody). Somebody with fewer
        than m items is looked up by all of them.

    Raises:
        ValueError: if ``known`` is below 1.

    Source: de Montjoye et al. 2013 for unicity; Sweeney 2002 for k-anonymity.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": ["a", "b", "c"]}))
    >>> frame = pd.DataFrame({"user_id": [1, 1, 2, 2, 3], "item_id": ["a", "b", "a", "b", "c"]})
    >>> anonymity(Interactions(frame, catalog), known=2).tolist()  # 1 and 2 are alike; nobody else had c
    [2, 2, 1]
    """
    if known < 1:
        raise ValueError(f"known must be at least 1, got {known}")
    from scipy.sparse import csr_array

    n_users, n_items = interactions.n_users, interactions.n_items
    pairs = np.unique(interactions.user * max(n_items, 1) + interactions.item)
    user, item = np.divmod(pairs, max(n_items, 1))
    had = csr_array((np.ones(len(pairs), dtype=np.int32), (user, item)), shape=(n_users, n_items))
    order = np.lexsort((np.random.default_rng(rng).random(len(pairs)), user))  # each person's items, shuffled
    place = np.arange(len(pairs)) - np.concatenate([[0], np.cumsum(np.bincount(user, minlength=n_users))])[user]
    drawn = order[place < known]
    asked = csr_array((np.ones(len(drawn), dtype=np.int32), (user[drawn], item[drawn])), shape=(n_users, n_items))
    wanted, found = np.diff(asked.indptr), np.zeros(n_users, dtype=np.int64)
    for start in range(0, n_users, _TOGETHER):
        some = slice(start, start + _TOGETHER)
        shared = (asked[some] @ had.T).toarray()  # how many of the known items each other person had
        found[some] = (shared == wanted[some, None]).sum(1)
    return found
