"""What every test stands on: no downloads, no time limits for property tests, honest reasons for skipping."""

import os
import shutil

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that needs the hub is a test that fails on a train


def pytest_configure(config):
    from hypothesis import settings

    settings.register_profile("recdiv", deadline=None, derandomize=bool(os.environ.get("CI")))
    settings.load_profile("recdiv")


def pytest_collection_modifyitems(items):
    if os.environ.get("CI") and any(item.get_closest_marker("browser") for item in items) and not _browser():
        raise pytest.UsageError("CI is set, and chromium or chromedriver is missing: the browser tests must run there")
    for item in items:
        if item.get_closest_marker("real") and not os.environ.get("RECDIV_DATA"):
            item.add_marker(pytest.mark.skip(reason="RECDIV_DATA is not set: the real data sets are not here"))
        if item.get_closest_marker("gpu") and not _cuda():
            item.add_marker(pytest.mark.skip(reason="torch sees no CUDA device"))


def _browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    return any(map(shutil.which, names)) and shutil.which("chromedriver")


def _cuda():
    import torch

    return torch.cuda.is_available()
