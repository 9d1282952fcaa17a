"""Runs the parity cases of this method: the fusion with attention over the batch, and the distillation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.errors import UsageError
from affekt.core.weights import KeyMap
from affekt.layers.distillation.features import feature_loss
from affekt.layers.distillation.logits import inter, intra, logit_loss
from affekt.layers.distillation.settings import LogitSettings
from affekt.layers.fusion.settings import ShiftingSettings
from affekt.layers.fusion.shifting import ShiftingFusion
from affekt.parity.case import Case
from affekt.parity.compare import Comparison
from affekt.parity.inputs import NUMBER, DrawnInputs, stated_number

from .weights import FUSION

_NAMES = {"T": "text", "A": "audio", "V": "video"}


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or holds unknown outputs.
    """
    if case.meta.get("method") != "telme":
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of telme")
    actual = _fusion(case) if "alpha" in case.expected else _distillation(case)
    for name, expected in case.expected.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which telme cannot compute")
        value = np.asarray(actual[name].detach())
        if name.endswith(("grad_hidden", "grad_logits")):  # of some cases the first rows only
            value = value[: len(expected)]
        yield Comparison(name, value, expected, rtol=1e-3 if name.startswith("gradnorm") else 1e-4)


class _Network(nn.Module):
    """The fusion and its classifier."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        hidden = config["hidden"]
        settings = ShiftingSettings(
            heads=config["heads"], beta=config["beta_shift"], dropout=config["dropout"], attention="batch"
        )
        self.fusion = ShiftingFusion(settings, {name: hidden for name in _NAMES})
        self.classifier = nn.Linear(hidden, config["classes"])

    def forward(self, parts: dict[str, Tensor]) -> Tensor:
        present = torch.ones(len(parts["T"]), len(parts), dtype=torch.bool)
        return self.classifier(self.fusion(parts, present).vector)


def _fusion(case: Case) -> dict[str, Tensor]:
    inputs, config = DrawnInputs(case), case.meta["config"]
    network = _Network(config).eval()
    weights = case.reference_weights()
    ours = KeyMap(FUSION).to_ours(weights)
    network.load_state_dict({ours[key]: torch.from_numpy(weights[key]) for key in ours}, strict=False)
    parts = {name: inputs.normal(title) * _scale(inputs[title]) for name, title in _NAMES.items()}
    labels = inputs.integers("labels")
    steps = network.fusion.shifted(parts)
    logits = network(parts)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    alone = [network({key: part[row : row + 1] for key, part in parts.items()}) for row in range(len(labels))]
    found = dict(network.named_parameters())
    norms: dict[str, Tensor] = {}
    for theirs, name in ours.items():
        gradient = found[name].grad
        assert gradient is not None
        norms[f"gradnorm.{theirs}"] = gradient.double().norm()
    assert steps.weights is not None
    return {
        "logits": logits,
        "attn_weights": steps.weights[0],
        "av_norm": steps.others,
        "alpha": steps.alpha,
        "fused": steps.vector,
        "logits_one_by_one": torch.cat(alone),
        "loss_ce": loss,
        **norms,
    }


def _distillation(case: Case) -> dict[str, Tensor]:
    """Both terms and the totals of each data set whose values the case states."""
    inputs, actual = DrawnInputs(case), dict[str, Tensor]()
    for name in dict.fromkeys(key.partition(".")[0] for key in case.expected):
        rows, classes = len(inputs.integers("labels", C=2)), case.expected[f"{name}.grad_logits"].shape[1]
        temperature, weight = _stated(case, name)
        settings = LogitSettings(temperature=temperature)
        student, teacher = (
            inputs.normal(key, (rows, classes)) * _scale(inputs[key])
            for key in ("student_logits", "teacher_logits")
        )
        hidden, taught = (
            inputs.normal(key) * _scale(inputs[key]) for key in ("student_hidden", "teacher_hidden")
        )
        for tensor in (student, hidden):
            tensor.requires_grad_()
        shares = [(logits / temperature).softmax(dim=1) for logits in (student, teacher)]
        logit, feature = logit_loss(student, teacher, settings), feature_loss(hidden, taught)
        direct = F.cross_entropy(student, inputs.integers("labels", C=classes))
        total = direct + weight * logit + feature
        gradients = torch.autograd.grad(total, [student, hidden])
        found = {
            "inter": inter(*shares),
            "intra": intra(*shares),
            "logit_loss": logit,
            "feature_loss": feature,
            "ce": direct,
            "total": total,
            "grad_logits": gradients[0],
            "grad_hidden": gradients[1],
        }
        actual |= {f"{name}.{key}": value for key, value in found.items()}
    return actual


def _stated(case: Case, name: str) -> tuple[float, float]:
    """Temperature and factor of the logit term of a data set, from the words of the case."""
    words = re.search(rf"{name}: ([^;.]*(?:\.\d[^;.]*)*)", case.meta["note"])
    temperature = stated_number(rf"tau {NUMBER}", words[1]) if words else None
    if words is None or temperature is None:
        raise UsageError(f"{case.path} does not state the temperature of {name}")
    return temperature, stated_number(rf"{NUMBER} ?\* ?logit", words[1]) or 1.0


def _scale(entry: dict[str, Any]) -> float | Tensor:
    """The factor of an input that its note states: one number, or one for each row."""
    rows = re.search(r"times (\[[^\]]*\])", entry["note"])
    if rows:
        return torch.tensor(json.loads(rows[1]))[:, None]
    return stated_number(rf"times {NUMBER}", entry["note"]) or 1.0
