"""Real sets by name: each source file adds one line here, and is imported only when its set is loaded."""

from __future__ import annotations

#: name -> "module:function"; the function takes only keyword arguments with defaults and returns a Dataset,
#: e.g. ``"movietweetings": "recdiv.datasets.movietweetings:load"``.
SOURCES: dict[str, str] = {}
