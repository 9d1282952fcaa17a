"""Fixtures for tests of pages: a reader of their tags, and a browser."""

import shutil
import subprocess
from html.parser import HTMLParser

import pytest


class Tags(HTMLParser):
    """Collects elements that are open at the end, and all addresses."""

    EMPTY = ("meta", "img", "input", "line", "polyline", "path", "rect", "source")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in self.EMPTY

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def tags_of():
    """A function that reads the tags of a page; an element that is closed in the wrong order fails."""
    return Tags


@pytest.fixture
def chromium(tmp_path):
    """A function that runs Chromium without a window and returns its output."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium: the page cannot be opened in a browser")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage")

    def run(*arguments: str) -> str:
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        done = subprocess.run(
            [program, *flags, profile, *arguments], capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout

    return run
