"""What the tests of the page share: a browser, and a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from served import served


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that visitors may add cases to."""
    return tmp_path_factory.mktemp("mine")


@pytest.fixture(scope="module")
def address(real_weights: Path, mine: Path) -> Iterator[str]:
    """One server for all tests of a file, as one is for all visitors."""
    options = ("--model", "u2netp", "--model", "grabcut", "--add-to", str(mine))
    with served(real_weights.parent, *options) as found:
        yield found
