"""The landmark branch: MobileFaceNet, trained to detect 68 landmarks; only its feature maps are used."""

from jaxtyping import Float
from torch import Tensor, nn


class LandmarkBranch(nn.Module):
    """A stem and three stages of depthwise units.

    Source: Chen et al., MobileFaceNets, 2018.
    """

    def __init__(self, width: int, units: tuple[int, int, int]) -> None:
        super().__init__()
        self.stem = ConvNorm(3, width, kernel=3, stride=2)
        self.stem_depthwise = ConvNorm(width, width, kernel=3, groups=width)
        w = width
        self.stages = nn.ModuleList(
            [
                LandmarkStage(w, w, down_width=2 * w, unit_width=2 * w, units=units[0]),
                LandmarkStage(w, 2 * w, down_width=4 * w, unit_width=4 * w, units=units[1]),
                LandmarkStage(2 * w, 2 * w, down_width=8 * w, unit_width=4 * w, units=units[2]),
            ]
        )
        self.expand = ConvNorm(2 * w, 8 * w)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> tuple[Tensor, Tensor, Tensor]:
        quarter = self.stages[0](self.stem_depthwise(self.stem(image)))
        eighth = self.stages[1](quarter)
        return quarter, eighth, self.expand(self.stages[2](eighth))


class LandmarkStage(nn.Module):
    """A unit that halves the size, then residual units."""

    def __init__(self, before: int, after: int, *, down_width: int, unit_width: int, units: int) -> None:
        super().__init__()
        self.down = DepthwiseUnit(before, after, width=down_width, stride=2)
        self.units = nn.ModuleList(DepthwiseUnit(after, after, width=unit_width) for _ in range(units))

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        maps = self.down(maps)
        for unit in self.units:
            maps = maps + unit(maps)
        return maps


class DepthwiseUnit(nn.Module):
    """Expansion, depthwise convolution, projection without activation."""

    def __init__(self, before: int, after: int, *, width: int, stride: int = 1) -> None:
        super().__init__()
        self.widen = ConvNorm(before, width)
        self.depthwise = ConvNorm(width, width, kernel=3, stride=stride, groups=width)
        self.project = ConvNorm(width, after, activate=False)

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        return self.project(self.depthwise(self.widen(maps)))


class ConvNorm(nn.Module):
    """Convolution, batch norm, PReLU."""

    def __init__(
        self,
        before: int,
        after: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        activate: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(after)
        self.activation = nn.PReLU(after) if activate else nn.Identity()

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d i j"]:
        return self.activation(self.norm(self.conv(maps)))
