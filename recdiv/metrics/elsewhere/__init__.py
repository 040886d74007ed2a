"""What other libraries print for our metrics, faults included: one file a library, entered into the registry.

Written from their source code and held to numbers they printed (``results/conformance.json``). They stay as plain as
their sources: lists are walked one by one.
"""

from __future__ import annotations

from recdiv.metrics.elsewhere import (
    clayrs,
    elliot,
    informfully,
    jurity,
    lenskit,
    mfd,
    radio,
    ranksys,
    recbole,
    recmetrics,
    recommenders,
    rectools,
    replay,
    rexmex,
    rsdiv,
    torch_rechub,
    vendi_score,
)

__all__ = [
    "clayrs", "elliot", "informfully", "jurity", "lenskit", "mfd", "radio", "ranksys", "recbole", "recmetrics",
    "recommenders", "rectools", "replay", "rexmex", "rsdiv", "torch_rechub", "vendi_score",
]  # fmt: skip
