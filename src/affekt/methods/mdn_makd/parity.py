"""Runs the parity cases of this method: its fusions, with the published behaviour where it is a defect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from affekt.core.errors import UsageError
from affekt.core.weights import KeyMap
from affekt.layers.fusion.disentangle import DisentangleFusion
from affekt.layers.fusion.experts import ConcatMoEFusion, MultiHeadMoEFusion
from affekt.layers.fusion.make import make_fusion
from affekt.layers.fusion.mixture import MixtureFusion
from affekt.layers.fusion.module import Fusion, joined
from affekt.layers.fusion.settings import (
    ConcatMoESettings,
    DenseMoESettings,
    DisentangleSettings,
    LowRankSettings,
    MeanSettings,
    MultiHeadMoESettings,
    SelfAttentionSettings,
    SparseMoESettings,
    TensorSettings,
    VanillaSettings,
)
from affekt.layers.fusion.simsiam import SimSiam
from affekt.parity.case import Case
from affekt.parity.compare import Comparison
from affekt.parity.inputs import DrawnInputs

from .weights import SIMSIAM, fusion_rules

Shapes = Mapping[str, tuple[int, ...]]


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or of an unknown layer, or holds unknown outputs.
    """
    if case.meta.get("method") not in ("mdn-makd", "mdn_makd"):
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of mdn_makd")
    actual = _similarity(case) if "projectors.0.proj.0.weight" in case.reference_weights() else _fusion(case)
    for name, expected in case.expected.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which mdn_makd cannot compute")
        value = np.asarray(actual[name].detach())
        if np.issubdtype(expected.dtype, np.integer):
            yield Comparison(name, value, expected, rtol=0.0, atol=0.0)
        else:
            yield Comparison(name, value, expected, rtol=1e-3 if name.startswith("gradnorm") else 1e-4)


def _similarity(case: Case) -> dict[str, Tensor]:
    """The reconstruction similarity, with the published sign."""
    inputs, (first, second) = DrawnInputs(case), case.meta["dims"]
    network = SimSiam(case.meta["dims"][first], case.meta["dims"][second])
    _fill(network, case, SIMSIAM)
    return {"value": network.eval()(inputs.normal(first), inputs.normal(second)).mean()}


def _fusion(case: Case) -> dict[str, Tensor]:
    widths: dict[str, int] = case.meta["dims"]
    inputs, missing = DrawnInputs(case), case.meta.get("missing", [])
    weights = case.reference_weights()
    settings = settings_of({name: value.shape for name, value in weights.items()}, widths, case)
    if settings.kind == "disentangle":  # parity: the reference joins its modalities by name here
        widths = dict(sorted(widths.items()))
    network = make_fusion(settings, widths).eval()
    ours = _fill(network, case, fusion_rules(settings, tuple(widths)))
    given = {name: inputs.normal(name) for name in widths if name not in missing}
    rows = len(next(iter(given.values())))
    features = {name: given.get(name, torch.zeros(rows, width)) for name, width in widths.items()}
    present = torch.tensor([name not in missing for name in widths]).expand(rows, -1)
    if isinstance(network, DisentangleFusion):
        return _disentangled(network, features)
    fused = network(features, present).vector
    actual = {"fused": fused, **_routing(network, features, present)}
    if "one_by_one" in case.expected:
        alone = [
            network({name: part[row : row + 1] for name, part in features.items()}, present[row : row + 1])
            for row in range(rows)
        ]
        actual["one_by_one"] = torch.cat([one.vector for one in alone])
    if "cotangent" in inputs:
        (fused * inputs.normal("cotangent")).sum().backward()
        found = dict(network.named_parameters())
        for theirs, name in ours.items():
            gradient = found[name].grad
            if gradient is not None:
                actual[f"gradnorm.{theirs}"] = gradient.double().norm()
    return actual


def _disentangled(network: DisentangleFusion, parts: dict[str, Tensor]) -> dict[str, Tensor]:
    found = network.disentangle(parts)
    likeness, rebuilt = network.cross_terms(parts, found)
    return {
        "private_weights": found.private_weights,
        "private": found.private,
        "shared_weights": found.shared_weights,
        "shared": found.shared,
        "feature_loss": likeness.mean(),
        "cross_reconstruction_loss": rebuilt.mean(),
    }


def _routing(network: Fusion, parts: dict[str, Tensor], present: Tensor) -> dict[str, Tensor]:
    if isinstance(network, MixtureFusion):
        routing = network.mixture.route(joined(parts))
        return {"weights": routing.weights, "selected": routing.selected, "routing": routing.weights}
    if isinstance(network, ConcatMoEFusion):
        return {"routing": network.route(parts)}
    if isinstance(network, MultiHeadMoEFusion):
        return {"routing": network.route(parts, present)}
    return {}


def settings_of(shapes: Shapes, widths: Mapping[str, int], case: Case) -> Any:
    """The settings of a fusion from the names and shapes of its weights, with the published behaviour.

    Raises:
        UsageError: They are of no known fusion.
    """
    total, sizes = sum(widths.values()), list(widths.values())
    if "fc.proj.0.weight" in shapes:
        layers = [name for name in shapes if re.fullmatch(r"fc\.proj\.\d+\.weight", name)]
        width, before = shapes["fc.proj.0.weight"]
        kind = VanillaSettings if before == total else MeanSettings
        return kind(width=width, depth=len(layers))
    if "pooler.weight" in shapes:
        return SelfAttentionSettings(width=shapes["pooler.weight"][0], axis="batch")
    if "augmentation" in shapes:
        return TensorSettings(inner=None, missing="constant")
    if "output_layer.weight" in shapes:
        rank, _, width = shapes[f"low_rank_weights.{next(iter(widths))}"]
        return LowRankSettings(rank=rank, width=width, start="published")
    if "router.0.weight" in shapes:
        return ConcatMoESettings(width=shapes["experts.0.weight"][0], joint_expert=False, order="sorted")
    if "router.router.weight" in shapes:
        width, experts = shapes["experts.0.weight"][0], shapes["router.router.weight"][0]
        if "selected" not in case.expected:
            return DenseMoESettings(width=width, experts=experts)
        return SparseMoESettings(width=width, experts=experts, top=case.expected["selected"].shape[1])
    if "private_router.router.weight" in shapes:
        name = next(iter(widths))
        private = shapes[f"named_private_projectors.{name}.proj.0.weight"][0]
        shared = shapes[f"named_cross_projectors.{name}.proj.0.weight"][0]
        return DisentangleSettings(
            private=private, shared=shared, attention="batch", cross_heads=1, similarity=1
        )
    if f"router.{next(iter(widths))}.weight" in shapes:
        count = shapes[f"router.{next(iter(widths))}.weight"][0]
        experts = [settings_of(_below(shapes, f"experts.{i}.0."), widths, case) for i in range(count)]
        return MultiHeadMoESettings(width=shapes["experts.0.1.weight"][0], experts=tuple(experts))
    raise UsageError(f"{case.path}: weights {sorted(shapes)[:5]} for widths {sizes} are of no known fusion")


def _below(shapes: Shapes, prefix: str) -> Shapes:
    return {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}


def _fill(network: nn.Module, case: Case, rules: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Give a network the weights of the case; returns their names by those of the reference.

    Weights that the case lacks, such as those of the final attention, keep their start.
    """
    weights = case.reference_weights()
    names = KeyMap(rules).to_ours(weights)
    network.load_state_dict({names[key]: torch.from_numpy(weights[key]) for key in names}, strict=False)
    unknown = set(names.values()) - set(network.state_dict())
    if unknown:
        raise UsageError(f"{case.path}: no weights {sorted(unknown)[:5]} here")
    return names
