"""Which samples a teacher can be asked about, and what an objective requires of it."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool
from torch import Tensor

from affekt.core.errors import ConfigError
from affekt.core.labels import LabelSet
from affekt.core.spec import InputSpec


@runtime_checkable
class Teaches(Protocol):
    """A trained network that answers a student's batches."""

    labels: LabelSet
    spec: InputSpec

    def __call__(self, batch: Mapping[str, Any]) -> Any:
        """The output, with `logits` (b, k) and `embedding` (b, d)."""
        ...

    def answered(self, batch: Mapping[str, Any]) -> Tensor | None:
        """The samples (b,) that it answered before training; None where it answers the batch itself."""
        ...


def check_labels(teacher: Teaches, student: LabelSet) -> None:
    """Refuse a teacher whose logits have other names.

    Raises:
        ConfigError: Its classes are others, or in another order.
    """
    if teacher.labels.names != student.names:
        raise ConfigError(
            "teacher",
            [
                f"the teacher knows {', '.join(teacher.labels.names)}, the data have "
                f"{', '.join(student.names)}: train a teacher on the same labels"
            ],
        )


def teachable(
    teacher: Teaches, batch: Mapping[str, Any], present: Bool[Tensor, "b m"], modalities: tuple[str, ...]
) -> Bool[Tensor, "b"]:
    """The samples that have all modalities that the teacher reads, unless it takes any subset itself.

    Args:
        present: Modalities that the student is given; its teacher may read others.
        modalities: Names of the columns of `present`.
    """
    if (answered := teacher.answered(batch)) is not None:
        return answered
    if teacher.spec.takes_subsets:
        return torch.ones(len(present), dtype=torch.bool, device=present.device)
    places = [modalities.index(name) for name in teacher.spec.modalities if name in modalities]
    return present[:, places].all(dim=1)
