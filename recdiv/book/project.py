"""Where everything lies in a checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A checkout, by its root folder.

    >>> Project(Path("here")).staged("01_background").as_posix()
    'here/_build/stage/notebooks/01_background.ipynb'
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """The checkout that holds ``start`` (default: the working folder).

        Raises:
            FileNotFoundError: if no folder from ``start`` upwards holds ``_toc.yml`` and ``_config.yml``.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "_toc.yml").is_file() and (folder / "_config.yml").is_file():
                return cls(folder)
        raise FileNotFoundError(f"no book here: neither {here} nor a folder above it holds _toc.yml and _config.yml")

    @property
    def notebooks(self) -> Path:
        """The committed notebooks."""
        return self.root / "notebooks"

    @property
    def expected(self) -> Path:
        """Trained numbers with their tolerances, one file a notebook."""
        return self.notebooks / "expected"

    @property
    def output(self) -> Path:
        """Everything that is made and never committed."""
        return self.root / "_build"

    @property
    def stage(self) -> Path:
        """What Jupyter Book reads: pages as committed, notebooks as run."""
        return self.output / "stage"

    @property
    def html(self) -> Path:
        """The built book; it exists only when the build succeeded."""
        return self.output / "html"

    def names(self, only: list[str] | None = None) -> list[str]:
        """Notebook names in reading order, or those of ``only``.

        Raises:
            ValueError: if a name in ``only`` is no notebook.
        """
        names = sorted(path.stem for path in self.notebooks.glob("*.ipynb"))
        wanted = [Path(name).stem if name.endswith(".ipynb") else name for name in only or names]
        for name in wanted:
            if name not in names:
                raise ValueError(f"only must name notebooks among {', '.join(names) or 'none'}, got {name!r}")
        return wanted

    def source(self, name: str) -> Path:
        """The committed notebook."""
        return self.notebooks / f"{name}.ipynb"

    def staged(self, name: str) -> Path:
        """The same notebook, run here."""
        return self.stage / "notebooks" / f"{name}.ipynb"

    def run_record(self, name: str) -> Path:
        """What is known of its last run here."""
        return self.output / "runs" / f"{name}.json"
