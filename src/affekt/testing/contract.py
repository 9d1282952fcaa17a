"""The contract of methods and data sets: checks that every one of them must pass, also in plug-ins.

Each check takes a method's name and raises AssertionError with the reason. The checks use the config `tiny`
of the card and invented media, and take seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import one_hot

from affekt.core import catalog
from affekt.core.errors import AffektError
from affekt.core.labels import LabelSet, label_set
from affekt.core.method import Method
from affekt.core.recipe import LossSettings, Recipe
from affekt.core.sample import Preprocess, as_localizing
from affekt.core.settings import Settings
from affekt.core.spec import InputSpec
from affekt.core.task import Task, find_task
from affekt.data.open import open_dataset
from affekt.deploy.export.export import GATE_BATCHES, GATE_CELLS, TOLERANCE
from affekt.deploy.export.graphs import Graphs, make_graphs, max_difference, random_batch
from affekt.engine.network import EagerNetwork, eager_network, encoded_input
from affekt.engine.objectives.criterion import WeightedLoss
from affekt.tasks.localization.cells import cell_logits
from affekt.testing.media import invent_samples

BATCH = 4


@dataclass(frozen=True)
class Tiny:
    """A method with its smallest config: network, spec and a batch with targets."""

    method: Method
    config: Settings
    model: nn.Module
    preprocess: Preprocess
    batch: dict[str, Tensor]

    @property
    def task(self) -> Task:
        """The first task that the method serves."""
        return find_task(self.method.tasks[0])

    @property
    def spec(self) -> InputSpec:
        """The inputs of the network, and its targets."""
        return self.preprocess.spec

    @property
    def classes(self) -> int:
        """Number of classes, without the background class of time cells."""
        logits = self.model.eval()(**self.inputs).logits
        return logits.shape[-1] - self.task.by_cells

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The batch's inputs of the network."""
        return {name: self.batch[name] for name in self.spec.names}


def tiny(name: str, *, seed: int = 0) -> Tiny:
    """A method built from its card's `tiny` config, with random inputs and targets."""
    method = catalog.method(name)
    config = method.make_config(method.card.tiny)
    preprocess = method.make_preprocess(config)
    spec = preprocess.spec
    torch.manual_seed(seed)
    model: nn.Module = method.load("model")(config)
    # New networks often have gates at zero; noise on every parameter makes all of them affect the output.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    arrays = random_batch(spec, BATCH, seed=seed) | random_batch(
        InputSpec(inputs=spec.targets), BATCH, seed=seed + 1
    )
    batch = {key: torch.from_numpy(value) for key, value in arrays.items()}
    it = Tiny(method, config, model, preprocess, batch)
    names = LabelSet.of(*(f"class {number}" for number in range(it.classes)))
    invented = [it.task.invent(number, names) for number in range(BATCH)]
    batch["label"] = torch.from_numpy(it.task.targets(invented, names))
    if it.task.by_cells:  # two cells of each sample are annotated with its class
        batch["label"] = torch.arange(BATCH) % it.classes
        batch["label"] = one_hot(batch["label"], it.classes).float()
        cells = batch[spec.names[0]].shape[1]
        batch["points"] = torch.zeros(BATCH, cells, it.classes)
        batch["points"][:, cells // 3] = batch["label"]
        batch["points"][:, cells - 2] = batch["label"]
    return it


def check_card(name: str) -> None:
    """The card is complete, and its label set exists."""
    card = catalog.card(name)
    for field in ("title", "summary", "task", "reference", "licence", "parity", "intended_use", "limits"):
        assert getattr(card, field).strip(), f"{field} is empty in card.toml"
    assert card.modalities and card.results, "card.toml names no modality or no result"
    if card.labels:
        label_set(card.labels)


def check_config_round_trips(name: str) -> None:
    """A config round-trips through plain values, and unknown fields are refused."""
    method = catalog.method(name)
    config = method.make_config(method.card.tiny)
    assert method.make_config(config.model_dump(mode="json")) == config
    try:
        method.make_config({"no_such_field": 1})
    except AffektError as error:
        assert "no_such_field" in str(error)
    else:
        raise AssertionError("an unknown config field was accepted")


def check_output(name: str) -> None:
    """The output of the network is a NamedTuple of tensors with one row per item; it includes `logits`."""
    it = tiny(name)
    output = it.model(**it.inputs)
    fields: tuple[str, ...] = getattr(output, "_fields", ())
    assert "logits" in fields, "the output is not a NamedTuple with logits"
    for field, value in zip(fields, output, strict=True):
        assert isinstance(value, Tensor) and value.shape[0] == BATCH, f"{field} needs one row per item"


def check_inputs_unchanged(name: str) -> None:
    """The network does not change its inputs."""
    it = tiny(name)
    before = {key: value.clone() for key, value in it.inputs.items()}
    it.model(**it.inputs)
    for key, value in before.items():
        assert torch.equal(value, it.inputs[key]), f"forward wrote into {key}"


def check_rows_independent(name: str) -> None:
    """The output for item i is the same in a batch and alone."""
    it = tiny(name)
    with torch.inference_mode():
        together = it.model(**it.inputs).logits
        alone = torch.cat(
            [it.model(**{k: v[i : i + 1] for k, v in it.inputs.items()}).logits for i in range(BATCH)]
        )
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def check_padding(name: str) -> None:
    """An item gets the same answer alone and in a batch with a longer item, which pads it."""
    it = tiny(name)
    if it.task.by_cells or all(tensor.padding is None for tensor in it.spec.inputs):
        return
    short, long = (random_batch(it.spec, 1, seed=size, open_size=size) for size in (3, 9))
    rows = [{key: value[0] for key, value in batch.items()} for batch in (short, long)]
    together = EagerNetwork(it.model)(it.spec.stack(rows))[0]
    alone = EagerNetwork(it.model)(short)[0]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def check_missing_modalities(name: str) -> None:
    """What stands in the place of a missing modality does not change the answer."""
    it = tiny(name)
    if not it.spec.presence:
        return
    one, other = (random_batch(it.spec, BATCH, seed=seed) for seed in (1, 2))
    for place, modality in enumerate(it.spec.modalities):
        flags = np.ones_like(one[it.spec.presence])
        flags[:, place] = 0
        changed = [
            tensor.name for tensor in it.spec.inputs if tensor.modality == modality and tensor.optional
        ]
        assert changed or len(it.spec.modalities) == 1, f"no input of {modality} is optional"
        plain = {**one, it.spec.presence: flags}
        replaced = {**plain, **{key: other[key] for key in changed}}
        answers = [EagerNetwork(it.model)(batch) for batch in (plain, replaced)]
        np.testing.assert_allclose(*answers, rtol=1e-4, atol=1e-5, err_msg=f"without {modality}")


def check_gradients(name: str) -> None:
    """Each trainable parameter gets a gradient from the objective."""
    it = tiny(name)
    labels = LabelSet.of(*(f"class {number}" for number in range(it.classes)))
    objective = it.method.load("objective")(it.config, WeightedLoss(LossSettings(), it.task, None, labels))
    it.model.train()
    terms: dict[str, Tensor] = objective(it.model, it.batch)
    assert terms and all(term.ndim == 0 for term in terms.values()), "the objective must give named scalars"
    torch.stack(list(terms.values())).sum().backward()
    untrained = [
        key
        for key, parameter in (*it.model.named_parameters(), *objective.named_parameters())
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.isfinite().all())
    ]
    assert not untrained, f"no (finite) gradient reaches {untrained[:5]}"


def check_saving(name: str) -> None:
    """The output after saving and loading the weights is the same bit for bit."""
    it, other = tiny(name), tiny(name, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        save_file(it.model.state_dict(), Path(folder) / "model.safetensors")
        other.model.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    with torch.inference_mode():
        assert torch.equal(it.model(**it.inputs).logits, other.model(**it.inputs).logits)


def check_weight_names(name: str) -> None:
    """Each weight has one name in the reference, which is renamed back to the same weight."""
    it = tiny(name)
    names = it.method.load("weights")
    renamed = names.to_theirs(it.model.state_dict())
    back = names.to_ours(renamed.values())
    assert all(back[theirs] == ours for ours, theirs in renamed.items())


def check_export(name: str) -> None:
    """The exported graph agrees with the network, also at sizes with which it was not traced."""
    it = tiny(name)
    check_graphs(it, make_graphs(it.model, it.preprocess, it.task))


def check_graphs(it: Tiny, graphs: Graphs) -> None:
    """Graphs that were exported from this network agree with it."""
    sizes = zip(GATE_BATCHES, GATE_CELLS, strict=True)
    batches = [random_batch(it.spec, size, seed=size, open_size=cells) for size, cells in sizes]
    drift = max_difference(EagerNetwork(it.model), graphs.network(), batches)
    assert drift <= TOLERANCE, f"the graph drifts by {drift:.2e}"


def check_preprocess(name: str) -> None:
    """Preprocessing fits the spec, is deterministic without a generator, and does not change the sample."""
    it = tiny(name)
    samples = invent_samples(it.method.card.modalities[0])
    preprocess = it.method.fit_preprocess(it.config, samples).preprocess
    plain, again = preprocess(samples[0]), preprocess(samples[0])
    preprocess.spec.check(preprocess.spec.complete(plain))
    views = preprocess.views(samples[0])
    assert views, "a prediction needs at least one view"
    for view in views:
        preprocess.spec.check(preprocess.spec.complete(view))
    varied, same = (preprocess(samples[0], rng=np.random.default_rng(5)) for _ in range(2))
    preprocess.spec.check(preprocess.spec.complete(varied))
    for tensor in preprocess.spec.targets:
        tensor.check(varied[tensor.name])
    for key in plain:
        assert np.array_equal(plain[key], again[key]), f"{key} differs from call to call"
    for key in varied:
        assert np.array_equal(varied[key], same[key]), f"{key} does not depend on the generator only"
    if getattr(preprocess, "is_deterministic", False):
        assert plain.keys() == varied.keys(), "a training view has other arrays than a plain one"
        assert all(np.array_equal(plain[key], varied[key]) for key in plain), "training views vary"
    after = preprocess(samples[0])
    assert all(np.array_equal(plain[key], after[key]) for key in plain), "a training view changed the sample"


def check_parts(name: str) -> None:
    """The output of a localization network for a sample in parts is that for the whole sample."""
    it = tiny(name)
    if not it.task.by_cells:
        return
    (sample, *_) = invent_samples(it.method.card.modalities[0])
    preprocess = as_localizing(it.preprocess)
    network = eager_network(it.model, encoded=encoded_input(it.model, preprocess, it.task))
    whole = it.preprocess(sample)
    total = len(whole[it.spec.names[0]])
    assert preprocess.count(sample) == total, "count and the arrays disagree"
    logits = EagerNetwork(it.model)({name: whole[name][None] for name in it.spec.names})[0]
    streamed = cell_logits(sample, preprocess, network, block=5)
    assert np.allclose(logits, streamed, rtol=1e-4, atol=1e-5), "logits of blocks differ from the whole"
    localized = preprocess.localize(sample, streamed)
    assert len(localized.cells_s) == len(localized.curves) == len(localized.foreground) == total
    assert len(localized.spans_s) == len(localized.labels) == len(localized.scores)
    middles = localized.cells_s.mean(axis=1)
    assert np.array_equal(preprocess.cells_at(sample, middles), np.arange(total)), "cells_at disagrees"


def check_runtime_is_light(name: str) -> None:
    """Card, config and preprocessing do not import torch."""
    code = (
        "import sys; from affekt.core import catalog; "
        f"method = catalog.method({name!r}); config = method.make_config(method.card.tiny); "
        "method.make_preprocess(config); "
        "sys.exit(1 if {'torch', 'lightning', 'onnxruntime'} & set(sys.modules) else 0)"
    )
    # What this process can import, such as a plug-in that is not installed, the other one can, too.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr or "torch or onnxruntime was imported"


def check_recipes(name: str) -> None:
    """Each recipe of the method is valid, and its first line states expected score and cost."""
    for file in sorted((catalog.method(name).folder / "recipes").glob("*.toml")):
        assert file.read_text(encoding="utf-8").startswith("# "), (
            f"{file.name} does not state expected score and cost"
        )
        assert Recipe.load([file]).method == name


CHECKS: tuple[Callable[[str], None], ...] = (
    check_card,
    check_config_round_trips,
    check_output,
    check_inputs_unchanged,
    check_rows_independent,
    check_padding,
    check_missing_modalities,
    check_gradients,
    check_saving,
    check_weight_names,
    check_export,
    check_preprocess,
    check_parts,
    check_runtime_is_light,
    check_recipes,
)


def check_method(name: str) -> None:
    """Run the whole contract on one method; all failures are reported at once.

    Raises:
        AssertionError: Listing each check that failed, and why.
        UsageError: There is no such method.
    """
    catalog.method(name)
    failures: list[str] = []
    for check in CHECKS:
        try:
            check(catalog.canonical(name))
        except (AssertionError, AffektError) as error:
            failures.append(f"{check.__name__}: {error}")
    assert not failures, f"{name} does not fulfil the contract\n  " + "\n  ".join(failures)


def check_dataset(name: str) -> None:
    """An adapter states its facts, documents its folder tree, and refuses a folder that does not exist.

    Raises:
        AssertionError: Naming what is missing.
    """
    dataset: Any = catalog.dataset(name)
    module = sys.modules[dataset.read.__module__]
    assert module.__doc__ and ("/" in module.__doc__ or not dataset.needs_root), (
        "the docstring shows no folder tree"
    )
    assert dataset.title and dataset.licence and dataset.cite and dataset.modalities
    if not dataset.needs_root:
        assert open_dataset(dataset).samples
        return
    with tempfile.TemporaryDirectory() as empty:
        for root in (Path(empty), Path(empty) / "missing"):
            try:
                open_dataset(dataset, root)
            except AffektError:
                continue
            raise AssertionError(f"{name} reads samples from a folder without any")
