"""What exists only in training: losses of the video, of its points, of seeds around them, and a contrast."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.layers.cross_entropy import Criterion

from .config import TSLNetConfig
from .model import TSLNetOutput
from .seeds import find_seeds

MARKED, UNMARKED = 0.9, 0.1  # targets of the classes in a cell with a point; TSL-Net, reference
FLAT = 1e-6  # a row of features that is shorter than this has no direction


class Terms(NamedTuple):
    """The losses, each as it is, before any weight."""

    video: Float[Tensor, ""]
    point: Float[Tensor, ""]
    background: Float[Tensor, ""]
    foreground: Float[Tensor, ""]
    contrast: Float[Tensor, ""]


class TSLNetObjective(nn.Module):
    """Sum of five losses over a video whose points are known.

    Heads that lead back from the fused features to each modality exist for the contrast alone.

    Source: TSL-Net (MM 2022), equations 1 to 9; focal factors and seeds as in the reference.
    """

    def __init__(self, config: TSLNetConfig, criterion: Criterion) -> None:
        """Args:
        criterion: Of the engine; nothing of it is needed, shares and points are the targets.
        """
        super().__init__()
        self.config = config
        picture = "rgb" if config.frames is None else "clips"
        # In the order in which the network aligns them.
        streams = {"visual": picture, "audio": "logmel"}
        if config.streams != "video+audio":
            streams.pop("audio" if config.streams == "video" else "visual")
        self.inputs = tuple(streams.values())
        self.reverse = nn.ModuleDict({name: Reverse(config.hidden, config.align) for name in streams})

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        output = model(**{name: batch[name] for name in self.inputs})
        return self.weighted(self.terms(output, batch["points"], batch["label"]))

    def weighted(self, terms: Terms) -> dict[str, Float[Tensor, ""]]:
        """Each loss as it goes into the sum."""
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
        """The losses of videos of one length.

        Args:
            points: How many points of each class lie in each cell.
            shares: Of the classes among the points of each video.
        """
        z = [head(output.features) for head in self.reverse.values()]
        # From here on in full precision: logarithms of scores near 0 and 1, and sums over a whole video.
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
        """Foreground and background seeds of each video, found on the processor: gaps differ in length."""
        seeds = [
            find_seeds(*video, bar=self.config.seed_bar, rule=self.config.seed_rule)
            for video in zip(scores.cpu().numpy(), targets.cpu().numpy(), strict=True)
        ]
        foreground = torch.stack([torch.from_numpy(found.foreground) for found in seeds])
        background = torch.stack([torch.from_numpy(found.background) for found in seeds])
        return foreground.to(scores.device), background.to(scores.device)


class Reverse(nn.Module):
    """From fused features back to what one modality brought."""

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
    """Each class as far as there is no background, and the background."""
    scores = torch.sigmoid(logits)
    background = scores[..., -1:]
    return torch.cat([scores[..., :-1] * (1 - background), background], dim=-1)


def point_targets(points: Float[Tensor, "b t k"]) -> Float[Tensor, "b t l"]:
    """What is asked of cells with points, zero elsewhere; the background, last, is never asked for."""
    is_marked = points > 0
    rows = torch.where(is_marked, MARKED, UNMARKED) * is_marked.any(dim=2, keepdim=True)
    return F.pad(rows, (0, 1))


def video_shares(logits: Float[Tensor, "b t l"], top_share: int) -> Float[Tensor, "b k"]:
    """Logarithm of each class's share of a video, by the mean of its surest cells."""
    classes = logits[..., :-1]
    surest = classes.topk(max(1, classes.shape[1] // top_share), dim=1).values
    return torch.log_softmax(surest.mean(dim=1), dim=1)


def video_scores(
    logits: Float[Tensor, "b t l"], occurs: Bool[Tensor, "b k"], top_share: int
) -> Float[Tensor, "b k"]:
    """Score of each class of a video in training, where it is known which classes occur.

    A class that occurs shows in its highest cells only, so they count: the mean of the `t // top_share`
    highest, at least one. A class that does not occur has to be low everywhere: the mean over all cells. The
    reference returns these scores; none of its losses reads them. Without labels, see `preprocess.sureness`.

    Args:
        logits: Of the classes and, last, of the background.
        occurs: Whether the video has the class.

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
    """Focal cross-entropy towards background alone."""
    targets = F.one_hot(torch.tensor(scores.shape[2] - 1), scores.shape[2]).to(scores).expand_as(scores)
    return _mean(weight * _focal(scores, targets).sum(dim=2), weight)


def foreground_loss(scores: Float[Tensor, "b t k"], seeds: Float[Tensor, "b t k"]) -> Float[Tensor, ""]:
    """Half the focal cross-entropy of points and what was found around them.

    parity: seeds are the network's own scores, so the cross-entropy moves nothing, its factor does; the
    factor knows three cases, more, less and exactly even.
    """
    factor = ((1 - scores) * (seeds > 0.5) + scores * (seeds < 0.5)) ** 2
    losses = seeds * factor * F.binary_cross_entropy(scores, seeds, reduction="none")
    return 0.5 * _mean(losses.sum(dim=2), seeds.amax(dim=2))


def contrast(x: Float[Tensor, "n e"], z: Float[Tensor, "n e"]) -> Float[Tensor, ""]:
    """How much more alike each row is to its own counterpart than to those of all cells; the less, the more.

    Source: equation 1 of the paper. The reference adds it with the opposite sign.

    Example:
        >>> rows = torch.eye(2)
        >>> round(float(contrast(rows, rows)), 4), round(float(contrast(rows, rows.flip(0))), 4)
        (0.3133, 1.3133)
    """
    x, z = _directions(x), _directions(z)
    return (torch.logsumexp(x @ z.T, dim=1) - (x * z).sum(dim=1)).mean()


def _directions(rows: Float[Tensor, "n e"]) -> Float[Tensor, "n e"]:
    """Rows of length one; a row of zeros stays, and its gradient stays finite."""
    return rows / (rows.square().sum(dim=1, keepdim=True) + FLAT**2).sqrt()


def _focal(scores: Float[Tensor, "b t k"], targets: Float[Tensor, "b t k"]) -> Float[Tensor, "b t k"]:
    factor = (scores * (1 - targets) + (1 - scores) * targets) ** 2
    return factor * F.binary_cross_entropy(scores, targets, reduction="none")


def _mean(losses: Float[Tensor, "b t"], weights: Float[Tensor, "b t"]) -> Float[Tensor, ""]:
    """Sum of weighted losses over the sum of weights; 0 where nothing weighs."""
    total = weights.sum()
    return losses.sum() / torch.where(total > 0, total, 1)
