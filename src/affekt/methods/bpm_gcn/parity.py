"""Runs the parity cases of this method."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.errors import UsageError
from affekt.parity.case import Case, draw_integers, draw_normal
from affekt.parity.compare import Comparison

from .config import BPMGCNConfig
from .features import affective_features, movement
from .model import BPMGCN
from .objective import BPMGCNObjective
from .weights import WEIGHTS

CALIBRATION_BATCH = 16
_STREAMS = {"p": "posture", "m": "movement"}


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or holds unknown outputs.
    """
    if case.meta.get("method") != "bpm-gcn":
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of bpm-gcn")
    if case.meta.get("kind", "").startswith("preprocessing"):
        yield from _preprocessing(case)
    else:
        yield from _network(case)


def _preprocessing(case: Case) -> Iterator[Comparison]:
    spec = case.meta["inputs"][0]
    n, c, t, v, m = spec["shape"]
    drift = np.linspace(0, 1, t)[None, None, :, None, None]
    joint = 0.3 * draw_normal(spec["seed"], (n, c, t, v, m)).astype(np.float64) + drift
    walks = joint[..., 0].transpose(0, 2, 3, 1)
    actual = {
        "movement": np.stack([movement(walk) for walk in walks]).transpose(0, 3, 1, 2)[..., None],
        "affective": np.stack([affective_features(walk) for walk in walks]),
    }
    for name, expected in case.expected.items():
        yield Comparison(name, actual[name].astype(np.float32), expected)


def _network(case: Case) -> Iterator[Comparison]:
    meta = case.meta
    model = BPMGCN(reference_config(meta))
    weights = case.reference_weights()
    names = WEIGHTS.to_ours(weights)
    model.load_state_dict({names[key]: torch.from_numpy(value) for key, value in weights.items()})
    if meta.get("calibration"):
        _calibrate(model, meta["calibration"], frames=int(meta["inputs"][0]["shape"][2]))
    model.train(meta["mode"].startswith("train"))

    inputs = {entry["name"]: _draw(entry) for entry in meta["inputs"]}
    values = _watch(model)
    batch = {"skeleton": inputs["joint"], "movement": inputs["movement"]}
    output = model(**batch)
    actual: dict[str, Any] = {
        "logits_p": output.logits_posture,
        "logits_m": output.logits_movement,
        "logits_mean": output.logits,
        "affective": output.affective,
    }
    if "label" in inputs:
        label = inputs["label"]
        actual["prob"] = torch.sigmoid(output.logits)
        if label.ndim == 2:
            actual["accuracy"] = (actual["prob"].round() == label).double().mean()[None]
        actual |= _losses(model, output, inputs, meta)

    # Without calibration activations reach a thousand: only relative differences are meaningful.
    large = not meta.get("calibration") and not model.training
    for name, expected in case.expected.items():
        value = actual[name] if name in actual else _intermediate(name, values, model)
        value = value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
        tolerance: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-7} if name == "losses" else {}
        tolerance = {"rtol": 1e-3, "atol": 1e-7} if name == "grad_norms" else tolerance
        yield Comparison(name, value, expected, **tolerance, relative_to_max=large)


def reference_config(meta: dict[str, Any]) -> BPMGCNConfig:
    """The config of the released network."""
    return BPMGCNConfig(
        num_classes=meta["num_class"],
        fusion="cascade",
        fusion_update="sequential",
        multi_label_loss="reference",
        clip_frames=meta["inputs"][0]["shape"][2],
    )


def _losses(model: BPMGCN, output: Any, inputs: dict[str, Tensor], meta: dict[str, Any]) -> dict[str, Any]:
    """Losses and gradient norms of an output (a second forward pass would change the statistics)."""
    objective = BPMGCNObjective(reference_config(meta), F.cross_entropy)
    batch = {name.replace("joint", "skeleton"): value for name, value in inputs.items()}
    batch.setdefault("affective target", output.affective)  # the multi-label cases have none
    batch["affective"] = batch["affective target"]
    terms = objective(_Computed(output), batch)
    total = terms["posture"] + terms["movement"] + terms["affective"]
    by_name = {
        "total": total,
        "ce_posture": terms["posture"],
        "ce_movement": terms["movement"],
        "mse_affective": terms["affective"],
        "ce_posture(sigmoid)": terms["posture"],
        "ce_movement(sigmoid)": terms["movement"],
    }
    losses = np.array([by_name[name].item() for name in meta["loss_names"]])
    if "grad_names" not in meta:
        return {"losses": losses}
    total.backward()
    parameters = dict(model.named_parameters())
    ours = WEIGHTS.to_ours(meta["grad_names"])
    norms = [parameters[ours[key]].grad for key in meta["grad_names"]]
    return {"losses": losses, "grad_norms": np.array([0.0 if g is None else g.norm().item() for g in norms])}


class _Computed(nn.Module):
    """A model that returns a given output."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output

    def forward(self, **inputs: Tensor) -> Any:
        return self.output


def _draw(entry: dict[str, Any]) -> Tensor:
    if entry["kind"] == "integers":
        low, high = (int(number) for number in re.findall(r"(?:low|high) (-?\d+)", entry["note"]))
        return torch.from_numpy(draw_integers(entry["seed"], low, high, tuple(entry["shape"])))
    values = torch.from_numpy(draw_normal(entry["seed"], tuple(entry["shape"])))
    return (values > 0).float() if entry["name"] == "label" else values


def _calibrate(model: BPMGCN, how: dict[str, Any], *, frames: int) -> None:
    """Set the statistics of every batch norm from one seeded batch, as in the case."""
    norms = [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    joints = model.posture.norm.num_features // 3
    shape = (CALIBRATION_BATCH, 3, frames, joints, 1)
    with torch.no_grad():
        model.train()(
            skeleton=torch.from_numpy(draw_normal(how["seed_joint"], shape)),
            movement=torch.from_numpy(draw_normal(how["seed_movement"], (shape[0], 8, *shape[2:]))),
        )
    for norm in norms:
        norm.momentum = 0.1


def _watch(model: BPMGCN) -> dict[str, Tensor]:
    """Collect the outputs of each unit and each fusion while the network runs: `l1_p`, `fusion1_p`, ..."""
    values: dict[str, Tensor] = {}

    def keep(*names: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            outputs = output if isinstance(output, tuple) else (output,)
            values.update(zip(names, (value.detach() for value in outputs), strict=True))

        return hook

    for letter, stream in _STREAMS.items():
        for index, unit in enumerate(getattr(model, stream).units):
            unit.register_forward_hook(keep(f"l{index + 1}_{letter}"))
    for index, fusion in enumerate(model.fusions):
        fusion.register_forward_hook(keep(f"fusion{index + 1}_p", f"fusion{index + 1}_m"))
    return values


def _intermediate(name: str, values: dict[str, Tensor], model: BPMGCN) -> Tensor:
    """A value within the network, by its name in the cases."""
    if found := re.fullmatch(r"(l\d+_[pm])_n(\d+)c(\d+)", name):
        return values[found[1]][int(found[2]), int(found[3])]
    if found := re.fullmatch(r"((?:l|fusion)\d+_[pm])_(?:mean|pool)", name):
        return values[found[1]].mean(dim=(2, 3))
    if found := re.fullmatch(r"data_bn_([pm])_(running_mean|running_var)", name):
        return getattr(getattr(model, _STREAMS[found[1]]).norm, found[2])
    if found := re.fullmatch(r"l(\d+)_([pm])_bn_(running_mean|running_var)", name):
        unit = getattr(model, _STREAMS[found[2]]).units[int(found[1]) - 1]
        return getattr(unit.temporal.norm, found[3])
    raise UsageError(f"the case holds {name!r}, which bpm_gcn cannot compute")
