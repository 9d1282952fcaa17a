"""A pretrained encoder of pictures or video: frames to one vector for each row."""

import torch
from jaxtyping import Float
from torch import Tensor

from affekt.encoders.picture.settings import PictureEncoderSettings
from affekt.encoders.pretrained import PretrainedEncoder, make_backbone


class PictureEncoder(PretrainedEncoder):
    """A network of `transformers` without its heads, and pooling over patches, then over frames.

    Building it reads nothing from disk: its weights are random until `load_pretrained`.
    """

    def __init__(self, settings: PictureEncoderSettings) -> None:
        super().__init__(settings, make_backbone(settings.architecture))

    @property
    def width(self) -> int:
        """Size of the vector."""
        return self.settings.width

    def forward(self, frames: Float[Tensor, "b t 3 h w"]) -> Float[Tensor, "b e"]:
        """The pooled states."""
        every = self.settings.layers == "all"
        one_by_one = not self.settings.reads_video
        output = self.backbone(
            pixel_values=frames.flatten(0, 1) if one_by_one else frames, output_hidden_states=every
        )
        last = output.last_hidden_state
        if self.settings.architecture["model_type"] == "clip_vision_model":
            last = self.backbone.post_layernorm(last)  # which CLIP applies to its class token alone
        states = [*output.hidden_states[:-1], last] if every else [last]
        vector = torch.cat([self._pooled(one) for one in states], dim=1)
        return vector.unflatten(0, (-1, self.settings.count)).mean(dim=1) if one_by_one else vector

    def _pooled(self, states: Float[Tensor, "b l d"]) -> Float[Tensor, "b d"]:
        patches = states[:, 1:] if self.settings.has_class else states
        match self.settings.pooling:
            case "class" | "first":
                return states[:, 0]
            case "last":
                return states[:, -1]
            case "max":
                return patches.amax(dim=1)
            case _:
                return patches.mean(dim=1)
