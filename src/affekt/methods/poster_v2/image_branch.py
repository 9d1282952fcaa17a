"""The image branch: IR-50 without its last stage, as used for face recognition."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ImageBranch(nn.Module):
    """A stem and three residual stages; the maps of all three are used.

    Source: Deng et al., ArcFace, CVPR 2019 (the improved residual unit).
    """

    def __init__(self, width: int, units: tuple[int, int, int]) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.PReLU(width)
        )
        widths = [width, 2 * width, 4 * width]
        self.stages = nn.ModuleList(
            nn.Sequential(
                ResidualUnit(before, after, stride=2),
                *(ResidualUnit(after, after, stride=1) for _ in range(count - 1)),
            )
            for before, after, count in zip([width, *widths], widths, units, strict=False)
        )

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> tuple[Tensor, Tensor, Tensor]:
        half = self.stages[0](self.stem(image))
        quarter = self.stages[1](half)
        return half, quarter, self.stages[2](quarter)


class ResidualUnit(nn.Module):
    """Norm, convolution, PReLU, convolution, norm; nothing acts on the sum."""

    def __init__(self, before: int, after: int, *, stride: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.BatchNorm2d(before),
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.PReLU(after),
            nn.Conv2d(after, after, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.stride = stride
        self.shortcut = (
            nn.Identity()
            if before == after
            else nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        # Without a change of width, the shortcut of a halved map takes every second pixel.
        kept = maps[..., :: self.stride, :: self.stride] if isinstance(self.shortcut, nn.Identity) else maps
        return torch.add(self.branch(maps), self.shortcut(kept))
