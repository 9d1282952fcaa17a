"""What tests of pages share: a reader of their tags, and a browser."""

import shutil
import subprocess
from html.parser import HTMLParser

import pytest


class Tags(HTMLParser):
    """Which elements are open at the end, and every address that is named."""

    EMPTY = ("meta", "img", "input", "line", "polyline", "path")

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
    """A function that reads the tags of a page; an element that is closed out of turn fails."""
    return Tags


@pytest.fixture
def chromium(tmp_path):
    """A function that runs Chromium without a window and returns what it prints."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium: the page cannot be opened as people do")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage")

    def run(*arguments: str) -> str:
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        done = subprocess.run(
            [program, *flags, profile, *arguments], capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout

    return run
