"""What a fusion makes of the widths of its inputs: the width of its vector, and why it cannot be built."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from affekt.layers.fusion.settings import (
    CrossAttentionSettings,
    DisentangleSettings,
    MeanSettings,
    MultiHeadMoESettings,
    NoFusion,
    SelfAttentionSettings,
    ShiftingSettings,
    TensorSettings,
    TextGuidedMoESettings,
)

LARGEST = 2**20  # values of an outer product


def fused_width(settings: Any, widths: Mapping[str, int]) -> int:
    """Width of the fused vector."""
    match settings:
        case NoFusion():
            return next(iter(widths.values()))
        case CrossAttentionSettings():
            return sum(widths.values())
        case TensorSettings(inner=inner):
            return math.prod((inner or width) + 1 for width in widths.values())
        case DisentangleSettings():
            return settings.shared * (len(widths) - 1) + settings.private
        case ShiftingSettings(main=main):
            return widths[main]
        case _:
            return settings.width


def auxiliary_terms(settings: Any) -> tuple[str, ...]:
    """Names of the terms that a fusion adds to the loss."""
    found = settings.experts if isinstance(settings, MultiHeadMoESettings) else ()
    inner = [name for one in found for name in auxiliary_terms(one)]
    own = ("disentangle", "reconstruction") if isinstance(settings, DisentangleSettings) else ()
    return tuple(dict.fromkeys((*own, *inner)))


def problems_with(settings: Any, widths: Mapping[str, int]) -> list[str]:
    """Why a fusion cannot be built for modalities of these widths, a sentence each."""
    names, sizes = ", ".join(f"{name} {width}" for name, width in widths.items()), set(widths.values())
    several, kind = len(widths), settings.kind
    match settings:
        case NoFusion():
            return [] if several == 1 else [f"kind = 'none' takes one modality, not {names}: name a fusion"]
        case MeanSettings() | DisentangleSettings() if len(sizes) > 1:
            return [f"kind = {kind!r} needs vectors of one width, found {names}"]
        case DisentangleSettings():
            return _disentangle(settings, widths)
        case SelfAttentionSettings() if settings.axis != "modality" and sum(widths.values()) % settings.heads:
            return [f"heads = {settings.heads} does not divide the joined width {sum(widths.values())}"]
        case CrossAttentionSettings():
            return _alone(several, kind) + [
                f"heads = {settings.heads} does not divide the width {width} of {name}"
                for name, width in widths.items()
                if width % settings.heads
            ]
        case TensorSettings() if fused_width(settings, widths) > LARGEST:
            size = fused_width(settings, widths)
            return [f"the outer product of {names} has {size} values: set inner to a small width"]
        case TextGuidedMoESettings(guide=guide) if guide not in widths:
            return [f"guide = {guide!r} is not among the modalities {names}"]
        case MultiHeadMoESettings(experts=experts):
            return [problem for one in experts for problem in problems_with(one, widths)]
        case ShiftingSettings():
            return _shifting(settings, widths)
        case _:
            return []


def disentangle_heads(count: int) -> tuple[int, int, int]:
    """Heads of the private, shared and cross projectors for `count` modalities."""
    return 4, 4 * count, 4 * (count - 1)


def _alone(several: int, kind: str) -> list[str]:
    return [] if several > 1 else [f"kind = {kind!r} needs two modalities at least"]


def _disentangle(settings: DisentangleSettings, widths: Mapping[str, int]) -> list[str]:
    count, width = len(widths), next(iter(widths.values()))
    if count < 2:
        return _alone(count, settings.kind)
    problems = [
        f"kind = 'disentangle' has attention with {heads} heads for {count} modalities, which do not divide "
        f"the width {width}"
        for heads in disentangle_heads(count)
        if width % heads
    ]
    parts = {"shared * (modalities - 1)": settings.shared * (count - 1), "private": settings.private}
    return problems + [
        f"cross_heads = {settings.cross_heads} does not divide {name} = {size}"
        for name, size in parts.items()
        if size % settings.cross_heads
    ]


def _shifting(settings: ShiftingSettings, widths: Mapping[str, int]) -> list[str]:
    if settings.main not in widths:
        return [f"main = {settings.main!r} is not among the modalities {', '.join(widths)}"]
    others = {name: width for name, width in widths.items() if name != settings.main}
    if not others:
        return _alone(1, settings.kind)
    if settings.attention == "none":
        return []
    if settings.attention == "token" and len(set(others.values())) > 1:
        return [f"attention = 'token' needs one width for {', '.join(others)}: use 'row'"]
    width = next(iter(others.values())) if settings.attention == "token" else sum(others.values())
    if width % settings.heads:
        return [f"heads = {settings.heads} does not divide the width {width} of a token"]
    return []
