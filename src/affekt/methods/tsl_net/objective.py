"""The training objective: losses of the video, of its points, of seeds around them, and a contrast."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.layers.cross_entropy import Criterion

from .config import TSLNetConfig
from .model import TSLNetOutput
from .seeds import find_seeds

MARKED, UNMARKED = 0.9, 0.1  # class targets of a cell with a point; TSL-Net, reference
FLAT = 1e-6  # lower limit of the length of a feature row that is normalised


class Terms(NamedTuple):
    """The losses, unweighted."""

    video: Float[Tensor, ""]
    point: Float[Tensor, ""]
    background: Float[Tensor, ""]
    foreground: Float[Tensor, ""]
    contrast: Float[Tensor, ""]


class TSLNetObjective(nn.Module):
    """Sum of five losses over a video with points.

    The reverse heads, from fused features to each modality, are used by the contrast only.

    Source: TSL-Net (MM 2022), equations 1 to 9; focal factors and seeds as in the reference.
    """

    def __init__(self, config: TSLNetConfig, criterion: Criterion) -> None:
        """Args:
        criterion: Not used; shares and points are the targets.
        """
        super().__init__()
        self.config = config
        picture = "rgb" if config.frames is None else "clips"
        # In the order of `TSLNetOutput.aligned`.
        streams = {"visual": picture, "audio": "logmel"}
        if config.streams != "video+audio":
            streams.pop("audio" if config.streams == "video" else "visual")
        self.inputs = tuple(streams.values())
        self.reverse = nn.ModuleDict({name: Reverse(config.hidden, config.align) for name in streams})

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        output = model(**{name: batch[name] for name in self.inputs})
        return self.weighted(self.terms(output, batch["points"], batch["label"]))

    def weighted(self, terms: Terms) -> dict[str, Float[Tensor, ""]]:
        """The weighted losses."""
        weights = self.config.loss
        seeds = weights.cells * weights.seeds
        return {
            "video": weights.video * terms.video,
            "point": (weights.cells - seeds) * terms.point,
            "background": seeds * terms.background,
            "foreground": seeds * terms.foreground,
            "contrast": weights.contrast
            * (1 if self.config.contrast_sign == "paper" else -1)
            * terms.contrast,
        }

    def terms(
        self, output: TSLNetOutput, points: Float[Tensor, "b t k"], shares: Float[Tensor, "b k"]
    ) -> Terms:
        """The losses of videos of equal length.

        Args:
            points: Number of points of each class in each cell.
            shares: Share of each class in the points of each video.
        """
        z = [head(output.features) for head in self.reverse.values()]
        # In full precision: logarithms of scores near 0 and 1, and sums over a whole video.
        with torch.autocast(output.logits.device.type, enabled=False):
            scores = fused_scores(output.logits.float())
            targets = point_targets(points)
            found = video_shares(output.distribution.float(), self.config.top_share)
            foreground, background = self.seeds(scores, targets)
            return Terms(
                (torch.xlogy(shares, shares) - shares * found).mean(),  # Kullback-Leibler
                point_loss(scores, targets),
                background_loss(scores, background),
                foreground_loss(scores, foreground),
                torch.stack(
                    [
                        contrast(x.flatten(0, 1).float(), rows.flatten(0, 1).float())
                        for x, rows in zip(output.aligned.unbind(1), z, strict=True)
                    ]
                ).sum(),
            )

    @torch.no_grad()
    def seeds(
        self, scores: Float[Tensor, "b t k"], targets: Float[Tensor, "b t k"]
    ) -> tuple[Float[Tensor, "b t k"], Float[Tensor, "b t"]]:
        """Foreground and background seeds of each video; on the CPU, since gaps differ in length."""
        seeds = [
            find_seeds(*video, threshold=self.config.seed_bar, rule=self.config.seed_rule)
            for video in zip(scores.cpu().numpy(), targets.cpu().numpy(), strict=True)
        ]
        foreground = torch.stack([torch.from_numpy(found.foreground) for found in seeds])
        background = torch.stack([torch.from_numpy(found.background) for found in seeds])
        return foreground.to(scores.device), background.to(scores.device)


class Reverse(nn.Module):
    """Reconstructs the features of one modality from the fused features."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(hidden, after, 3, padding=1) for after in (hidden, hidden, hidden, width)
        )

    def forward(self, features: Float[Tensor, "b t d"]) -> Float[Tensor, "b t e"]:
        rows = features.transpose(1, 2)
        for conv in self.convs:
            rows = torch.relu(conv(rows))
        return rows.transpose(1, 2)


def fused_scores(logits: Float[Tensor, "b t k"]) -> Float[Tensor, "b t k"]:
    """Scores of the classes, multiplied by one minus the background, and the score of the background."""
    scores = torch.sigmoid(logits)
    background = scores[..., -1:]
    return torch.cat([scores[..., :-1] * (1 - background), background], dim=-1)


def point_targets(points: Float[Tensor, "b t k"]) -> Float[Tensor, "b t l"]:
    """Targets of cells with points, zero elsewhere; the background, last, has target zero."""
    is_marked = points > 0
    rows = torch.where(is_marked, MARKED, UNMARKED) * is_marked.any(dim=2, keepdim=True)
    return F.pad(rows, (0, 1))


def video_shares(logits: Float[Tensor, "b t l"], top_share: int) -> Float[Tensor, "b k"]:
    """Logarithm of each class's share of a video, from the mean of its highest cells."""
    classes = logits[..., :-1]
    highest = classes.topk(max(1, classes.shape[1] // top_share), dim=1).values
    return torch.log_softmax(highest.mean(dim=1), dim=1)


def video_scores(
    logits: Float[Tensor, "b t l"], occurs: Bool[Tensor, "b k"], top_share: int
) -> Float[Tensor, "b k"]:
    """Score of each class of a video in training, where it is known which classes occur.

    For a class that occurs, the mean of the `t // top_share` highest cells, at least one. For a class that
    does not occur, the mean over all cells. The reference returns these scores; none of its losses uses them.
    Without labels, see `preprocess.video_confidence`.

    Args:
        logits: Of the classes and, last, of the background.
        occurs: Whether the class occurs in the video.

    Returns:
        In [0, 1].

    Example:
        >>> logits = torch.tensor([[[0.0, 0.0, 0.0]], [[100.0, 100.0, 0.0]]]).transpose(0, 1)
        >>> video_scores(logits, torch.tensor([[True, False]]), top_share=2).tolist()
        [[1.0, 0.75]]
    """
    classes = torch.sigmoid(logits[..., :-1])
    highest = classes.topk(max(1, classes.shape[1] // top_share), dim=1).values.mean(dim=1)
    return torch.where(occurs, highest, classes.mean(dim=1))


def point_loss(scores: Float[Tensor, "b t k"], targets: Float[Tensor, "b t k"]) -> Float[Tensor, ""]:
    """Focal cross-entropy of the cells with points."""
    weight = targets.amax(dim=2)
    return _mean(weight * _focal(scores, targets).sum(dim=2), weight)


def background_loss(scores: Float[Tensor, "b t k"], weight: Float[Tensor, "b t"]) -> Float[Tensor, ""]:
    """Focal cross-entropy with the background as target."""
    targets = F.one_hot(torch.tensor(scores.shape[2] - 1), scores.shape[2]).to(scores).expand_as(scores)
    return _mean(weight * _focal(scores, targets).sum(dim=2), weight)


def foreground_loss(scores: Float[Tensor, "b t k"], seeds: Float[Tensor, "b t k"]) -> Float[Tensor, ""]:
    """Half the focal cross-entropy of points and foreground seeds.

    parity: seeds are the network's own scores, so that only the focal factor has a gradient. The factor
    distinguishes targets above, below and exactly at 0.5.
    """
    factor = ((1 - scores) * (seeds > 0.5) + scores * (seeds < 0.5)) ** 2
    losses = seeds * factor * F.binary_cross_entropy(scores, seeds, reduction="none")
    return 0.5 * _mean(losses.sum(dim=2), seeds.amax(dim=2))


def contrast(x: Float[Tensor, "n e"], z: Float[Tensor, "n e"]) -> Float[Tensor, ""]:
    """Contrastive loss: low if each row is more similar to its own counterpart than to those of other cells.

    Source: equation 1 of the paper. The reference adds it with the opposite sign.

    Example:
        >>> rows = torch.eye(2)
        >>> round(float(contrast(rows, rows)), 4), round(float(contrast(rows, rows.flip(0))), 4)
        (0.3133, 1.3133)
    """
    x, z = _directions(x), _directions(z)
    return (torch.logsumexp(x @ z.T, dim=1) - (x * z).sum(dim=1)).mean()


def _directions(rows: Float[Tensor, "n e"]) -> Float[Tensor, "n e"]:
    """Rows of length one; a row of zeros is unchanged, with a finite gradient."""
    return rows / (rows.square().sum(dim=1, keepdim=True) + FLAT**2).sqrt()


def _focal(scores: Float[Tensor, "b t k"], targets: Float[Tensor, "b t k"]) -> Float[Tensor, "b t k"]:
    factor = (scores * (1 - targets) + (1 - scores) * targets) ** 2
    return factor * F.binary_cross_entropy(scores, targets, reduction="none")


def _mean(losses: Float[Tensor, "b t"], weights: Float[Tensor, "b t"]) -> Float[Tensor, ""]:
    """Sum of weighted losses over the sum of weights; 0 if all weights are 0."""
    total = weights.sum()
    return losses.sum() / torch.where(total > 0, total, 1)
