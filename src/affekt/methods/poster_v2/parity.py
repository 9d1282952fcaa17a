"""Runs the parity cases of this method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.errors import UsageError
from affekt.core.sample import Sample
from affekt.optim.sam import SAM
from affekt.parity.case import Case, draw_integers, draw_normal, draw_tensor
from affekt.parity.compare import Comparison

from .config import PosterV2Config
from .model import PosterV2
from .objective import PosterV2Objective
from .preprocess import PosterV2Preprocess, normalised
from .weights import WEIGHTS

_BASES = {"Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "SGD": torch.optim.SGD}
# With drawn weights activations reach 3e3: differences are compared with the largest value.
_MAPS = ("c1", "c2", "c3", "l1", "l2", "l3", "o1", "o2", "o3")
# Small differences of large values: results of the reference differ by 2e-5 between memory layouts.
_TOKENS = ("feature", "gated")


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or holds unknown outputs.
    """
    if case.meta.get("method") != "poster-v2":
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of poster-v2")
    kinds = {"preprocess": _preprocessing, "sam": _sam}
    yield from kinds.get(case.meta.get("case", ""), _network)(case)


def _network(case: Case) -> Iterator[Comparison]:
    meta = case.meta
    # The config of the reference; stochastic depth is switched off.
    config = PosterV2Config(num_classes=meta["classes"], drift_statistics=True, drop_path=(0.0, 0.0, 0.0))
    model = PosterV2(config)
    weights = case.reference_weights()
    names = WEIGHTS.to_ours(weights)
    model.load_state_dict({ours: torch.from_numpy(weights[theirs]) for theirs, ours in names.items()})
    model.train(meta["mode"].startswith("train"))

    inputs = {entry["name"]: _draw(entry) for entry in meta["inputs"]}
    # Both branches of the reference scale an image of any size by nearest neighbour.
    batch = {"image": F.interpolate(inputs["image"], size=(config.size, config.size), mode="nearest")}
    actual = _watch(model)
    if "labels" in inputs:
        batch["label"] = inputs["labels"]
        (loss,) = PosterV2Objective(config, F.cross_entropy)(model, batch).values()
        actual["loss"] = loss.detach()
        actual["labels"] = inputs["labels"]
        loss.backward()
        actual |= _gradients(model, meta)
        actual |= _statistics(model, meta)
    else:
        with torch.no_grad():
            model(image=batch["image"])
    for name, expected in case.expected.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which poster_v2 cannot compute")
        tolerance: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}
        if name in _MAPS:
            tolerance = {"rtol": 1e-4, "relative_to_max": True}
        elif name in _TOKENS:
            tolerance = {"rtol": 2e-5, "relative_to_max": True}
        yield Comparison(name, np.asarray(actual[name].detach()), expected, **tolerance)


def _draw(entry: dict[str, Any]) -> Tensor:
    shape = tuple(entry["shape"])
    if entry["kind"] == "integers":
        return torch.from_numpy(draw_integers(entry["seed"], entry["low"], entry["high"], shape))
    return torch.from_numpy(draw_normal(entry["seed"], shape))


def _watch(model: PosterV2) -> dict[str, Tensor]:
    """Collect the outputs of each part while the network runs, by the names of the cases."""
    actual: dict[str, Tensor] = {}

    def keep(module: nn.Module, *names: str) -> None:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            outputs = output if isinstance(output, tuple) else (output,)
            actual.update(zip(names, (value.detach() for value in outputs), strict=True))

        module.register_forward_hook(hook)

    keep(model.image, "c1", "c2", "c3")
    keep(model.landmarks, "l1", "l2", "l3")
    for number, scale in enumerate(model.scales, start=1):
        keep(scale, f"o{number}")
    keep(model.encoder, "feature")
    keep(model.gate, "gated")
    keep(model.head, "logits")
    return actual


def _gradients(model: PosterV2, meta: dict[str, Any]) -> dict[str, Tensor]:
    """Norms of the gradients: of the named parameters, and of all together."""
    parameters = dict(model.named_parameters())
    ours = WEIGHTS.to_ours(meta["grad_norms_of"])
    named = [parameters[ours[key]].grad for key in meta["grad_norms_of"]]
    # In double precision: single precision is wrong in the fourth digit for millions of values.
    everything = [p.grad.double().norm() for p in parameters.values() if p.grad is not None]
    return {
        "grad_norms": torch.stack(
            [torch.zeros(()) if grad is None else grad.double().norm() for grad in named]
        ),
        "total_grad_norm": torch.stack(everything).norm(),
    }


def _statistics(model: PosterV2, meta: dict[str, Any]) -> dict[str, Tensor]:
    """Norms of running statistics after the forward pass."""
    if "bn_norms_of" not in meta:
        return {}
    state, ours = model.state_dict(), WEIGHTS.to_ours(meta["bn_norms_of"])
    return {"bn_norms": torch.stack([state[ours[key]].norm() for key in meta["bn_norms_of"]])}


def _preprocessing(case: Case) -> Iterator[Comparison]:
    (entry,) = case.meta["inputs"]
    pixels = draw_integers(entry["seed"], entry["low"], entry["high"], tuple(entry["shape"])).astype(np.uint8)
    preprocess = PosterV2Preprocess(PosterV2Config())
    actual = {
        "tensor": normalised(preprocess.square(pixels)),
        "half": preprocess(Sample(id="case", media={"image": pixels}))["image"],
    }
    for name, expected in case.expected.items():
        yield Comparison(name, actual[name], expected)


class _Tiny(nn.Module):
    """The network of the cases for the optimizer."""

    def __init__(self, shapes: dict[str, list[int]]) -> None:
        super().__init__()
        self.layers = nn.ModuleDict(
            {
                name: nn.Linear(shapes[f"{name}.weight"][1], shapes[f"{name}.weight"][0])
                for name in ("fc1", "fc2", "head")
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.layers["fc2"](torch.tanh(self.layers["fc1"](x))))
        return self.layers["head"](hidden)


def _sam(case: Case) -> Iterator[Comparison]:
    meta = case.meta
    model = _Tiny(meta["keys"])
    parameters = dict(model.layers.named_parameters())
    with torch.no_grad():
        for key, parameter in parameters.items():
            shape = tuple(meta["keys"][key])
            parameter.copy_(torch.from_numpy(draw_tensor(key, shape, "float32", meta["salt"])))
    for key in meta["frozen"]:
        parameters[key].requires_grad_(False)
    base = _BASES[meta["base"]](model.parameters(), **meta["base_kwargs"])
    optimizer = SAM(base, rho=meta["rho"], adaptive=meta["adaptive"])
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.98)
    x, y = (_draw(entry) for entry in meta["inputs"])
    actual: dict[str, Any] = {"loss_first": [], "loss_second": [], "grad_norm": [], "lr": []}

    def keep(prefix: str) -> None:
        actual.update({f"{prefix}.{key}": p.detach().clone().numpy() for key, p in parameters.items()})

    for step, (inputs, targets) in enumerate(zip(x, y, strict=True)):

        def closure(inputs: Tensor = inputs, targets: Tensor = targets, step: int = step) -> Tensor:
            if optimizer.perturbed:
                keep(f"perturbed{step}")
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), targets)
            loss.backward()
            actual["loss_second" if optimizer.perturbed else "loss_first"].append(loss.item())
            return loss

        actual["lr"].append(optimizer.param_groups[0]["lr"])
        optimizer.step(closure)
        schedule.step()
        actual["grad_norm"].append(optimizer.gradient_norm.item())
        keep(f"step{step + 1}")
    for name, expected in case.expected.items():
        yield Comparison(name, np.asarray(actual[name]), expected, rtol=1e-5, atol=1e-6)
