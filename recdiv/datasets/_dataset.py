"""What every source hands back: a catalogue, what people did with it, and where both come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recdiv.tables import Catalog, Interactions

if TYPE_CHECKING:
    from recdiv.datasets._latent import Latent


@dataclass(frozen=True)
class Dataset:
    """A catalogue with its interactions, and for the bundled sample the truth behind both.

    Attributes:
        name: what it was loaded as.
        source: one line: what this is, and whether it is the bundled sample or a real set.
        catalog: the items.
        interactions: what people did, or None where the source holds none.
        latent: the known truth (bundled sample only), else None.
        extras: whatever else the source holds, by name.
    """

    name: str
    source: str
    catalog: Catalog
    interactions: Interactions | None = None
    latent: Latent | None = None
    extras: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        events = "no interactions" if self.interactions is None else f"{len(self.interactions):,} interactions"
        truth = ", truth known" if self.latent is not None else ""
        return f"Dataset({self.name!r}: {len(self.catalog):,} items, {events}{truth})"
