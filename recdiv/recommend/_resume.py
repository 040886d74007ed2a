"""The state of a training after each epoch, in memory and on disk: one file, replaced whole, no pickle."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from recdiv._extras import require
from recdiv.recommend._transformer import NextItem

_FILE = "unfinished.safetensors"


class Checkpoint:
    """What a training has reached: weights, optimiser, the best weights so far, one entry an epoch.

    Args:
        module, optimizer: what is trained; read by ``keep``, written by ``resume`` and ``finish``.
        folder: where to keep each epoch; None keeps the best in memory only.
        key: all that the training depends on; a checkpoint with another key is refused.
    """

    def __init__(
        self,
        module: NextItem,
        optimizer: Optimizer,
        folder: str | os.PathLike[str] | None,
        key: Any,  # noqa: ANN401
    ) -> None:
        self.module, self.optimizer = module, optimizer
        self.file = None if folder is None else Path(folder) / _FILE
        self.key = hashlib.sha256(repr((key, [tuple(each.shape) for each in module.parameters()])).encode()).hexdigest()
        self.history: list[dict[str, float]] = []
        self.best: dict[str, Tensor] = {}

    @property
    def epoch(self) -> int:
        """The last epoch that was finished."""
        return int(self.history[-1]["epoch"])

    @property
    def best_epoch(self) -> int:
        """The epoch with the best validation so far, the first of several; the last one where nothing validates."""
        if "ndcg" not in self.history[-1]:
            return self.epoch
        return int(max(self.history, key=lambda entry: entry["ndcg"])["epoch"])

    def keep(self, entry: dict[str, float]) -> None:
        """Note an epoch that was finished."""
        self.history.append(entry)
        if self.best_epoch == self.epoch:
            self.best = {name: value.detach().clone() for name, value in self.module.kept().items()}
        if self.file is not None:
            self._write(self.file)

    def resume(self) -> bool:
        """Go back to the checkpoint, where there is one.

        Raises:
            ValueError: if it is damaged, or of a training with other settings or data.
        """
        if self.file is None or not self.file.is_file():
            return False
        safetensors = require("safetensors", "recommend")
        try:
            with safetensors.safe_open(str(self.file), "pt") as store:
                found = json.loads(store.metadata()["training"])
                tensors = {name: store.get_tensor(name) for name in store.keys()}
        except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"folder: {str(self.file)!r} is no checkpoint that can be read ({error})") from None
        if found["key"] != self.key:
            raise ValueError(
                f"folder: {str(self.file)!r} is of a training with other settings or data; choose another folder"
            )
        self.history = found["history"]
        self.module.take(_under("now", tensors))
        self.best = _under("best", tensors)
        self._restore_optimizer(_under("optimizer", tensors))
        return True

    def finish(self) -> list[dict[str, float]]:
        """Put the best weights into the module and take the checkpoint away; the epochs are returned."""
        self.module.take(self.best)
        if self.file is not None:
            self.file.unlink(missing_ok=True)
        return self.history

    def _write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        tensors = {f"now/{name}": value for name, value in self.module.kept().items()}
        tensors |= {f"best/{name}": value for name, value in self.best.items()}
        for row, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{row}/{name}": value for name, value in values.items()}
        unfinished = file.with_suffix(f".{os.getpid()}.part")
        require("safetensors.torch", "recommend").save_file(
            {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()},
            str(unfinished),
            metadata={"training": json.dumps({"key": self.key, "history": self.history})},
        )
        unfinished.replace(file)

    def _restore_optimizer(self, tensors: dict[str, Tensor]) -> None:
        state: dict[int, dict[str, Tensor]] = {}
        for path, value in tensors.items():
            row, _, name = path.partition("/")
            state.setdefault(int(row), {})[name] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}/"): value for name, value in tensors.items() if name.startswith(f"{prefix}/")}
