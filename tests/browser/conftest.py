"""A real browser for the demos. Whatever it asks another host for, and every error in its console, fails the test."""

import shutil

import pytest
from browser_tab import watched

HOW = "run 'make test-browser', or install them: pip install playwright; apt-get install chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium():
    """The browser, or a skip that says how to get it."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip(f"playwright is missing: {HOW}")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip(f"chromium is missing: {HOW}")
    with sync_playwright() as run:
        browser = run.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium):
    with watched(chromium) as page:
        yield page


@pytest.fixture
def touch_tab(chromium):
    """The same on a tablet: fingers, and a page that is longer than the screen."""
    with watched(chromium, has_touch=True, is_mobile=True, viewport={"width": 1024, "height": 640}) as page:
        yield page
