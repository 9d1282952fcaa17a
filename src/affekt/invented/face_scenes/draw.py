"""The frames of a scene, drawn one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from affekt.core.errors import MediaError
from affekt.core.files.whole import write_whole
from affekt.invented.face_scenes.parts import Backdrop, Colour, FaceScene
from affekt.invented.face_scenes.sprites import DOWN, ZOOM, Sprite, Sprites
from affekt.invented.face_scenes.truth import Placed, outline_at, placed
from affekt.media.sound import Waveform
from affekt.media.video.write import CLOCK_HZ, write_mp4

# Quicker than `affekt.media.video.write.H264`: scenes may last for minutes.
_H264 = ("libx264", {"crf": "20", "bf": "0", "preset": "veryfast", "x264-params": "cpu-independent=1"})
_FLASH = 0.85  # of white, in a flash
# Shoulders and chest in face coordinates, from the left shoulder to the right one.
_BODY = (
    (-0.45, 1.2),
    (-1.5, 1.55),
    (-1.85, 2.2),
    (-2.0, 6.0),
    (2.0, 6.0),
    (1.85, 2.2),
    (1.5, 1.55),
    (0.45, 1.2),
)


def draw_scene(scene: FaceScene) -> Iterator[tuple[float, np.ndarray]]:
    """Times and frames (h, w, 3) uint8, in order; one is in memory."""
    sprites = Sprites()
    grain = _Grain(scene)
    backs: dict[int, np.ndarray] = {}
    flashes = {round(time_s * scene.rate_hz) for time_s in scene.flashes}
    for number in range(scene.frames):
        time_s = number / scene.rate_hz
        place = max(n for n, it in enumerate(scene.backdrops) if it.start_s <= time_s + 1e-6)
        backdrop = scene.backdrops[place]
        if place not in backs:
            backs = {place: _textured(backdrop, scene.height, scene.width)}
        picture = backs[place].copy()
        for role in scene.roles:
            if role.is_seen(time_s):
                key, opening = role.at(time_s), role.opening(time_s)
                where = placed(scene, key, outline_at(role, key, opening))
                _put_body(picture, where, role.actor.clothes)
                _put(picture, sprites(role.actor, key, opening, where.side), where)
        if backdrop.light != 1:
            picture *= backdrop.light
        if number in flashes:
            picture += _FLASH * (255 - picture)
        yield time_s, grain.on(picture)


def write_scene(
    path: Path,
    scene: FaceScene,
    sound: Waveform | None = None,
    *,
    coding: tuple[str, Mapping[str, str]] = _H264,
) -> Path:
    """Write a scene as MP4. Its width and height are even.

    Args:
        sound: Of one or two channels, at a rate of `affekt.media.video.write.SOUND_RATES_HZ`.
        coding: Encoder of FFmpeg and its options.

    Raises:
        MediaError: The file cannot be written.
    """
    ticks = [round(number * CLOCK_HZ / scene.rate_hz) for number in range(scene.frames + 1)]
    with write_whole(path, error=MediaError) as partial:
        write_mp4(partial, (picture for _, picture in draw_scene(scene)), ticks, coding=coding, sound=sound)
    return path


class _Grain:
    """Noise of a sensor: a part of one field of noise, another in each frame."""

    _SPARE = 64

    def __init__(self, scene: FaceScene) -> None:
        self._rng = np.random.default_rng([scene.seed, 1])
        size = (scene.height + self._SPARE, scene.width + self._SPARE, 1)
        self._noise = (
            (scene.grain * self._rng.standard_normal(size, dtype=np.float32)) if scene.grain else None
        )

    def on(self, picture: np.ndarray) -> np.ndarray:
        if self._noise is not None:
            down, right = self._rng.integers(0, self._SPARE, 2)
            picture += self._noise[down : down + picture.shape[0], right : right + picture.shape[1]]
        return picture.clip(0, 255).astype(np.uint8)


def _textured(backdrop: Backdrop, height: int, width: int) -> np.ndarray:
    """A wall with soft patches of light, and a few edges of things, (h, w, 3) float32 of 255."""
    rng = np.random.default_rng([backdrop.seed, 2])
    patches = Image.fromarray(rng.integers(0, 256, (5, 8), np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    light = 0.75 + 0.5 * (np.asarray(patches, np.float32)[..., None] / 255 - 0.5)
    wall = Image.new("RGB", (width, height), backdrop.colour)
    draw = ImageDraw.Draw(wall)
    for _ in range(6):
        left, top, wide, tall = rng.uniform([-0.1, -0.1, 0.05, 0.1], [0.9, 0.8, 0.25, 0.5])
        shade = tuple(
            int(value) for value in (np.array(backdrop.colour) * rng.uniform(0.5, 1.2, 3)).clip(0, 255)
        )
        edges = (left * width, top * height, (left + wide) * width, (top + tall) * height)
        draw.rectangle(edges, fill=shade)
    return np.asarray(wall, np.float32) * light


def _put_body(picture: np.ndarray, where: Placed, colour: Colour) -> None:
    """Clothes, darker to the right, where the light does not reach."""
    points = (np.array(_BODY) * ZOOM + [0.0, DOWN] + 1) / 2 * where.side + [where.left, where.top]
    low = np.floor(points.min(axis=0)).astype(int).clip(0)
    high = np.ceil(points.max(axis=0)).astype(int).clip(0, picture.shape[1::-1])
    if (low >= high).any():
        return
    mask = Image.new("L", (int(high[0] - low[0]), int(high[1] - low[1])))
    ImageDraw.Draw(mask).polygon([tuple(it) for it in (points - low).tolist()], fill=255)
    opacity = np.asarray(mask, np.float32)[..., None] / 255
    shade = np.linspace(1.05, 0.75, opacity.shape[1], dtype=np.float32)[None, :, None]
    part = picture[low[1] : high[1], low[0] : high[0]]
    part += opacity * (shade * np.array(colour, np.float32) - part)


def _put(picture: np.ndarray, sprite: Sprite, where: Placed) -> None:
    """A head at its place, to a part of a pixel."""
    left, top = int(np.floor(where.left)), int(np.floor(where.top))
    low = np.maximum([left, top], 0)
    high = np.minimum(
        [int(np.ceil(where.left + where.side)), int(np.ceil(where.top + where.side))], picture.shape[1::-1]
    )
    if (low >= high).any():
        return
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    step = sprite.image.size[0] / where.side
    matrix = (step, 0, (low[0] - where.left) * step, 0, step, (low[1] - where.top) * step)
    # Beyond the square the opacity is 0.
    moved = np.asarray(
        sprite.image.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR), np.float32
    )
    part = picture[low[1] : high[1], low[0] : high[0]]
    part *= 1 - moved[..., 3:] / 255
    part += moved[..., :3]
