"""A pretrained text encoder: token ids to one vector for each row."""

import inspect
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from affekt.encoders.pooling import pool
from affekt.encoders.pretrained import PretrainedEncoder, make_backbone
from affekt.encoders.settings import COUNT_FROM_PADDING, EncoderSettings
from affekt.encoders.source import USE_ARCHITECTURE, find_source
from affekt.encoders.use import UniversalSentenceEncoder
from affekt.encoders.width import vector_width


class TextEncoder(PretrainedEncoder):
    """A network of `transformers` without its heads, and pooling.

    Building it reads nothing from disk: its weights are random until `load_pretrained`.
    """

    more_rows: ClassVar[bool] = True

    def __init__(self, settings: EncoderSettings) -> None:
        is_use = settings.architecture["model_type"] == USE_ARCHITECTURE["model_type"]
        super().__init__(
            settings, UniversalSentenceEncoder() if is_use else make_backbone(settings.architecture)
        )
        accepted = inspect.signature(self.backbone.forward).parameters
        self._takes_positions = (
            "position_ids" in accepted and settings.architecture["model_type"] not in COUNT_FROM_PADDING
        )

    @property
    def width(self) -> int:
        """Size of the vector."""
        return vector_width(self.settings)

    def forward(self, ids: Int[Tensor, "b l"], is_own: Bool[Tensor, "b l"]) -> Float[Tensor, "b e"]:
        """The pooled states; padding, on either side, has no influence.

        Args:
            is_own: Tokens of the line itself, without its context.
        """
        is_token = ids != self.settings.padding_id
        if self._is_whole:
            return self.backbone(ids, is_token)
        is_mask = ids == (-1 if self.settings.mask_id is None else self.settings.mask_id)
        return torch.cat(
            [
                pool(
                    states,
                    is_token=is_token,
                    is_own=is_own,
                    is_mask=is_mask,
                    pooling=self.settings.pooling,
                )
                for states in self._states(ids, is_token)
            ],
            dim=1,
        )

    def load_pretrained(self) -> set[str]:
        """Take the weights of the source; rows of added tokens stay random. Returns names of tensors.

        Raises:
            FolderError: The source lacks weights of the network, or they have other shapes.
        """
        if not (self._is_whole and self.settings.source):
            return super().load_pretrained()
        self.backbone.load_weights(find_source(self.settings.source).weights[0])
        return {f"backbone.{name}" for name in self.backbone.state_dict()}

    def simplify(self) -> None:
        """Write attention out."""
        if not self._is_whole:
            super().simplify()

    @property
    def _is_whole(self) -> bool:
        """Whether the backbone gives one vector itself."""
        return isinstance(self.backbone, UniversalSentenceEncoder)

    def _states(self, ids: Tensor, is_token: Tensor) -> tuple[Tensor, ...]:
        every = self.settings.layers == "all"
        # A branch on positions keeps rows independent of the side and length of their padding.
        positions = (
            {"position_ids": (is_token.long().cumsum(dim=1) - 1).clamp(min=0)}
            if self._takes_positions
            else {}
        )
        output = self.backbone(
            input_ids=ids, attention_mask=is_token.long(), output_hidden_states=every, **positions
        )
        return tuple(output.hidden_states) if every else (output.last_hidden_state,)
