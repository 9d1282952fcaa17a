"""Is it a proper method? Checks that hold for every method, whoever wrote it.

Each check takes a method's name and raises AssertionError with what it found. They run on the config that the
card calls `tiny`, with invented media, in seconds.
"""

from __future__ import annotations

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
from affekt.deploy.export.graphs import make_graphs, max_difference, random_batch
from affekt.engine.criterion import WeightedLoss
from affekt.engine.network import EagerNetwork, eager_network, encoded_input
from affekt.tasks.localization.cells import cell_logits
from affekt.testing.media import invent_samples

BATCH = 4


@dataclass(frozen=True)
class Tiny:
    """A method at its smallest: network, spec and a batch with targets."""

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
        """What the network takes in."""
        return self.preprocess.spec

    @property
    def classes(self) -> int:
        """How many classes it has; cells of time may also be background."""
        logits = self.model.eval()(**self.inputs).logits
        return logits.shape[-1] - self.task.by_cells

    @property
    def inputs(self) -> dict[str, Tensor]:
        """What the network is called with."""
        return {name: self.batch[name] for name in self.spec.names}


def tiny(name: str, *, seed: int = 0) -> Tiny:
    """A method built from its card's `tiny` config, with random inputs and targets."""
    method = catalog.method(name)
    config = method.make_config(method.card.tiny)
    preprocess: Preprocess = method.load("preprocess")(config)
    spec = preprocess.spec
    torch.manual_seed(seed)
    model: nn.Module = method.load("model")(config)
    # Fresh networks often start with gates shut; a little noise on every parameter makes all of them matter.
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
    if it.task.by_cells:  # two cells of each sample are marked, the first by its own class
        batch["label"] = torch.arange(BATCH) % it.classes
        batch["label"] = one_hot(batch["label"], it.classes).float()
        cells = batch[spec.names[0]].shape[1]
        batch["points"] = torch.zeros(BATCH, cells, it.classes)
        batch["points"][:, cells // 3] = batch["label"]
        batch["points"][:, cells - 2] = batch["label"]
    return it


def check_card(name: str) -> None:
    """The card is complete, and its labels are known."""
    card = catalog.card(name)
    for field in ("title", "summary", "task", "reference", "licence", "parity", "intended_use", "limits"):
        assert getattr(card, field).strip(), f"card.toml says nothing under {field}"
    assert card.modalities and card.results, "card.toml names no modality or no result"
    if card.labels:
        label_set(card.labels)


def check_config_round_trips(name: str) -> None:
    """A config survives a trip through plain values, and unknown fields are refused."""
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
    """The network answers with a NamedTuple of tensors, `logits` among them, a row each item."""
    it = tiny(name)
    output = it.model(**it.inputs)
    fields: tuple[str, ...] = getattr(output, "_fields", ())
    assert "logits" in fields, "the answer is no NamedTuple with logits"
    for field, value in zip(fields, output, strict=True):
        assert isinstance(value, Tensor) and value.shape[0] == BATCH, f"{field} has no row for each item"


def check_inputs_unchanged(name: str) -> None:
    """The network leaves its inputs alone."""
    it = tiny(name)
    before = {key: value.clone() for key, value in it.inputs.items()}
    it.model(**it.inputs)
    for key, value in before.items():
        assert torch.equal(value, it.inputs[key]), f"forward wrote into {key}"


def check_rows_independent(name: str) -> None:
    """Row i of a batch gets the answer that item i gets alone."""
    it = tiny(name)
    with torch.inference_mode():
        together = it.model(**it.inputs).logits
        alone = torch.cat(
            [it.model(**{k: v[i : i + 1] for k, v in it.inputs.items()}).logits for i in range(BATCH)]
        )
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def check_gradients(name: str) -> None:
    """Each trainable parameter gets a gradient from the objective."""
    it = tiny(name)
    labels = LabelSet.of(*(f"class {number}" for number in range(it.classes)))
    objective = it.method.load("objective")(it.config, WeightedLoss(LossSettings(), it.task, None, labels))
    it.model.train()
    terms: dict[str, Tensor] = objective(it.model, it.batch)
    assert terms and all(term.ndim == 0 for term in terms.values()), "the objective gives named scalars"
    torch.stack(list(terms.values())).sum().backward()
    dead = [
        key
        for key, parameter in (*it.model.named_parameters(), *objective.named_parameters())
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.isfinite().all())
    ]
    assert not dead, f"no (finite) gradient reaches {dead[:5]}"


def check_saving(name: str) -> None:
    """Weights that were saved and loaded answer bit for bit the same."""
    it, other = tiny(name), tiny(name, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        save_file(it.model.state_dict(), Path(folder) / "model.safetensors")
        other.model.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    with torch.inference_mode():
        assert torch.equal(it.model(**it.inputs).logits, other.model(**it.inputs).logits)


def check_weight_names(name: str) -> None:
    """Each of our weights has one name in the reference, and the way back leads home."""
    it = tiny(name)
    names = it.method.load("weights")
    there = names.to_theirs(it.model.state_dict())
    back = names.to_ours(there.values())
    assert all(back[theirs] == ours for ours, theirs in there.items())


def check_export(name: str) -> None:
    """The exported graph agrees with the network at sizes it was not traced with."""
    it = tiny(name)
    sizes = zip(GATE_BATCHES, GATE_CELLS, strict=True)
    batches = [random_batch(it.spec, size, seed=size, open_size=cells) for size, cells in sizes]
    drift = max_difference(
        EagerNetwork(it.model), make_graphs(it.model, it.preprocess, it.task).network(), batches
    )
    assert drift <= TOLERANCE, f"the graph drifts by {drift:.2e}"


def check_preprocess(name: str) -> None:
    """Preprocessing fills the spec, repeats itself, varies only with a generator, and spares the sample."""
    it = tiny(name)
    make = it.method.load("preprocess")
    samples = invent_samples(it.method.card.modalities[0])
    preprocess = make(it.config, make(it.config).fit(samples))
    plain, again = preprocess(samples[0]), preprocess(samples[0])
    preprocess.spec.check(plain)
    views = preprocess.views(samples[0])
    assert views, "an answer must stand on at least one view"
    for view in views:
        preprocess.spec.check(view)
    varied, same = (preprocess(samples[0], rng=np.random.default_rng(5)) for _ in range(2))
    preprocess.spec.check(varied)
    for tensor in preprocess.spec.targets:
        tensor.check(varied[tensor.name])
    for key in plain:
        assert np.array_equal(plain[key], again[key]), f"{key} differs from call to call"
    for key in varied:
        assert np.array_equal(varied[key], same[key]), f"{key} is not drawn from the generator alone"
    after = preprocess(samples[0])
    assert all(np.array_equal(plain[key], after[key]) for key in plain), "a training view changed the sample"


def check_parts(name: str) -> None:
    """A localization network answers to a sample in parts, of any cut, as it does to the whole."""
    it = tiny(name)
    if not it.task.by_cells:
        return
    (sample, *_) = invent_samples(it.method.card.modalities[0])
    preprocess = as_localizing(it.preprocess)
    network = eager_network(it.model, encoded=encoded_input(it.model, preprocess, it.task))
    whole = it.preprocess(sample)
    total = len(whole[it.spec.names[0]])
    assert preprocess.count(sample) == total, "count and the arrays disagree"
    answer = EagerNetwork(it.model)({name: whole[name][None] for name in it.spec.names})[0]
    streamed = cell_logits(sample, preprocess, network, block=5)
    assert np.allclose(answer, streamed, rtol=1e-4, atol=1e-5), "blocks answer otherwise than the whole"
    found = preprocess.localize(sample, streamed)
    assert len(found.cells_s) == len(found.curves) == len(found.foreground) == total
    assert len(found.spans_s) == len(found.labels) == len(found.scores)
    middles = found.cells_s.mean(axis=1)
    assert np.array_equal(preprocess.cells_at(sample, middles), np.arange(total)), "cells lie elsewhere"


def check_runtime_is_light(name: str) -> None:
    """Card, config and preprocessing are had without torch."""
    code = (
        "import sys; from affekt.core import catalog; "
        f"method = catalog.method({name!r}); config = method.make_config(method.card.tiny); "
        "method.load('preprocess')(config); "
        "sys.exit(1 if {'torch', 'lightning', 'onnxruntime'} & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or "torch or onnxruntime was imported"


def check_recipes(name: str) -> None:
    """Each recipe of the method is valid, and says in its first line what to expect."""
    for file in sorted((catalog.method(name).folder / "recipes").glob("*.toml")):
        assert file.read_text().startswith("# "), f"{file.name} does not say what score and cost to expect"
        assert Recipe.load([file]).method == name


CHECKS: tuple[Callable[[str], None], ...] = (
    check_card,
    check_config_round_trips,
    check_output,
    check_inputs_unchanged,
    check_rows_independent,
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
    assert not failures, f"{name} is no proper method\n  " + "\n  ".join(failures)


def check_dataset(name: str) -> None:
    """An adapter declares what it is, shows its folder tree, and refuses a folder that is not there.

    Raises:
        AssertionError: What is missing.
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
