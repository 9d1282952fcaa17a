"""The network: a stem, three residual stages that each halve the size, average pooling, a linear head."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import CompactFaceConfig

STEM = 32  # channels; a multiple of what the CPU's matrix units take at once


class CompactFaceOutput(NamedTuple):
    """Output of the network.

    Attributes:
        embedding: Mean of the last stage over the face.
    """

    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b d"]


class CompactFace(nn.Module):
    """Expression of one face crop."""

    def __init__(self, config: CompactFaceConfig) -> None:
        super().__init__()
        widths = [config.width, 2 * config.width, 4 * config.width]
        self.stem = conv_norm(1, STEM)
        self.stages = nn.ModuleList(
            Stage(before, after, config.units) for before, after in zip([STEM, *widths], widths, strict=False)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(widths[-1], config.num_classes)

    def forward(self, *, image: Float[Tensor, "b 1 h w"]) -> CompactFaceOutput:
        embedding = self.vector(image)
        return CompactFaceOutput(self.head(self.dropout(embedding)), embedding)

    def vector(self, image: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b d"]:
        """What the head answers from."""
        face = torch.relu(self.stem(image))
        for stage in self.stages:
            face = stage(face)
        return face.mean(dim=(2, 3))

    @staticmethod
    def vector_width(config: CompactFaceConfig) -> int:
        """Size of that vector."""
        return 4 * config.width


class Stage(nn.Sequential):
    """Residual units; the first halves the size."""

    def __init__(self, before: int, after: int, units: int) -> None:
        super().__init__(
            Unit(before, after, stride=2), *(Unit(after, after, stride=1) for _ in range(units - 1))
        )


class Unit(nn.Module):
    """Two convolutions with a shortcut; initially only the shortcut has an influence.

    Source: He et al., Deep Residual Learning, CVPR 2016; the averaging shortcut and the zero-initialised
    branch: He et al., Bag of Tricks, CVPR 2019.
    """

    def __init__(self, before: int, after: int, *, stride: int) -> None:
        super().__init__()
        self.first = conv_norm(before, after, stride=stride)
        self.second = conv_norm(after, after)
        self.shortcut = (
            nn.Identity()
            if before == after and stride == 1
            else nn.Sequential(nn.AvgPool2d(stride), *conv_norm(before, after, kernel=1))
        )
        norm = self.second[1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)

    def forward(self, face: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        return torch.relu(self.second(torch.relu(self.first(face))) + self.shortcut(face))


def conv_norm(before: int, after: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size, divided by its stride, and batch norm."""
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(after)
    )
