"""A residual network over chunks of a spectrogram: the audio backbone of VAANet and CTEN.

Source: He et al., Deep Residual Learning, CVPR 2016; the stem for one channel is VAANet's (AAAI 2020).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


class SpectrogramResNet(nn.Module):
    """ResNet-18 whose first convolution runs along time only; each chunk becomes one vector.

    Args:
        blocks: Units of each stage; (2, 2, 2, 2) is the ResNet-18.
        width: Channels of the stem; the vector has 8 times as many.
    """

    def __init__(self, *, blocks: Sequence[int] = (2, 2, 2, 2), width: int = 64) -> None:
        super().__init__()
        self.stem = nn.ModuleDict(
            {
                "conv": nn.Conv2d(1, width, (7, 1), stride=(2, 1), padding=(3, 0), bias=False),
                "bn": nn.BatchNorm2d(width),
            }
        )
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stages = nn.ModuleList()
        before = width
        for stage, count in enumerate(blocks):
            after = width * 2**stage
            units = [
                Unit2D(before if unit == 0 else after, after, stride=2 if stage and not unit else 1)
                for unit in range(count)
            ]
            self.stages.append(nn.Sequential(*units))
            before = after
        self.channels = before

    def forward(self, chunks: Float[Tensor, "n frames bands"]) -> Float[Tensor, "n d"]:
        maps = chunks.unsqueeze(1)
        maps = self.pool(torch.relu(self.stem["bn"](self.stem["conv"](maps))))
        for stage in self.stages:
            maps = stage(maps)
        return maps.mean(dim=(2, 3))


class Unit2D(nn.Module):
    """Two convolutions with a shortcut."""

    def __init__(self, before: int, after: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = (
            nn.Identity()
            if stride == 1 and before == after
            else nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        inner = torch.relu(self.bn1(self.conv1(maps)))
        return torch.relu(self.bn2(self.conv2(inner)) + self.downsample(maps))
