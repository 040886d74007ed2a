"""A missing extra says what to type; a broken one shows its own error."""

import pytest

from recdiv._extras import require


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("lm", r'recdiv\.lm needs no_such_package: pip install "recdiv\[lm\]"'),
        ("plot", r'recdiv\.plots needs no_such_package: pip install "recdiv\[plot\]"'),
        ("other", r'recdiv needs no_such_package: pip install "recdiv\[other\]"'),
    ],
)
def test_a_missing_package_is_named(extra, message):
    for module in ("no_such_package", "no_such_package.inner"):
        with pytest.raises(ImportError, match=message) as caught:
            require(module, extra)
        assert caught.value.name == "no_such_package"


def test_a_package_that_is_there_but_broken_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("import no_such_dependency")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_dependency'"):
        require("broken_package", "lm")
