"""One environment a peer: their pins clash, so none is ever installed beside another or beside recdiv."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from recdiv._paths import cache_folder

RUNNERS = Path(__file__).parent / "runners"
TORCH = "torch==2.13.0"  # installed first and alone: what others ask for may be gigabytes larger


@dataclass(frozen=True)
class Peer:
    """A library that is run.

    Attributes:
        name: as in the conventions; further numbers of it are called ``name-something``.
        package: what is measured, pinned.
        beside: what its metrics import, pinned where a newer one breaks them.
        whole: whether to install all that the package asks for, or only ``beside`` (its metrics need little of it).
    """

    name: str
    package: str
    beside: tuple[str, ...] = ()
    whole: bool = False

    @property
    def version(self) -> str:
        """The pinned version."""
        return self.package.partition("==")[2]

    @property
    def runner(self) -> Path:
        """The script that prints its numbers, run by its own interpreter."""
        return RUNNERS / f"run_{self.name.replace('-', '_')}.py"

    @property
    def folder(self) -> Path:
        """Where its environment and what it printed are kept, outside the repository."""
        return cache_folder() / "conformance" / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "env" / "bin" / "python"


PEERS = {
    peer.name: peer
    for peer in (
        Peer("vendi-score", "vendi-score==0.0.3", ("numpy==1.26.4", "scipy==1.13.1", "scikit-learn==1.5.2")),
        Peer("rexmex", "rexmex==0.1.3", ("numpy==1.26.4", "pandas==2.2.3", "scikit-learn==1.5.2", "six==1.16.0")),
        Peer(
            "recmetrics",
            "recmetrics==0.1.5",
            (
                "numpy==1.26.4", "pandas==1.5.3", "scikit-learn==1.5.2", "matplotlib==3.8.4", "seaborn==0.11.2",
                "plotly==4.14.3", "funcsigs==1.0.2",
            ),
        ),
        Peer("recommenders", "recommenders==1.2.1", ("numpy==1.26.4", "pandas==2.2.3", "scikit-learn==1.5.2")),
        Peer("jurity", "jurity==2.1.0", ("numpy==1.26.4", "pandas==2.2.3", "scikit-learn==1.5.2")),
        Peer("rectools", "rectools==0.19.0", whole=True),
        Peer("replay", "replay-rec==0.22.0", whole=True),
        Peer("torch-rechub", "torch-rechub==0.9.0", (TORCH, "pandas==2.2.3", "scikit-learn==1.5.2", "tqdm==4.67.1")),
        Peer(
            "recbole",
            "recbole==1.2.1",
            (
                TORCH, "numpy==1.23.5", "pandas==2.2.3", "scipy==1.13.1", "scikit-learn==1.5.2", "colorlog==4.7.2",
                "colorama==0.4.4", "PyYAML==6.0.2", "tqdm==4.67.1", "texttable==1.7.0", "psutil==7.0.0",
                "tabulate==0.9.0", "tensorboard==2.19.0", "thop==0.1.1.post2209072238", "plotly==5.24.1",
                "protobuf==5.29.5",
            ),
        ),
        Peer("lenskit", "lenskit==2025.8.1", (TORCH,), whole=True),
    )
}  # fmt: skip
SOURCE_ONLY = {
    "elliot": "on no package index; pins TensorFlow 2.3, which this Python cannot install",
    "ranksys": "Java, on no Python package index",
    "mfd": "research code, not packaged",
    "clayrs": "transcribed: its metrics need its whole content pipeline",
    "rsdiv": "its dependency lightfm does not build",
    "radio": "research code, not packaged",
    "informfully": "a fork of Cornac, on no package index",
}


def built(peer: Peer) -> bool:
    """Whether the environment stands, with the pins of today."""
    marker = peer.folder / "pins"
    return marker.is_file() and marker.read_text() == pins(peer) and peer.python.is_file()


def pins(peer: Peer) -> str:
    """All that is asked for."""
    return "\n".join([f"python {sys.version_info.major}.{sys.version_info.minor}", *peer.beside, peer.package])


def build(peer: Peer) -> None:
    """Make the environment of a peer; one that stands already is left alone.

    Raises:
        RuntimeError: if something cannot be installed; names it and what pip said last.
    """
    if built(peer):
        return
    peer.folder.mkdir(parents=True, exist_ok=True)
    _run([sys.executable, "-m", "venv", "--clear", str(peer.folder / "env")])
    first = [name for name in peer.beside if name == TORCH]
    rest = [name for name in peer.beside if name != TORCH]
    for wanted in (first, rest):
        if wanted:
            _pip(peer, wanted)
    _pip(peer, [peer.package] if peer.whole else ["--no-deps", peer.package])
    (peer.folder / "pins").write_text(pins(peer))


def _pip(peer: Peer, wanted: list[str]) -> None:
    _run([str(peer.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise RuntimeError(f"{' '.join(command[-3:])} failed: {said}")


def printed(peer: Peer, inputs: str) -> str:
    """What the peer prints for the inputs (JSON in, JSON out), from an earlier run where nothing has changed since.

    Raises:
        RuntimeError: if its runner fails as a whole.
    """
    parts = [inputs, pins(peer), peer.runner.read_text(), (RUNNERS / "_protocol.py").read_text()]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    kept = peer.folder / f"printed-{key}.json"
    if not kept.is_file():
        given, answer = peer.folder / "inputs.json", peer.folder / "answer.json"
        given.write_text(inputs)
        _run([str(peer.python), str(peer.runner), str(given), str(answer)])
        answer.replace(kept)
    return kept.read_text()
