"""Parity cases: outputs of a reference network for weights and inputs generated from names and seeds.

A case file holds arrays and a JSON `meta`, but no weights. Every tensor of the reference state dict is drawn
from a generator seeded by its name and a salt, every input from a generator seeded by a number: names, shapes
and seeds define the network. The `parity.py` of a method runs its cases.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import UsageError


def draw_tensor(key: str, shape: tuple[int, ...], dtype: str, salt: int) -> np.ndarray:
    """Value of one reference parameter or buffer.

    Counters are zero, variances at least one, other vectors are biases near zero or scales near one, and
    matrices are normal with variance 1 / fan-in.
    """
    if dtype == "bool" or "int" in dtype:
        return np.zeros(shape, dtype)
    noise = np.random.default_rng([zlib.crc32(key.encode()), salt]).standard_normal(shape)
    leaf = key.rpartition(".")[2]
    if leaf == "running_var":
        value = 1 + 0.1 * np.abs(noise)
    elif leaf == "running_mean":
        value = 0.1 * noise
    elif len(shape) > 1:
        value = noise / np.sqrt(max(np.prod(shape[1:], dtype=float), 1.0))
    elif leaf == "bias":
        value = 0.05 * noise
    else:
        value = 1 + 0.1 * noise
    return np.asarray(value, dtype)  # a scalar stays an array


def draw_normal(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """A standard normal input, float32."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def draw_integers(seed: int, low: int, high: int, shape: tuple[int, ...]) -> np.ndarray:
    """Whole numbers in [low, high), int64."""
    return np.random.default_rng(seed).integers(low, high, size=shape)


def draw_coarse(seed: int, shape: tuple[int, ...], repeats: tuple[int, ...]) -> np.ndarray:
    """Normal noise of patches: each drawn value is repeated `repeats` times along each axis."""
    noise = draw_normal(seed, tuple(size // count for size, count in zip(shape, repeats, strict=True)))
    for axis, count in enumerate(repeats):
        noise = np.repeat(noise, count, axis=axis)
    return noise


def draw_pixels(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Snippets (b, s, 3, t, h, w) float32 in 0..255: white noise plus patches of 4 frames and 16 pixels."""
    coarse = draw_coarse(seed + 5000, shape, (1, 1, 1, 4, 16, 16))
    return np.clip(128 + 40 * draw_normal(seed, shape) + 60 * coarse, 0, 255).astype(np.float32)


def draw_wave(seed: int, shape: tuple[int, ...], rate_hz: int) -> np.ndarray:
    """Sound, (n,) or (c, n) float32: a chirp in noise of varying level; each channel has its own seed."""
    *channels, n = shape
    t = np.arange(n) / rate_hz
    swell = 0.2 + np.abs(np.sin(2 * np.pi * 1.5 * t))

    def channel(seed: int) -> np.ndarray:
        chirp = np.sin(2 * np.pi * (200 + 50 * (seed % 7)) * t * (1 + 0.1 * t))
        return (0.1 * draw_normal(seed, (n,)) * swell + 0.2 * chirp).astype(np.float32)

    if not channels:
        return channel(seed)
    return np.stack([channel(seed + number) for number in range(channels[0])])


@dataclass(frozen=True)
class Case:
    """One parity case on disk."""

    path: Path
    keys_path: Path

    @classmethod
    def open(cls, path: Path, keys_path: Path | None = None) -> Case:
        """Open a case.

        Args:
            path: The case's file.
            keys_path: File with names and shapes of the weights; by default the file that the case names, or
                `keys.json`, in the folder of the case.

        Raises:
            UsageError: A file is missing or is not a parity case.
        """
        case = cls(path, keys_path or path.with_name("keys.json"))
        for file in (path, *([keys_path] if keys_path else [])):
            if not file.is_file():
                raise UsageError(f"{file} does not exist; a parity case and its key list were expected")
        try:
            _ = case.meta, case.expected
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise UsageError(f"{path} is not a parity case: {error}") from None
        named = case.meta.get("keys")
        return (
            cls(path, path.with_name(Path(named).name)) if isinstance(named, str) and not keys_path else case
        )

    @cached_property
    def meta(self) -> dict[str, Any]:
        """How the case was generated."""
        if self.path.suffix == ".json":
            return json.loads(self.path.read_text("utf-8"))
        with np.load(self.path, allow_pickle=False) as file:
            return json.loads(str(file["meta"]))

    @cached_property
    def expected(self) -> Mapping[str, np.ndarray]:
        """The reference's outputs by name."""
        if self.path.suffix == ".json":
            return {}
        with np.load(self.path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files if name != "meta"}

    def reference_weights(self, *, salt: int | None = None) -> dict[str, np.ndarray]:
        """The reference state dict under its own names.

        Raises:
            UsageError: The key list is missing.
        """
        if not self.keys_path.is_file():
            raise UsageError(f"{self.keys_path} does not exist; name the key list with --keys")
        keys = json.loads(self.keys_path.read_text("utf-8"))
        salt = int(self.meta.get("salt", 0)) if salt is None else salt
        return {
            key: draw_tensor(key, tuple(spec["shape"]), spec["dtype"], salt) for key, spec in keys.items()
        }
