"""Networks that map 16 frames of a video to one feature vector, by name."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from affekt.layers.i3d import I3D, STEM
from affekt.layers.resnet_3d import SnippetResNet

ENCODERS = ("i3d", "resnet_3d")


class PooledSnippets(nn.Module):
    """A `SnippetResNet`, its last map averaged over height and width.

    Attributes:
        width: Number of output features, 2048 in the published network.
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
    """A network from (n, 3, t, h, w) float32, with t at most 16 for `resnet_3d`, to (n, width).

    Each takes its own range of pixels, which `affekt.media.cells.as_encoded` makes: RGB in [-1, 1] for `i3d`,
    RGB in [0, 1] minus 100/255 for `resnet_3d`. Weights are random; `affekt.layers.names` lists the published
    files that `convert` reads.

    Args:
        blocks: Bottlenecks of each stage of `resnet_3d`; those of `i3d` are fixed.
        stem: Channels of the first convolution; all others are in proportion.
        frozen: Whether the weights are fixed. A frozen encoder computes no gradients and gives the same
            output in training and evaluation.

    Raises:
        ValueError: The encoder is unknown, or the size is not possible.

    Example:
        >>> frame_encoder("i3d", stem=8).width, frame_encoder("resnet_3d", blocks=(1, 1, 1, 1), stem=4).width
        (128, 128)
    """
    if name == "i3d":
        return I3D(stem=stem, frozen=frozen)
    if name == "resnet_3d":
        return PooledSnippets(SnippetResNet(blocks=blocks, width=stem, frozen=frozen))
    raise ValueError(f"there is no frame encoder {name!r}; there are {', '.join(ENCODERS)}")
