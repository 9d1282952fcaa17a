"""The network: two branches, cross-fusion at three scales, a transformer over the tokens of all scales."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from .config import PosterV2Config
from .image_branch import ImageBranch
from .landmark_branch import LandmarkBranch

HEADS = (2, 4, 8)  # of the cross attention at each scale
TOKEN_HEADS = 8
TOKEN_WIDTH = 12  # times the width of the first scale
LAYER_SCALE = 1e-5  # initially both branches of a scale have almost no influence


class PosterV2Output(NamedTuple):
    """Output of the network.

    Attributes:
        embedding: The class token after the last norm.
    """

    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b d"]


class PosterV2(nn.Module):
    """Expression of one face: landmark maps are the queries, image maps keys and values, at three scales."""

    def __init__(self, config: PosterV2Config) -> None:
        super().__init__()
        w, d = config.width, TOKEN_WIDTH * config.width
        sides = [config.size // 4, config.size // 8, config.size // 16]
        self.landmarks = LandmarkBranch(w, config.landmark_units)
        self.landmark_projection = nn.Conv2d(8 * w, 4 * w, 3, padding=1)
        self.image = ImageBranch(w, config.image_units)
        self.scales = nn.ModuleList(
            CrossFusion(w * 2**scale, side=side, heads=heads, drop_path=drop_path)
            for scale, (side, heads, drop_path) in enumerate(zip(sides, HEADS, config.drop_path, strict=True))
        )
        self.embeds = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(w, d, 3, 2, padding=1), nn.Conv2d(d, d, 3, 2, padding=1)),
                nn.Sequential(nn.Conv2d(2 * w, d, 3, 2, padding=1)),
                nn.Conv2d(4 * w, d, 1),
            ]
        )
        self.encoder = TokenEncoder(d, tokens=3 * sides[2] ** 2, blocks=config.token_blocks)
        self.gate = Gate(d)
        self.head = nn.Linear(d, config.num_classes)
        for part in (self.encoder, self.gate, self.head):
            part.apply(_initialise)
        self.frozen = config.freeze_landmarks
        self.fixed_statistics = config.freeze_landmarks and not config.drift_statistics
        self.landmarks.requires_grad_(not self.frozen)

    def forward(self, *, image: Float[Tensor, "b 3 h w"]) -> PosterV2Output:
        points = self.landmarks(image)
        queries = (points[0], points[1], self.landmark_projection(points[2]))
        maps = [
            fuse(features, query)
            for fuse, features, query in zip(self.scales, self.image(image), queries, strict=True)
        ]
        tokens = [
            embed(fused.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)
            for embed, fused in zip(self.embeds, maps, strict=True)
        ]
        embedding = self.encoder(torch.cat(tokens, dim=1))
        return PosterV2Output(self.head(self.gate(embedding)), embedding)

    def train(self, mode: bool = True) -> "PosterV2":
        """Set the mode; a frozen landmark branch keeps its statistics."""
        super().train(mode)
        if self.fixed_statistics:
            self.landmarks.eval()
        return self


class CrossFusion(nn.Module):
    """One scale: landmark maps attend to image maps, then a feed-forward layer; channels last.

    The reference calls it window attention; with its sizes there is exactly one window, the whole map.
    """

    def __init__(self, channels: int, *, side: int, heads: int, drop_path: float) -> None:
        super().__init__()
        self.side = side
        self.shrink = nn.Conv2d(channels, channels, 3, 2, padding=1)
        self.norm = nn.LayerNorm(channels)
        self.attention = CrossAttention(channels, side=side, heads=heads)
        self.attention_scale = nn.Parameter(torch.full((channels,), LAYER_SCALE))
        self.mlp_norm = nn.LayerNorm(channels)
        self.mlp = MLP(channels)
        self.mlp_scale = nn.Parameter(torch.full((channels,), LAYER_SCALE))
        self.drop_path = DropPath(drop_path)

    def forward(
        self, features: Float[Tensor, "b c h w"], landmarks: Float[Tensor, "b c s s"]
    ) -> Float[Tensor, "b s s c"]:
        # parity: the residual path starts from the normalised map.
        tokens = self.norm(self.shrink(features).flatten(2).transpose(1, 2))
        attended = self.attention(landmarks.flatten(2).transpose(1, 2), tokens)
        tokens = tokens + self.drop_path(self.attention_scale * attended)
        tokens = tokens + self.drop_path(self.mlp_scale * self.mlp(self.mlp_norm(tokens)))
        return tokens.unflatten(1, (self.side, self.side))


class CrossAttention(nn.Module):
    """Landmark tokens are the queries, without projection; image tokens give keys and values."""

    place: Tensor

    def __init__(self, channels: int, *, side: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.key_value = nn.Linear(channels, 2 * channels)
        self.projection = nn.Linear(channels, channels)
        self.position = nn.Parameter(torch.empty((2 * side - 1) ** 2, heads))
        nn.init.trunc_normal_(self.position, std=0.02)
        self.register_buffer("place", relative_places(side), persistent=False)

    def forward(
        self, queries: Float[Tensor, "b n c"], tokens: Float[Tensor, "b n c"]
    ) -> Float[Tensor, "b n c"]:
        keys, values = self.key_value(tokens).chunk(2, dim=-1)
        bias = self.position[self.place].permute(2, 0, 1)
        attended = F.scaled_dot_product_attention(
            self._split(queries), self._split(keys), self._split(values), attn_mask=bias[None].to(keys.dtype)
        )
        return self.projection(attended.transpose(1, 2).flatten(2))

    def _split(self, tokens: Float[Tensor, "b n c"]) -> Float[Tensor, "b m n d"]:
        return tokens.unflatten(2, (self.heads, -1)).transpose(1, 2)


class TokenEncoder(nn.Module):
    """A transformer over the tokens of all scales and a class token, whose state is the output."""

    def __init__(self, width: int, *, tokens: int, blocks: int) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.position = nn.Parameter(torch.empty(1, 1 + tokens, width))
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        nn.init.trunc_normal_(self.class_token, std=0.02)
        nn.init.trunc_normal_(self.position, std=0.02)

    def forward(self, tokens: Float[Tensor, "b n d"]) -> Float[Tensor, "b d"]:
        first = self.class_token.expand(tokens.shape[0], -1, -1)
        tokens = torch.cat([first, tokens], dim=1) + self.position
        *blocks, last = self.blocks
        for block in blocks:
            tokens = block(tokens)
        return self.norm(last(tokens, wanted=1))[:, 0]


class Block(nn.Module):
    """A pre-norm transformer block.

    Only the first `wanted` tokens are queries: of the last block only the class token is used, which saves a
    tenth of the computation of the network.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width, eps=1e-6)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width, eps=1e-6)
        self.mlp = MLP(width)

    def forward(self, tokens: Float[Tensor, "b n d"], wanted: int | None = None) -> Float[Tensor, "b m d"]:
        normed, width = self.attention_norm(tokens), tokens.shape[-1]
        weight, bias = self.query_key_value.weight, self.query_key_value.bias
        queries = F.linear(normed[:, :wanted], weight[:width], bias[:width])
        keys, values = F.linear(normed, weight[width:], bias[width:]).chunk(2, dim=-1)
        attended = F.scaled_dot_product_attention(_heads(queries), _heads(keys), _heads(values))
        tokens = tokens[:, :wanted] + self.projection(attended.transpose(1, 2).flatten(2))
        return tokens + self.mlp(self.mlp_norm(tokens))


class MLP(nn.Module):
    """Two linear layers with four times the width between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, tokens: Float[Tensor, "*b d"]) -> Float[Tensor, "*b d"]:
        return self.narrow(F.gelu(self.widen(tokens)))


class Gate(nn.Module):
    """Each feature is scaled by a function of all features (squeeze and excitation)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(width, width)
        self.excite = nn.Linear(width, width)

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        return features * torch.sigmoid(self.excite(F.relu(self.squeeze(features))))


class DropPath(nn.Module):
    """Stochastic depth: in training a random sample skips the branch; the others are scaled up."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Float[Tensor, "b n c"]) -> Float[Tensor, "b n c"]:
        if not self.training or not self.rate:
            return branch
        kept = branch.new_empty(branch.shape[0], 1, 1).bernoulli_(1 - self.rate)
        return branch * kept / (1 - self.rate)


def relative_places(side: int) -> Tensor:
    """Row of the position table for each pair of positions in a square map: (side^2, side^2).

    Source: Liu et al., Swin Transformer, ICCV 2021.
    """
    rows, columns = (axis.flatten() for axis in torch.meshgrid(*[torch.arange(side)] * 2, indexing="ij"))
    down, right = (axis[:, None] - axis[None, :] + side - 1 for axis in (rows, columns))
    return down * (2 * side - 1) + right


def _heads(tokens: Float[Tensor, "b n d"]) -> Float[Tensor, "b h n e"]:
    return tokens.unflatten(2, (TOKEN_HEADS, -1)).transpose(1, 2)


def _initialise(module: nn.Module) -> None:
    """Initial weights of the transformer, the gate and the head, as in the reference."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)
