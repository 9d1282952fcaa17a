"""I3D, the inflated Inception network over 16 or more frames of a video: the frame encoder of TSL-Net.

Source: Carreira & Zisserman, Quo Vadis, Action Recognition? A New Model and the Kinetics Dataset, CVPR 2017;
Szegedy et al., Going Deeper with Convolutions, CVPR 2015, for the channels.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

STEM = 64  # channels of the first convolution of the published network, as are those below

# Channels of the branches of a block: direct; wide (inner, outer); narrow (inner, outer); pooled.
Channels = tuple[int, int, int, int, int, int]
STAGES: tuple[tuple[Channels, ...], ...] = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
_PARTS = 8  # all channels are multiples of this fraction of the stem's


class I3D(nn.Module):
    """Inflated Inception-v1 for RGB in [-1, 1]; the last block is averaged over time and space.

    A frozen network computes no gradients and gives the same output in training and evaluation.

    Args:
        stem: Channels of the first convolution, a multiple of 8; all others are in proportion.
        frozen: Whether the weights are fixed.

    Attributes:
        width: Number of output features, 1024 in the published network.

    Raises:
        ValueError: `stem` is not a multiple of 8.
    """

    def __init__(self, *, stem: int = STEM, frozen: bool = True) -> None:
        super().__init__()
        if stem < _PARTS or stem % _PARTS:
            raise ValueError(f"stem = {stem}: it must be a multiple of {_PARTS}")
        self.frozen = frozen
        before = 3 * stem
        self.stem = nn.ModuleList([Unit(3, stem, 7, stride=2), Unit(stem, stem, 1), Unit(stem, before, 3)])
        self.stages = nn.ModuleList()
        for stage in STAGES:
            blocks: list[Mixed] = []
            for published in stage:
                block = Mixed(before, [stem * count // STEM for count in published])
                blocks.append(block)
                before = block.channels
            self.stages.append(nn.Sequential(*blocks))
        self.width = before
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(
                    module.weight
                )  # fan in: with fan out, activations would grow where branches narrow
        self.requires_grad_(not frozen)

    def forward(self, clips: Float[Tensor, "n 3 t h w"]) -> Float[Tensor, "n d"]:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            first, second, third = self.stem
            early, middle, late = self.stages
            maps = pool_same(first(clips), (1, 3, 3), (1, 2, 2))
            maps = pool_same(third(second(maps)), (1, 3, 3), (1, 2, 2))
            maps = pool_same(early(maps), (3, 3, 3), (2, 2, 2))
            maps = pool_same(middle(maps), (2, 2, 2), (2, 2, 2))
            return late(maps).mean(dim=(2, 3, 4))

    def train(self, mode: bool = True) -> "I3D":
        """Set the mode; a frozen network stays in evaluation mode."""
        return super().train(mode and not self.frozen)


class Mixed(nn.Module):
    """An Inception block: four branches side by side."""

    def __init__(self, before: int, channels: Sequence[int]) -> None:
        super().__init__()
        direct, wide_in, wide, narrow_in, narrow, pooled = channels
        self.direct = Unit(before, direct, 1)
        self.wide = nn.Sequential(Unit(before, wide_in, 1), Unit(wide_in, wide, 3))
        self.narrow = nn.Sequential(Unit(before, narrow_in, 1), Unit(narrow_in, narrow, 3))
        self.pooled = Unit(before, pooled, 1)
        self.channels = direct + wide + narrow + pooled

    def forward(self, maps: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n d t h w"]:
        largest = functional.max_pool3d(maps, 3, stride=1, padding=1)
        branches = [self.direct(maps), self.wide(maps), self.narrow(maps), self.pooled(largest)]
        return torch.cat(branches, dim=1)


class Unit(nn.Module):
    """3D convolution, batch norm, ReLU."""

    def __init__(self, before: int, after: int, kernel: int, *, stride: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        # With stride 1 the padding is the same on both sides: the convolution can do it without a copy.
        padding = kernel // 2 if stride == 1 else 0
        self.conv = nn.Conv3d(before, after, kernel, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm3d(after, eps=1e-3, momentum=0.01)

    def forward(self, maps: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n d i j k"]:
        if self.stride > 1:
            maps = pad_same(maps, (self.kernel,) * 3, (self.stride,) * 3)
        return torch.relu(self.bn(self.conv(maps)))


def pad_same(
    maps: Float[Tensor, "n c t h w"], kernel: Sequence[int], stride: Sequence[int]
) -> Float[Tensor, "n c i j k"]:
    """Pad with zeros so that ceil(size / stride) windows fit along each axis; an odd zero comes last.

    Source: TensorFlow's padding "SAME", which the published weights were trained with.
    """
    pads: list[int] = []
    for size, window, step in zip(maps.shape[2:], kernel, stride, strict=True):
        missing = max(0, (-(-size // step) - 1) * step + window - size)
        pads = [missing // 2, missing - missing // 2, *pads]
    return functional.pad(maps, pads) if any(pads) else maps


def pool_same(
    maps: Float[Tensor, "n c t h w"], kernel: tuple[int, int, int], stride: tuple[int, int, int]
) -> Float[Tensor, "n c i j k"]:
    """Maximum of each window; maps are not negative, so padding with zeros changes no maximum."""
    return functional.max_pool3d(pad_same(maps, kernel, stride), kernel, stride)
