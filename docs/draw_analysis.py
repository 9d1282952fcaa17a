"""Draw docs/analysis.png: the page of an invented conversation. Run by `make analysis-picture`.

It needs Chromium, espeak-ng and the parts of `affekt assets get centerface silero_vad`.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import affekt
from affekt.testing.conversation import write_conversation

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1200, 1550  # of the window, in CSS pixels
LENGTH_S, SEED = 20.0, 1


def main() -> None:
    """Write a film, analyze it, take a screenshot of its page."""
    with tempfile.TemporaryDirectory() as folder:
        talk = write_conversation(Path(folder), duration_s=LENGTH_S, seed=SEED)
        page = Path(folder) / "talk.html"
        affekt.analyze(talk.film, recognize=False).save(page)
        subprocess.run(
            [
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", f"--user-data-dir={folder}/profile", "--hide-scrollbars",
                f"--window-size={WIDTH},{HEIGHT}", "--virtual-time-budget=3000",
                f"--screenshot={HERE / 'analysis.png'}", page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
