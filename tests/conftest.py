"""What every test stands on: no downloads, no time limits for property tests, honest reasons for skipping.

With ``-n`` (pytest-xdist) tests run in several processes: a file stays together, because its fixtures are made once a
process, but for notebooks, which take minutes each; what takes longest starts first.
"""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from recdiv._threads import share_of_cores, usual_jobs

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that needs the hub is a test that fails on a train
if "PYTEST_XDIST_WORKER" in os.environ:  # before torch counts the cores
    os.environ.update(share_of_cores(int(os.environ["PYTEST_XDIST_WORKER_COUNT"])))


def pytest_configure(config):
    from hypothesis import settings

    settings.register_profile("recdiv", deadline=None, derandomize=bool(os.environ.get("CI")))
    settings.load_profile("recdiv")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("real") and not os.environ.get("RECDIV_DATA"):
            item.add_marker(pytest.mark.skip(reason="RECDIV_DATA is not set: the real data sets are not here"))
        if item.get_closest_marker("gpu") and not _cuda():
            item.add_marker(pytest.mark.skip(reason="torch sees no CUDA device"))
    if "PYTEST_XDIST_WORKER" in os.environ:
        _longest_first(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if os.environ.get("CI") and item.get_closest_marker("browser") and not _browser():
        pytest.fail(
            "CI is set, and chromium or chromedriver is missing: the browser tests must run there", pytrace=False
        )


def _longest_first(items):
    """Pieces of work by the seconds they may take; the same in each process, as it must be."""
    seconds = Counter()
    for item in items:
        seconds[_piece(item.nodeid)] += _seconds(item)
    items.sort(key=lambda item: -seconds[_piece(item.nodeid)])


def _piece(nodeid):
    """What one process does in one go: a notebook test, or all tests of a file, or of all that build the book."""
    file, _, test = nodeid.partition("::")
    if file.endswith(("test_browser.py", "test_site.py")) and not os.environ.get("RECDIV_SITE"):
        return "the book"
    alone = file.endswith("test_notebooks.py") and test.startswith(("test_executes", "test_smoke"))
    return nodeid if alone else file


def _seconds(item):
    """A guess: notebooks as long as when they were recorded, others by their marks."""
    if item.get_closest_marker("notebook"):
        from recdiv.book.project import Project
        from recdiv.book.run import expected_seconds

        whole = expected_seconds(Project.find(Path(__file__)), item.callspec.params["name"])
        return whole if "test_executes" in item.nodeid else whole / 5
    return 20 if item.get_closest_marker("browser") or item.get_closest_marker("slow") else 0.2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    return usual_jobs()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "load":
        return None  # somebody asked for another
    from xdist.scheduler import LoadScopeScheduling

    class LongestFirst(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _piece(nodeid)

    config.option.loadscopereorder = False  # the order is that of the collection
    return LongestFirst(config, log)


def _browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    return any(map(shutil.which, names)) and shutil.which("chromedriver")


def _cuda():
    import torch

    return torch.cuda.is_available()
