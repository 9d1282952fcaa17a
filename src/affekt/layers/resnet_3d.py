"""A 3D residual network over snippets of a video: the visual backbone of VAANet and CTEN.

Source: Hara et al., Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and ImageNet?, CVPR 2018.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

EXPANSION = 4  # output channels of a bottleneck per inner channel


class SnippetResNet(nn.Module):
    """3D ResNet up to its last stage; the output of a snippet of at most 16 frames has no time axis.

    A frozen network computes no gradients and gives the same output in training and evaluation.

    Args:
        blocks: Bottlenecks of each stage; (3, 4, 23, 3) is the ResNet-101.
        width: Channels of the stem; the last stage has 32 times as many.
        frozen: Whether the weights are fixed.
        drift: Whether batch norm of a frozen network still uses and updates batch statistics in training, as
            in the references.
    """

    def __init__(
        self,
        *,
        blocks: Sequence[int] = (3, 4, 23, 3),
        width: int = 64,
        frozen: bool = True,
        drift: bool = False,
    ) -> None:
        super().__init__()
        self.frozen, self.drift = frozen, drift
        self.stem = nn.ModuleDict(
            {
                "conv": nn.Conv3d(3, width, 7, stride=(1, 2, 2), padding=3, bias=False),
                "bn": nn.BatchNorm3d(width),
            }
        )
        self.pool = nn.MaxPool3d(3, stride=2, padding=1)
        self.stages = nn.ModuleList()
        before = width
        for stage, count in enumerate(blocks):
            inner = width * 2**stage
            units = [
                Bottleneck3D(
                    before if unit == 0 else EXPANSION * inner, inner, stride=2 if stage and not unit else 1
                )
                for unit in range(count)
            ]
            self.stages.append(nn.Sequential(*units))
            before = EXPANSION * inner
        self.channels = before
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
        self.requires_grad_(not frozen)

    def forward(self, clips: Float[Tensor, "b s 3 t h w"]) -> Float[Tensor, "b s d i j"]:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps = clips.flatten(0, 1)
            maps = self.pool(torch.relu(self.stem["bn"](self.stem["conv"](maps))))
            for stage in self.stages:
                maps = stage(maps)
            return maps.squeeze(2).unflatten(0, clips.shape[:2])

    def train(self, mode: bool = True) -> "SnippetResNet":
        """Set the mode; a frozen network stays in evaluation mode, unless it drifts."""
        return super().train(mode and (self.drift or not self.frozen))


class Bottleneck3D(nn.Module):
    """Three convolutions, 1, 3 and 1 wide, with a shortcut."""

    def __init__(self, before: int, inner: int, *, stride: int) -> None:
        super().__init__()
        after = EXPANSION * inner
        self.conv1 = nn.Conv3d(before, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(inner)
        self.conv2 = nn.Conv3d(inner, inner, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm3d(inner)
        self.conv3 = nn.Conv3d(inner, after, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(after)
        same = stride == 1 and before == after
        self.downsample = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv3d(before, after, 1, stride=stride, bias=False), nn.BatchNorm3d(after))
        )

    def forward(self, maps: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n d i j k"]:
        inner = torch.relu(self.bn1(self.conv1(maps)))
        inner = torch.relu(self.bn2(self.conv2(inner)))
        return torch.relu(self.bn3(self.conv3(inner)) + self.downsample(maps))


def cells_of(size: int) -> int:
    """Cells of the last map for a square image of `size` pixels a side, which is halved five times.

    Example:
        >>> cells_of(112)
        16
    """
    return (-(-size // 32)) ** 2
