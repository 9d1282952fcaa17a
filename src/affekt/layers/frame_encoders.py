"""Networks that turn 16 frames of a video into one row of features, by name."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from affekt.layers.i3d import I3D, STEM
from affekt.layers.resnet_3d import SnippetResNet

ENCODERS = ("i3d", "resnet_3d")


class PooledSnippets(nn.Module):
    """A `SnippetResNet` and the mean of its last map over the picture.

    Attributes:
        width: Features that leave, 2048 in the published network.
    """

    def __init__(self, network: SnippetResNet) -> None:
        super().__init__()
        self.network = network
        self.width = network.channels

    def forward(self, clips: Float[Tensor, "n 3 t h w"]) -> Float[Tensor, "n d"]:
        return self.network(clips.unsqueeze(0)).squeeze(0).mean(dim=(2, 3))


def frame_encoder(
    name: str,
    *,
    blocks: Sequence[int] = (3, 4, 23, 3),
    stem: int = STEM,
    frozen: bool = True,
) -> I3D | PooledSnippets:
    """A network over (n, 3, t, h, w) float32, t at most 16 for `resnet_3d`, that gives (n, width).

    Each has its own scale of pixels, which `affekt.media.cells.as_encoded` gives: RGB in [-1, 1] for `i3d`,
    RGB in [0, 1] minus 100/255 for `resnet_3d`. Weights are random; `affekt.layers.names` knows
    the files that bring published ones.

    Args:
        blocks: Bottlenecks of each stage of `resnet_3d`; `i3d` has its own.
        stem: Channels of the first convolution; all others are in proportion.
        frozen: Whether its weights stay as they are: it then computes no gradients and answers in training as
            it does afterwards.

    Raises:
        ValueError: There is no such encoder, or none of such a size.

    Example:
        >>> frame_encoder("i3d", stem=8).width, frame_encoder("resnet_3d", blocks=(1, 1, 1, 1), stem=4).width
        (128, 128)
    """
    if name == "i3d":
        return I3D(stem=stem, frozen=frozen)
    if name == "resnet_3d":
        return PooledSnippets(SnippetResNet(blocks=blocks, width=stem, frozen=frozen))
    raise ValueError(f"there is no frame encoder {name!r}; there are {', '.join(ENCODERS)}")
