"""Real sets by name: each source file adds one line here, and is imported only when its set is loaded."""

from __future__ import annotations

#: name -> "module:function"; the function takes only keyword arguments with defaults and returns a Dataset.
SOURCES: dict[str, str] = {
    name: f"recdiv.datasets.{name}:load"
    for name in (
        "ag_news",
        "crossner_music",
        "dfki_product",
        "dsner",
        "human_diversity",
        "human_ils",
        "human_music",
        "lastfm",
        "more_like_this",
        "movielens",
        "movietweetings",
        "nemig",
        "online_retail",
        "streaming",
        "sts",
        "wikitext2",
        "wnut17",
        "xmind_zh",
    )
}
