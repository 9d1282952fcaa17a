"""Names of weights in the reference and here.

No weights of this framework were published. `WEIGHTS` renames the parts of a network; names within a fusion
depend on its kind (`fusion_rules`), as its parity cases have them.
"""

from __future__ import annotations

from typing import Any

from affekt.core.weights import KeyMap, within
from affekt.layers.fusion.settings import MultiHeadMoESettings

_Rules = tuple[tuple[str, str], ...]

WEIGHTS = KeyMap(
    (
        ("backbone.{}", "encoders.{}"),
        ("named_poolers.{}", "inward.{}"),
        ("fusion_layer.{}", "fusion.{}"),
        ("classifier.{}", "classifier.{}"),
        ("heads.{}", "heads.{}"),
        ("similarity.{}", "similarity.{}"),
        ("prototypes", "prototypes"),
        ("has_prototype", "has_prototype"),
    )
)

_PLACEHOLDERS = (("placeholders.{}", "placeholders.{}"),)
_PROJECTOR = (("fc.proj.{}", "projector.layers.{}"),)
_MIXTURE = (
    ("experts.{}", "mixture.experts.{}"),
    ("router.router.{}", "mixture.router.rating.{}"),
    ("router.noise.0.{}", "mixture.router.noise.{}"),
)
_ATTENTION_PROJECTOR = (
    ("multihead_attn.{}", "attention.{}"),
    ("layer_norm.0.{}", "norm.{}"),
    ("proj.{}", "projector.layers.{}"),
)
SIMSIAM: _Rules = tuple(
    (f"{part}.{{i}}.proj.{{}}", f"{part}.{{i}}.layers.{{}}") for part in ("projectors", "predictors")
)
_BY_KIND: dict[str, _Rules] = {
    "vanilla": _PROJECTOR,
    "deep": _PROJECTOR,
    "mean": _PROJECTOR,
    "self_attention": (("multihead_attn.{}", "attention.{}"), ("pooler.{}", "output.{}")),
    "tensor": (("augmentation", "constant"),),
    "low_rank": (("low_rank_weights.{}", "factors.{}"), ("output_layer.{}", "combine.{}")),
    "concat_moe": (("router.0.{}", "router.{}"), ("experts.{}", "experts.{}")),
    "dense_moe": _MIXTURE,
    "sparse_moe": _MIXTURE,
}


def fusion_rules(settings: Any, names: tuple[str, ...]) -> _Rules:
    """Rules for the weights of a fusion; empty for one that the reference does not have.

    Args:
        names: The modalities.
    """
    if settings.kind == "disentangle":
        return (*_disentangle(names), *_PLACEHOLDERS)
    if isinstance(settings, MultiHeadMoESettings):
        experts = [
            rule
            for place, one in enumerate(settings.experts)
            for rule in (
                *within(f"experts.{place}.0", f"experts.{place}", fusion_rules(one, names)),
                (f"experts.{place}.1.{{}}", f"outward.{place}.{{}}"),
            )
        ]
        return (("router.{}", "router.{}"), *experts)
    found = _BY_KIND.get(settings.kind, ())
    return (*found, *_PLACEHOLDERS) if found else ()


def _disentangle(names: tuple[str, ...]) -> _Rules:
    by_modality = [
        rule
        for name in names
        for rule in (
            *within(f"named_private_projectors.{name}", f"private.{name}", _ATTENTION_PROJECTOR),
            *within(f"named_cross_projectors.{name}", f"cross.{name}", _ATTENTION_PROJECTOR),
            (f"cross_reconstruction_predictor.{name}.proj.{{}}", f"reconstruction.{name}.layers.{{}}"),
        )
    ]
    routers = [
        rule
        for part in ("private", "shared")
        for rule in (
            (f"{part}_router.router.{{}}", f"{part}_router.rating.{{}}"),
            (f"{part}_router.noise.0.{{}}", f"{part}_router.noise.{{}}"),
        )
    ]
    return (*within("shared_projector", "shared", _ATTENTION_PROJECTOR), *by_modality, *routers)
