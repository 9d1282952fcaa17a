"""What exists only in training: terms of the decision, of heads and modalities, and of a teacher."""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from affekt.core.errors import ConfigError
from affekt.encoders.multimodal.preprocess import PRESENT, MultimodalPreprocess
from affekt.encoders.multimodal.settings import MultimodalSettings
from affekt.layers.cross_entropy import Criterion
from affekt.layers.decision.objective import DecisionObjective
from affekt.layers.distillation.features import feature_loss, modal_contrast
from affekt.layers.distillation.logits import logit_loss
from affekt.layers.distillation.teacher import Teaches, check_labels, teachable


class MultimodalObjective(DecisionObjective):
    """Every term of `losses`; with a teacher all students and the fusion learn in one step.

    Attributes:
        takes_teacher: Whether the config asks for a teacher.
        teacher_outputs: What it reads of the teacher's output.
    """

    def __init__(self, config: MultimodalSettings, criterion: Criterion) -> None:
        super().__init__(config, criterion, inputs=MultimodalPreprocess(config).spec.names)
        self.settings = config
        distillation = config.losses.distillation
        self.takes_teacher = distillation is not None
        self.teacher_outputs: tuple[str, ...] = ("logits",)
        if distillation is not None and distillation.features.weight:
            self.teacher_outputs = ("logits", "embedding")
        self.teacher: Teaches | None = None

    def set_teacher(self, teacher: Teaches) -> None:
        """Take the teacher.

        Raises:
            ConfigError: It knows other labels.
        """
        check_labels(teacher, self.criterion.labels)
        self.teacher = teacher

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        output = self.call(model, batch)
        terms = self.terms(output, batch)
        label, losses = batch["label"], self.settings.losses
        is_there = self._is_there(batch, len(label))
        widths = self.settings.vector_widths
        vectors = dict(zip(widths, output.vectors.split(list(widths.values()), dim=1), strict=True))
        for place, name in enumerate(self.settings.auxiliary):
            terms[name] = output.auxiliary[:, place].mean()
        if losses.head_weight:
            terms["heads"] = losses.head_weight * self._heads(output.head_logits, label, is_there)
        if losses.modal_contrast:
            settings = losses.modal_contrast
            terms["modal_contrast"] = settings.weight * modal_contrast(
                vectors, is_there, main=settings.main, temperature=settings.temperature
            )
        return terms | (self._distillation(output, vectors, batch, is_there) if self.teacher else {})

    def _heads(self, logits: Tensor, label: Tensor, is_there: Bool[Tensor, "b m"]) -> Float[Tensor, ""]:
        """Sum of the heads' losses, each over the samples that have its modality."""
        if bool(is_there.all()):  # one call for all heads, since small operations take most of a step
            count = logits.shape[1]
            return count * self.criterion(logits.flatten(0, 1), label.repeat_interleave(count, dim=0))
        total = (logits * 0).sum()
        for place in range(logits.shape[1]):
            rows = is_there[:, place]
            if bool(rows.any()):
                total = total + self.criterion(logits[rows, place], label[rows])
        return total

    def _distillation(
        self, output: Any, vectors: dict[str, Tensor], batch: dict[str, Tensor], is_there: Bool[Tensor, "b m"]
    ) -> dict[str, Float[Tensor, ""]]:
        """Terms of the teacher, each over the samples that teacher and student can read."""
        settings = self.settings.losses.distillation
        assert self.teacher is not None and settings is not None
        taught = self.teacher(batch)
        known = teachable(self.teacher, batch, is_there, self.settings.modalities)
        logits, features = (output.logits * 0).sum(), (output.vectors * 0).sum()
        if settings.on == "answer" and bool(known.any()):
            logits = logit_loss(output.class_logits[known], taught.logits[known], settings.logits)
        for places, rows in self._learning(known, is_there):
            if settings.on == "heads":
                heads = output.head_logits[rows][:, places].movedim(1, 0)
                logits = logits + logit_loss(heads, taught.logits[rows], settings.logits)
            if settings.features.weight:
                letters = [list(vectors)[place] for place in places]
                found = [_fitting(vectors[letter], taught.embedding, letter)[rows] for letter in letters]
                features = features + settings.features.weight * feature_loss(
                    torch.stack(found), taught.embedding[rows], temperature=settings.features.temperature
                )
        terms = {"distilled_logits": logits}
        return terms | ({"distilled_features": features} if settings.features.weight else {})

    def _learning(
        self, known: Bool[Tensor, "b"], is_there: Bool[Tensor, "b m"]
    ) -> Iterator[tuple[list[int], Tensor | slice]]:
        """Modalities that learn, by place, with their samples; together where they have all samples."""
        settings = self.settings.losses.distillation
        assert settings is not None
        named = list(self.settings.vector_widths)
        places = [
            place
            for place, letter in enumerate(named)
            if not settings.modalities or letter in settings.modalities
        ]
        if bool(known.all()) and bool(is_there[:, places].all()):
            yield places, slice(None)
            return
        for place in places:
            rows = known & is_there[:, place]
            if bool(rows.any()):
                yield [place], rows

    def _is_there(self, batch: dict[str, Tensor], rows: int) -> Bool[Tensor, "b m"]:
        if PRESENT in batch:
            return batch[PRESENT] > 0.5
        return torch.ones(rows, 1, dtype=torch.bool, device=batch["label"].device)


def _fitting(vector: Tensor, taught: Tensor, letter: str) -> Tensor:
    """The student's vector, which has to be as wide as the teacher's feature.

    Raises:
        ConfigError: It is not.
    """
    if taught.shape[1] != vector.shape[1]:
        raise ConfigError(
            "teacher",
            [
                f"its feature has {taught.shape[1]} values, the vector of {letter} {vector.shape[1]}: set "
                f"config.encoders.{letter}.projection = {taught.shape[1]}, or "
                "config.losses.distillation.features.weight = 0"
            ],
        )
    return vector
