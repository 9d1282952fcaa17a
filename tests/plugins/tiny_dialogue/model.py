"""The network: embeddings of tokens and a projection of sound features, each left out where it is missing."""

from typing import ClassVar, NamedTuple

from jaxtyping import Float, Int
from torch import Tensor, nn

from .config import TinyDialogueConfig


class TinyDialogueOutput(NamedTuple):
    """The answer."""

    logits: Float[Tensor, "b k"]


class TinyDialogue(nn.Module):
    """Emotion of a turn from any subset of its words and its sound."""

    cached: ClassVar[tuple[str, ...]] = ("text",)

    def __init__(self, config: TinyDialogueConfig) -> None:
        super().__init__()
        self.words = nn.Embedding(config.vocabulary, config.width)
        self.sound = nn.Linear(3, config.width)
        self.head = nn.Linear(config.width, config.num_classes)
        self.words.requires_grad_(not config.freeze_words)

    def features(self, text: Int[Tensor, "b l"]) -> Float[Tensor, "b l d"]:
        return self.words(text)

    def forward(
        self,
        *,
        text: Int[Tensor, "b l"],
        is_token: Float[Tensor, "b l"],
        audio: Float[Tensor, "b d"],
        presence: Float[Tensor, "b m"],
    ) -> TinyDialogueOutput:
        return self.from_features(text=self.features(text), is_token=is_token, audio=audio, presence=presence)

    def from_features(
        self,
        *,
        text: Float[Tensor, "b l d"],
        is_token: Float[Tensor, "b l"],
        audio: Float[Tensor, "b d"],
        presence: Float[Tensor, "b m"],
    ) -> TinyDialogueOutput:
        count = is_token.sum(dim=1, keepdim=True).clamp(min=1)
        said = (text * is_token.unsqueeze(2)).sum(dim=1) / count
        hidden = said * presence[:, :1] + self.sound(audio) * presence[:, 1:]
        return TinyDialogueOutput(self.head(hidden))
