"""What the source of an encoder of pictures or video states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from affekt.core.errors import ConfigError, FolderError, require
from affekt.encoders.picture.settings import (
    PICTURES,
    VIDEOS,
    PictureEncoderSettings,
    PictureInput,
    as_pair,
)
from affekt.encoders.source import find_source

_FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")  # Pillow's numbers of filters


def resolved(settings: PictureEncoderSettings) -> PictureEncoderSettings:
    """Settings with all that the source states: architecture, what it reads, hash of the weights.

    Raises:
        ConfigError: A setting does not go with the network.
        FolderError: The source is no encoder of pictures, or a file of it cannot be read.
        UsageError: There is no such source.
    """
    if settings.source and settings.is_resolved:
        return settings
    if settings.source:
        source = find_source(settings.source)
        architecture = _sizes(source.config(), settings.source)
        facts = _input(source.input_facts(), architecture, settings.source)
        update = {"architecture": architecture, "input": facts, "weights_sha256": source.weights_sha256}
    else:
        update = {"architecture": _sizes(settings.architecture, "architecture")}
    found = settings.model_copy(update=update)
    if problems := _problems(found):
        raise ConfigError(f"config of the encoder {settings.source or 'of pictures'}", problems)
    return found


def _sizes(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The architecture of the network; of a network of pictures and text, that of its pictures.

    Raises:
        FolderError: It is of another family, or states an impossible value.
    """
    found = dict(config)
    if found.get("model_type") == "clip":
        found = {**found.get("vision_config", {}), "model_type": "clip_vision_model"}
    kind = found.get("model_type")
    if kind not in (*VIDEOS, *PICTURES):
        raise FolderError(
            f"{name} is a network of the type {kind!r}; encoders of video are {', '.join(VIDEOS)}, those of "
            "pictures vit and clip"
        )
    needed = ["hidden_size", "num_hidden_layers", "image_size", *(["num_frames"] if kind in VIDEOS else [])]
    if lacking := [
        one for one in needed if found.get(one) is None
    ]:  # stated by the class of the config alone
        transformers = require("transformers", extra="encoders", needed_by="a pretrained encoder")
        stated = {key: value for key, value in found.items() if key != "model_type"}
        try:
            whole = transformers.AutoConfig.for_model(kind, **stated)
            found |= {one: getattr(whole, one) for one in lacking}
        except (ValueError, TypeError, AttributeError) as error:
            raise FolderError(f"{name}: the config of {kind!r} cannot be read: {error}") from None
    return found


def _input(facts: Mapping[str, Any], architecture: Mapping[str, Any], name: str) -> PictureInput:
    """What the image processor states.

    Raises:
        FolderError: It states something that is not supported.
    """
    size, crop = facts.get("size", {"shortest_edge": 224}), facts.get("crop_size")
    is_cropped = facts.get("do_center_crop", crop is not None)
    found: dict[str, Any] = {"crop": _pair(crop or size) if is_cropped else None}
    if isinstance(size, int):
        found["resize"] = size if is_cropped else (size, size)
    elif "shortest_edge" in size:
        found["resize"] = size["shortest_edge"]
    else:
        found["resize"] = _pair(size)
    if not facts.get("do_resize", True):
        raise FolderError(f"{name}: its image processor does not resize (do_resize), which is not supported")
    number = facts.get("resample", 2)
    found["resample"] = _FILTERS[number] if isinstance(number, int) and 0 <= number < 6 else number
    found["scale"] = facts.get("rescale_factor", 1 / 255) if facts.get("do_rescale", True) else 1.0
    found["offset"] = float(bool(facts.get("offset", architecture["model_type"] == "vivit")))
    if facts.get("do_normalize", True):
        if lacking := [one for one in ("image_mean", "image_std") if one not in facts]:
            raise FolderError(f"{name}: its image processor states no {' and no '.join(lacking)}")
        found |= {ours: facts[theirs] for ours, theirs in (("mean", "image_mean"), ("std", "image_std"))}
    else:
        found |= {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
    try:
        return PictureInput.model_validate(found)
    except ValidationError as error:
        raise FolderError(f"{name}: its image processor cannot be read: {error}") from None


def _pair(size: int | Mapping[str, int]) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    if "shortest_edge" in size:
        return size["shortest_edge"], size["shortest_edge"]
    return size["height"], size["width"]


def _problems(settings: PictureEncoderSettings) -> list[str]:
    """What does not go together, a sentence each."""
    kind, facts = settings.architecture["model_type"], settings.input
    shown = facts.crop or as_pair(facts.resize)
    resized = as_pair(facts.resize)
    return [
        text
        for text, applies in (
            (
                f"frames = {settings.frames}: {kind} reads {settings.count} frames; leave it out",
                settings.reads_video and settings.frames not in (None, settings.count),
            ),
            (
                f"pooling = 'class': {kind} has no class token; use mean",
                settings.pooling == "class" and not settings.has_class,
            ),
            (
                f"input: pictures of {shown[0]} x {shown[1]} pixels; the network reads {settings.size[0]} x "
                f"{settings.size[1]}",
                shown != settings.size,
            ),
            (
                f"input.crop of {shown[0]} x {shown[1]} pixels is larger than the resized picture",
                facts.crop is not None and (resized[0] < shown[0] or resized[1] < shown[1]),
            ),
            (
                "input.resize states the shorter side, so that a size must be cropped: set input.crop",
                facts.crop is None and isinstance(facts.resize, int),
            ),
        )
        if applies
    ]
