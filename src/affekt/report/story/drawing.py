"""Boxes, labels and words drawn into pictures, with the font that Pillow carries."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from affekt.core.timeline.parts import Box
from affekt.report.wording import printable

WHITE = (255, 255, 255)
GREY = (95, 102, 117)
_PAD = 0.3  # around a text, in units of its size
_SMALLEST = 10  # size of a font
_MOST_LINES = 3  # of a text
_STEP = 1.35  # from line to line, in units of the size
_BROAD = 0.92  # of the picture, for words
_SHADE = 0.35  # of the picture behind words: what is left of its light


class Pen:
    """Draws at a size that suits pictures of a height.

    Attributes:
        lost: Characters that the font lacks and that were left out.
    """

    def __init__(self, height: int) -> None:
        self.size = max(round(height / 26), _SMALLEST)
        self.line = max(round(height / 240), 2)
        self.lost: set[str] = set()
        self._tags: dict[tuple[str, tuple[int, ...], int], Image.Image] = {}

    def box(self, picture: Image.Image, box: Box, text: str, color: tuple[int, int, int]) -> None:
        """Draw a box, and a text above it, within the picture."""
        width, height = picture.size
        left, right = round(box.left * width), round(box.right * width)
        top, bottom = round(box.top * height), round(box.bottom * height)
        draw = ImageDraw.Draw(picture)
        if right > left and bottom > top:
            draw.rectangle((left, top, right, bottom), outline=WHITE, width=self.line + 2)
            draw.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=color, width=self.line)
        # In a crowd, texts as wide as the usual one would hide other faces.
        size = int(min(max((right - left) / 5, 10), self.size))
        tag = self._tag(text, color, size)
        x = min(max(left, 0), max(width - tag.width, 0))
        y = top - tag.height if top >= tag.height else min(bottom, height - tag.height)
        picture.paste(tag, (x, max(y, 0)))

    def words(self, pixels: np.ndarray, texts: list[str]) -> None:
        """Draw lines of words at the bottom of a picture, (h, w, 3) uint8, in place."""
        font, width = _font(self.size), pixels.shape[1]
        found = [_wrapped(self.drawable(text), font, _BROAD * width, most=_MOST_LINES) for text in texts]
        _draw_lines(pixels, [line for lines in found for line in lines], self.size)

    def notice(self, pixels: np.ndarray, text: str) -> None:
        """Draw a text that is to be read whole, in place: smaller if it would fill half of the picture."""
        height, width = pixels.shape[:2]
        for size in range(self.size, _SMALLEST - 1, -1):
            most = max(int(height / 2 / (_STEP * size)), _MOST_LINES)
            lines = _wrapped(self.drawable(text), _font(size), _BROAD * width, most=most + 1)
            if len(lines) <= most or size == _SMALLEST:
                lines = _wrapped(self.drawable(text), _font(size), _BROAD * width, most=most)
                _draw_lines(pixels, lines, size)
                return

    def drawable(self, text: str) -> str:
        """A text without the characters that the font lacks; at least a sign if nothing is left."""
        kept: list[str] = []
        for sign in " ".join(printable(text).split()):
            if _has(sign):
                kept.append(sign)
            else:
                self.lost.add(sign)
        return "".join(kept).strip() or "..."

    def _tag(self, text: str, color: tuple[int, int, int], size: int) -> Image.Image:
        key = (text, color, size)
        if key not in self._tags:
            if len(self._tags) > 2000:  # confidences change; an hour has thousands of texts
                self._tags.clear()
            font, shown = _font(size), self.drawable(text)
            pad = round(_PAD * size)
            tag = Image.new("RGB", (round(font.getlength(shown)) + 2 * pad, round(1.25 * size) + pad), color)
            ImageDraw.Draw(tag).text((pad, pad / 2), shown, fill=WHITE, font=font)
            self._tags[key] = tag
        return self._tags[key]


def _draw_lines(pixels: np.ndarray, lines: list[str], size: int) -> None:
    """Lines of words at the bottom of a picture, (h, w, 3) uint8, in place."""
    if not lines:
        return
    height, width = pixels.shape[:2]
    font, step = _font(size), round(size * _STEP)
    top = max(height - len(lines) * step - round(0.6 * size), 0)
    band = (pixels[top:] * _SHADE).astype(np.uint8)
    picture = Image.fromarray(band)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        x = (width - font.getlength(line)) / 2
        draw.text((x, 0.2 * size + number * step), line, fill=WHITE, font=font)
    pixels[top:] = np.asarray(picture)


def _wrapped(text: str, font: Any, width: float, *, most: int) -> list[str]:
    """Lines of a text, at most so many."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} ..."]
    return lines


@lru_cache(maxsize=32)
def _font(size: int) -> Any:
    return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _has(sign: str) -> bool:
    """Whether the font has a character: it draws all that it lacks alike."""
    if sign.isspace():
        return True
    return _drawn(sign) != _drawn("\U000e0fff")


def _drawn(sign: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(24).getmask(sign)
    return mask.size, bytes(mask)
