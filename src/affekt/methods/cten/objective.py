"""The training objective: three passes of each clip, two of them after erasing."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from affekt.layers.cross_entropy import Criterion
from affekt.layers.polarity import PolarityLoss

from .config import CTENConfig
from .erasing import choose_windows, context_of, keyframes_of
from .model import scaled


class CTENObjective(nn.Module):
    """Mean loss of the whole clip, of its context, and of its key frames.

    Segments to erase are chosen by the attention of the first pass, without a gradient.

    Source: CTEN (CVPR 2023). The sum of the paper is a mean in the reference and here.
    """

    def __init__(self, config: CTENConfig, criterion: Criterion) -> None:
        super().__init__()
        self.config = config
        self.has_audio = config.streams == "video+audio"
        self.loss = PolarityLoss(criterion, penalty=config.polarity_penalty)

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        sound = {"fbank": batch["fbank"]} if self.has_audio else {}
        whole = model(clips=batch["clips"], **sound)
        passes = {"whole": whole.logits}
        if self.config.erase:
            position = self.config.bar
            for name, kept in (
                ("context", context_of(whole.attention, position=position)),
                ("keyframes", keyframes_of(whole.attention, position=position)),
            ):
                windows = self._windows(kept, batch)
                passes[name] = model(clips=gather(batch["windows"], windows), **sound).logits
        return self.mean(passes, batch["label"])

    def mean(self, passes: dict[str, Float[Tensor, "b k"]], target: Tensor) -> dict[str, Float[Tensor, ""]]:
        """The loss of each pass, divided by their number."""
        return {
            name: torch.stack(list(self.loss(logits, target).values())).sum() / len(passes)
            for name, logits in passes.items()
        }

    def _windows(self, kept: Tensor, batch: dict[str, Tensor]) -> Int[Tensor, "b s"]:
        frames: Sequence[int] = batch["frames"].tolist()
        numbers = batch["window_frames"].cpu().numpy()
        chosen = [
            choose_windows(row, numbers[item], count, length=self.config.visual.snippet_frames, draw=_draw)
            for item, (row, count) in enumerate(zip(kept.cpu().numpy(), frames, strict=True))
        ]
        return torch.stack([torch.from_numpy(row) for row in chosen]).to(kept.device)


def gather(windows: Tensor, chosen: Int[Tensor, "b s"]) -> Tensor:
    """The chosen windows of each clip: pixels (b, w, 3, t, h, w) uint8, or features of the backbone."""
    rows = torch.arange(len(chosen), device=chosen.device).unsqueeze(1)
    return scaled(windows[rows, chosen])


def _draw(highest: int) -> int:
    """A random number of the training step, from the generator that the engine seeds."""
    return int(torch.randint(highest + 1, ()))
