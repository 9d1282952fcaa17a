"""The training step and the validation pass of any method."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from affekt.core.answers.skip_reasons import SkipReasons
from affekt.core.errors import DataError
from affekt.core.recipe import Recipe
from affekt.core.sample import Skipped
from affekt.core.task import Scorer
from affekt.engine.features.backbone import FeatureNetwork
from affekt.engine.framework import Compute, ComputedNetwork
from affekt.engine.loop.optimization import make_optimizer, rate_factor, schedule_limits
from affekt.engine.objectives.hooks import PreparingObjective, ValidatingObjective
from affekt.engine.randomness import STEP, VALIDATION, seed_torch
from affekt.optim.sam import SAM

log = logging.getLogger(__name__)


class TrainingModule(pl.LightningModule):
    """A network and its objective as a Lightning module."""

    def __init__(
        self,
        model: nn.Module,
        objective: nn.Module,
        inputs: tuple[str, ...],
        recipe: Recipe,
        scorer: Scorer,
        *,
        compute: Compute | None = None,
    ) -> None:
        """Args:
        inputs: Names of the batch's entries that the network is called with.
        scorer: Collects the outputs of validation.
        compute: Computes the network in another framework; PyTorch does if not given.
        """
        super().__init__()
        self.model, self.objective = model, objective
        self.inputs, self.recipe = inputs, recipe
        self.scorer = scorer
        self._compute = compute
        self._sums: dict[str, tuple[Tensor | float, int]] = {}  # of the epoch's terms, and of its items
        self._terms: dict[str, float] = {}  # sums over validation items
        self._items = 0
        self._batch = 0
        self._before: State = {}  # of the objective, before the first pass of SAM
        self._reported: set[tuple[str, str]] = set()
        self._reasons = SkipReasons()

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor | None:
        if not self.can_use(batch):
            return None
        self._batch = batch_idx
        # SAM takes two passes over a batch: both draw the same random numbers, and only the first is logged.
        seed_torch(self.recipe.seed, STEP, self.current_epoch, batch_idx, self.global_rank)
        if self._is_perturbed():
            with self._statistics():
                return torch.stack(list(self.objective(self.network, batch).values())).sum()
        if self.recipe.optimizer.sam:
            self._before = copied_state(self.objective)
        terms = self.objective(self.network, batch)
        loss = torch.stack(list(terms.values())).sum()
        self._add({"loss": loss, **terms}, len(batch["number"]))
        return loss

    def on_train_epoch_end(self) -> None:
        for line in self._reasons.further():
            log.warning("%s", line)
        means = {f"train/{name}": total / count for name, (total, count) in self._sums.items()}
        self._sums = {}
        self.log_dict(means, sync_dist=True)

    def _add(self, values: dict[str, Tensor], items: int) -> None:
        """Add up the terms of an epoch: Lightning's log of a step can take longer than the loss."""
        for name, value in values.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value.detach() * items, count + items)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip by the norm; Lightning refuses fused optimizers, which only matters for scaled gradients."""
        if self.recipe.optimizer.fused and gradient_clip_val:
            parameters = [one for group in optimizer.param_groups for one in group["params"]]
            nn.utils.clip_grad_norm_(parameters, gradient_clip_val)
        else:
            super().configure_gradient_clipping(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        if not self.can_use(batch):
            return
        if isinstance(self.objective, ValidatingObjective):
            # The same draws in every epoch, so that epochs can be compared.
            seed_torch(self.recipe.seed, VALIDATION, batch_idx)
            terms, output = self.objective.validate(self.network, batch)
            for name, term in terms.items():
                self._terms[name] = self._terms.get(name, 0.0) + float(term) * len(batch["number"])
        else:
            output = self.network(**{name: batch[name] for name in self.inputs})
        self._items += len(batch["number"])
        self.scorer.add(*self._validated(output, batch))

    def on_validation_epoch_end(self) -> None:
        if not self._items:
            raise DataError("not one validation item could be read: see the reasons above")
        scores = self.scorer.scores()
        if self._terms:
            terms = {name: total / self._items for name, total in self._terms.items()}
            scores = {**scores, "loss": sum(terms.values()), **terms}
        self._terms, self._items = {}, 0
        self.log_dict({f"validation/{name}": value for name, value in scores.items()}, sync_dist=True)

    def can_use(self, batch: dict[str, Any]) -> bool:
        """Whether any item of a batch could be read.

        Each broken item is reported once: the first with its reason at once, equal ones as a count after the
        epoch.
        """
        new = [item for item in batch.pop("skipped", ()) if item not in self._reported]
        self._reported.update(new)
        for item in (Skipped(*pair) for pair in new):
            if self._reasons.add(item):
                log.warning("skipped %s", item)
        return "number" in batch

    def _is_perturbed(self) -> bool:
        optimizer = self.optimizers(use_pl_optimizer=False)
        return isinstance(optimizer, SAM) and optimizer.perturbed

    @contextmanager
    def _statistics(self) -> Iterator[None]:
        """The second pass of SAM: it sees the state that the first one saw, and leaves that of the first."""
        sam = self.recipe.optimizer.sam
        if sam is None or sam.statistics == "twice":
            yield
            return
        with held_statistics(self.model), replaced_state(self.objective, self._before):
            yield

    def _validated(
        self, output: Any, batch: dict[str, Any]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """The outputs that the scorer reads, and the targets of a batch."""
        outputs = {name: getattr(output, name).float().cpu().numpy() for name in self.scorer.reads}
        targets = {
            name: value.cpu().numpy()
            for name, value in batch.items()
            if isinstance(value, Tensor) and name not in self.inputs
        }
        return outputs, targets

    @property
    def network(self) -> nn.Module:
        """The module that takes a batch: the network, or its part after the cached features."""
        if self._compute is not None:
            return ComputedNetwork(self.model, self._compute)
        return FeatureNetwork(self.model) if self.recipe.train.cached_views else self.model

    def configure_optimizers(self) -> Any:
        recipe = self.recipe
        named = dict(self.model.named_parameters())
        named |= {f"objective.{name}": parameter for name, parameter in self.objective.named_parameters()}
        optimizer = make_optimizer(
            recipe.optimizer, {name: p for name, p in named.items() if p.requires_grad}
        )
        steps = int(self.trainer.estimated_stepping_batches)
        steps_an_epoch = steps / recipe.train.epochs
        for limit in schedule_limits(recipe.schedule, recipe.train.epochs, steps):
            log.warning("schedule: %s", limit)

        def factor(step: int) -> float:
            if isinstance(self.objective, PreparingObjective):  # epochs differ in their number of steps
                each = recipe.train.accumulate / max(1, int(self.trainer.num_training_batches))
                begun = self.current_epoch + (self._batch + 1) / int(self.trainer.num_training_batches)
                return rate_factor(
                    recipe.schedule,
                    min(begun, recipe.train.epochs) * (step > 0) + each / 2,
                    recipe.train.epochs,
                )
            # In the middle of a step: rounding cannot move it into the previous epoch, and a warm-up does not
            # start at zero.
            return rate_factor(recipe.schedule, (step + 0.5) / steps_an_epoch, recipe.train.epochs)

        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": LambdaLR(optimizer, factor), "interval": "step"},
        }


State = dict[tuple[str, str], Tensor]  # buffers by the names of their module and of their own


def copied_state(module: nn.Module) -> State:
    """Copies of all buffers of a module."""
    return {
        (name, key): value.clone()
        for name, part in module.named_modules()
        for key, value in part.named_buffers(recurse=False)
    }


@contextmanager
def replaced_state(module: nn.Module, state: State) -> Iterator[None]:
    """Give a module other buffers for a while. Its own are not written to: a graph may hold them."""
    own = {
        (name, key): value
        for name, part in module.named_modules()
        for key, value in part.named_buffers(recurse=False)
    }
    try:
        for (name, key), value in state.items():
            setattr(module.get_submodule(name), key, value)
        yield
    finally:
        for (name, key), value in own.items():
            setattr(module.get_submodule(name), key, value)


@contextmanager
def held_statistics(model: nn.Module) -> Iterator[None]:
    """Keep the running statistics of batch norm as they are; it still normalises with the batch."""
    norms = [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
