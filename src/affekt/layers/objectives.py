"""What an objective answers in validation, where it scores itself."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor


class Validated(NamedTuple):
    """The answer of an objective's `validate` to one batch.

    Attributes:
        terms: Scalars by name, means over the batch's items. They are logged as `validation/<term>`, averaged
            over all items; their sum is `validation/loss`.
        output: The network's output, from which the task's scorer reads; a NamedTuple of tensors.
    """

    terms: Mapping[str, Tensor]
    output: Any
