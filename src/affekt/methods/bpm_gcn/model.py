"""The network, in the order of the paper's figure: two streams of graph convolutions, fused three times."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from .config import BPMGCNConfig
from .joints import JOINTS, PARENTS

SUBSETS = 3  # of the adjacency: self links, links towards the root, links away from it
TEMPORAL_KERNEL = 9
AFFECTIVE_FEATURES = 31


class BPMGCNOutput(NamedTuple):
    """Output of the network.

    Attributes:
        logits: Mean over the two streams.
        affective: Affective features of every frame, predicted by the posture stream, frame-major.
    """

    logits: Float[Tensor, "b k"]
    logits_posture: Float[Tensor, "b k"]
    logits_movement: Float[Tensor, "b k"]
    affective: Float[Tensor, "b f"]


class BPMGCN(nn.Module):
    """Bilateral posture and movement graph convolutional network."""

    def __init__(self, config: BPMGCNConfig) -> None:
        super().__init__()
        self.decision = config.decision
        widths = (config.width, 2 * config.width, 4 * config.width)
        frames = (config.clip_frames, config.clip_frames // 2, config.clip_frames // 4)
        self.posture = Stream(3, widths, config)
        self.movement = Stream(8, widths, config)
        self.fusions = nn.ModuleList(Fusion(t, config.fusion, config.fusion_update) for t in frames)
        self.affective_head = nn.Linear(widths[-1], AFFECTIVE_FEATURES * config.clip_frames)
        nn.init.normal_(self.affective_head.weight, std=math.sqrt(2 / self.affective_head.out_features))

    def forward(
        self, *, skeleton: Float[Tensor, "b 3 t v m"], movement: Float[Tensor, "b 8 t v m"]
    ) -> BPMGCNOutput:
        posture, motion = self.posture.norm(skeleton), self.movement.norm(movement)
        for stage, fusion in enumerate(self.fusions):
            posture = self.posture.stage(stage, posture)
            motion = self.movement.stage(stage, motion)
            posture, motion = fusion(posture, motion)
        posture, motion = self.posture.pool(posture), self.movement.pool(motion)
        logits_posture, logits_movement = self.posture.head(posture), self.movement.head(motion)
        return BPMGCNOutput(
            self.decide(logits_posture, logits_movement),
            logits_posture,
            logits_movement,
            self.affective_head(posture),
        )

    def decide(self, posture: Float[Tensor, "b k"], movement: Float[Tensor, "b k"]) -> Float[Tensor, "b k"]:
        """Logits from both streams: their mean, or the logarithm of the mean of their scores."""
        if self.decision == "logits":
            return (posture + movement) / 2
        return torch.logaddexp(posture.log_softmax(1), movement.log_softmax(1)) - math.log(2)


class Stream(nn.Module):
    """Units in three stages (4, 3, 3); the time axis halves and the width doubles from stage to stage."""

    def __init__(self, channels: int, widths: tuple[int, int, int], config: BPMGCNConfig) -> None:
        super().__init__()
        self.norm = SkeletonNorm(channels)
        sizes = (channels, *widths)
        self.depths = config.depths
        self.units = nn.ModuleList(
            Unit(
                sizes[stage] if place == 0 else width,
                width,
                stride=2 if stage > 0 and place == 0 else 1,
                residual=stage + place > 0,
            )
            for stage, width in enumerate(widths)
            for place in range(self.depths[stage])
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(widths[-1], config.num_classes)
        nn.init.normal_(self.head.weight, std=config.head_std or math.sqrt(2 / config.num_classes))

    def stage(self, index: int, x: Float[Tensor, "n c t v"]) -> Float[Tensor, "n d u v"]:
        """Units of one stage."""
        first = sum(self.depths[:index])
        for unit in list(self.units)[first : first + self.depths[index]]:
            x = unit(x)
        return x

    def pool(self, x: Float[Tensor, "n d t v"]) -> Float[Tensor, "n d"]:
        """Mean over frames and joints. (The paper's figure shows a maximum; the code averages.)"""
        return self.dropout(x.mean(dim=(2, 3)))


class SkeletonNorm(nn.BatchNorm1d):
    """Batch norm of every coordinate of every joint; removes the person axis, which has size 1."""

    def __init__(self, channels: int) -> None:
        super().__init__(len(JOINTS) * channels)

    def forward(self, input: Float[Tensor, "b c t v 1"]) -> Float[Tensor, "b c t v"]:
        b, c, t, v, _ = input.shape
        # Feature v * c + channel, as in the reference.
        flat = input[..., 0].permute(0, 3, 1, 2).reshape(b, v * c, t)
        return super().forward(flat).reshape(b, v, c, t).permute(0, 2, 3, 1)


class Unit(nn.Module):
    """Graph convolution over joints, convolution over time, and a residual path around both."""

    def __init__(self, channels: int, width: int, *, stride: int = 1, residual: bool = True) -> None:
        super().__init__()
        self.graph = AdaptiveGraph(channels, width)
        self.temporal = ConvNorm(width, width, kernel=TEMPORAL_KERNEL, stride=stride)
        self.has_residual = residual
        same = channels == width and stride == 1
        self.residual = (
            nn.Identity() if same or not residual else ConvNorm(channels, width, kernel=1, stride=stride)
        )

    def forward(self, x: Float[Tensor, "n c t v"]) -> Float[Tensor, "n d u v"]:
        y = self.temporal(self.graph(x))
        return F.relu(y + self.residual(x) if self.has_residual else y)


class AdaptiveGraph(nn.Module):
    """Graph convolution over three graphs, each the sum of the body, a learned graph and attention between
    joints.

    Symbols, as in 2s-AGCN: A body, B learned, C attention between joints.
    """

    body: Tensor

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        inner = width // 4
        self.register_buffer("body", body_graph(), persistent=False)
        self.learned = nn.Parameter(torch.full((SUBSETS, len(JOINTS), len(JOINTS)), 1e-6))
        self.query = nn.ModuleList(conv_he(channels, inner) for _ in range(SUBSETS))
        self.key = nn.ModuleList(conv_he(channels, inner) for _ in range(SUBSETS))
        self.value = nn.ModuleList(nn.Conv2d(channels, width, 1) for _ in range(SUBSETS))
        self.norm = nn.BatchNorm2d(width)
        self.shortcut = nn.Identity() if channels == width else ConvNorm(channels, width, kernel=1)
        for weight, bias in zip(*weights_of(self.value), strict=True):
            nn.init.normal_(weight, std=math.sqrt(2 / (width * channels * SUBSETS)))
            nn.init.zeros_(bias)
        nn.init.constant_(self.norm.weight, 1e-6)

    def forward(self, x: Float[Tensor, "n c t v"]) -> Float[Tensor, "n d t v"]:
        n, c, t, v = x.shape
        graphs = self.body + self.learned + self.attention(x)
        # All three graphs in one product and all three value convolutions in one: same sums, fewer calls.
        mixed = x.reshape(n, c * t, v) @ graphs.permute(0, 2, 1, 3).reshape(n, v, SUBSETS * v)
        mixed = mixed.reshape(n, c, t, SUBSETS, v).permute(0, 3, 1, 2, 4).reshape(n, SUBSETS * c, t, v)
        weights, biases = weights_of(self.value)
        y = F.conv2d(mixed, torch.cat(weights, dim=1), torch.stack(biases).sum(0))
        return F.relu(self.norm(y) + self.shortcut(x))

    def attention(self, x: Float[Tensor, "n c t v"]) -> Float[Tensor, "n s v v"]:
        """Attention between joints, from their similarity over the whole walk."""
        n, _, _, v = x.shape
        (query_weights, query_biases), (key_weights, key_biases) = (
            weights_of(self.query),
            weights_of(self.key),
        )
        both = F.conv2d(x, torch.cat(query_weights + key_weights), torch.cat(query_biases + key_biases))
        query, key = both.reshape(n, 2, SUBSETS, -1, v).unbind(1)
        return (query.transpose(2, 3) @ key / query.shape[2]).softmax(dim=-2)


class ConvNorm(nn.Module):
    """Convolution along time, then batch norm."""

    def __init__(self, channels: int, width: int, *, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = conv_he(channels, width, kernel=kernel, stride=stride)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Float[Tensor, "n c t v"]) -> Float[Tensor, "n d u v"]:
        return self.norm(self.conv(x))


class Fusion(nn.Module):
    """Each stream receives the features of the other, weighted by the other's own attention."""

    def __init__(self, frames: int, kind: str, update: str) -> None:
        super().__init__()
        self.kind, self.update = kind, update
        # A map that this kind of fusion does not use would be a dead parameter.
        uses_joints, uses_time = kind in _JOINT_KINDS, kind in _TIME_KINDS
        self.posture = nn.ModuleDict(_maps(frames, uses_joints, uses_time))
        self.movement = nn.ModuleDict(_maps(frames, uses_joints, uses_time))

    def forward(
        self, posture: Float[Tensor, "n d t v"], movement: Float[Tensor, "n d t v"]
    ) -> tuple[Float[Tensor, "n d t v"], Float[Tensor, "n d t v"]]:
        if self.kind == "none":
            return posture, movement
        to_posture = movement * self.attend(self.movement, movement)
        posture_gate = self.attend(self.posture, posture)
        fused = posture + to_posture
        # parity: in the sequential update movement receives the posture that was just fused.
        source = fused if self.update == "sequential" else posture
        return fused, movement + source * posture_gate

    def attend(self, maps: nn.ModuleDict, x: Float[Tensor, "n d t v"]) -> Float[Tensor, "n 1 #t #v"] | float:
        """The gate of one stream, broadcast over the other axes."""
        match self.kind:
            case "product":
                return maps["joint"](x) * maps["time"](x)
            case "sum":
                return maps["joint"](x) + maps["time"](x)
            case "cascade":
                return maps["time"](x * maps["joint"](x))
            case "time":
                return maps["time"](x)
            case "joint":
                return maps["joint"](x)
        return 1.0  # "add"


_JOINT_KINDS = ("product", "sum", "cascade", "joint")
_TIME_KINDS = ("product", "sum", "cascade", "time")


def _maps(frames: int, joints: bool, time: bool) -> dict[str, nn.Module]:
    maps: dict[str, nn.Module] = {}
    if joints:
        maps["joint"] = AxisAttention(len(JOINTS), axis=3)
    if time:
        maps["time"] = AxisAttention(frames, axis=2)
    return maps


class AxisAttention(nn.Module):
    """A weight in (0, 1) for each position along one axis, from the mean over all other axes."""

    def __init__(self, size: int, *, axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.squeeze = nn.Conv2d(size, size, 1, bias=False)
        self.expand = nn.Conv2d(size, size, 1, bias=False)

    def forward(self, x: Float[Tensor, "n d t v"]) -> Float[Tensor, "n 1 #t #v"]:
        mean = x.mean(dim=tuple(axis for axis in (1, 2, 3) if axis != self.axis))
        weight = torch.sigmoid(self.expand(F.relu(self.squeeze(mean[:, :, None, None]))))
        return weight.transpose(1, self.axis)


def body_graph() -> Float[Tensor, "s v v"]:
    """Adjacency of the body: self links, links inwards, links outwards; columns sum to one or zero."""
    self_links, inward = torch.eye(len(JOINTS)), torch.zeros(len(JOINTS), len(JOINTS))
    for child, parent in PARENTS.items():
        inward[JOINTS.index(parent), JOINTS.index(child)] = 1.0

    def normalised(links: Tensor) -> Tensor:
        return links / links.sum(dim=0).clamp(min=1.0)

    return torch.stack([self_links, normalised(inward), normalised(inward.T)])


def weights_of(convs: nn.ModuleList) -> tuple[list[Tensor], list[Tensor]]:
    """Weights and biases of several convolutions, so that they can be computed as one."""
    return [conv.get_parameter("weight") for conv in convs], [conv.get_parameter("bias") for conv in convs]


def conv_he(channels: int, width: int, *, kernel: int = 1, stride: int = 1) -> nn.Conv2d:
    """Convolution along time with He's initial weights (fan out) and zero initial bias."""
    conv = nn.Conv2d(channels, width, (kernel, 1), stride=(stride, 1), padding=(kernel // 2, 0))
    nn.init.kaiming_normal_(conv.weight, mode="fan_out")
    nn.init.zeros_(conv.get_parameter("bias"))
    return conv
