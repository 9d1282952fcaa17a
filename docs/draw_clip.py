"""Draw docs/clip.png: a clip of the video demo's page. Run by `make clip-picture`."""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1000, 1100  # of the window, in CSS pixels


def main() -> None:
    """Extract the first clip of the page and take a screenshot of it in Chromium."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help="demo/video/report.html, as `make demo-video` writes it")
    page = parser.parse_args().page.read_text(encoding="utf-8")
    style = re.search(r"<style>.*?</style>", page, re.DOTALL)
    card = re.search(r"<article.*?</article>", page, re.DOTALL)
    if style is None or card is None:
        raise SystemExit("the page contains no clip")
    nameless = re.sub(r">[^<>]*/clips/<", "><", card[0])  # without the folder of the file
    with tempfile.TemporaryDirectory() as folder:
        lone, shot = Path(folder) / "clip.html", Path(folder) / "clip.png"
        lone.write_text(
            f"<!doctype html><meta charset=utf-8>{style[0]}<body style='padding: 20px'>{nameless}",
            encoding="utf-8",
        )
        subprocess.run(
            [
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", f"--user-data-dir={folder}/profile", "--hide-scrollbars",
                f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}", lone.as_uri(),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
        picture = Image.open(shot).convert("RGB")
    ground = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    left, top, right, bottom = ImageChops.difference(picture, ground).getbbox() or (0, 0, *picture.size)
    box = (max(left - 12, 0), max(top - 12, 0), min(right + 12, WIDTH), min(bottom + 12, HEIGHT))
    picture.crop(box).save(HERE / "clip.png", optimize=True)


if __name__ == "__main__":
    main()
