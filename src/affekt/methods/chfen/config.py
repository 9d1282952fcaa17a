"""Settings of the method: the repaired network by default, `REFERENCE` as it was published."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveInt, model_validator

from affekt.core.settings import Settings

Modality = Literal["title", "video", "text", "audio"]
MODALITIES: tuple[Modality, ...] = ("title", "video", "text", "audio")
LONGEST = 5000  # steps that have a position; as many rows of a batch have one in the reference


class Widths(Settings):
    """Values of one embedding of each modality; scenes and faces of a video have the same number.

    Attributes:
        title, video, text, audio: Values of one embedding of the title, of a scene or face, of the
            words of a second, of the whole sound.
    """

    title: PositiveInt = 768
    video: PositiveInt = 768
    text: PositiveInt = 768
    audio: PositiveInt = 768


class CHFENConfig(Settings):
    """Conditional hybrid fusion of pre-encoded modalities.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        dim: Width of the network. Embeddings of another width are projected to it.
        heads: Heads of each attention.
        modalities: Those that the network has; the others have neither inputs nor weights.
        faces: Whether faces are joined with the scenes of a video.
        frame_fusion: How a frame joins its scene and faces. `scene_query`: the scene asks scene and faces,
            and the number of faces is embedded. `count_query`: the number asks all frames, with scenes as
            keys and faces as values. `none`: the scene alone.
        most_faces: Larger numbers of faces count as this one; of `scene_query`.
        positions: What is added to a step: the encoding of its time, or that of its row in the batch.
        conditioned: Whether a query of title and sound looks at the sequences; else they are left as they
            are.
        queries: Of the conditioned encoders: one for each step, one for the sequence, or one that is
            repeated for all steps, so that a sequence counts as often as it has steps.
        query: How title and sound enter the query: by their sum, or weighted by a gate.
        padding: Whether steps that only fill a batch are masked or take part in attention.
        blocks: Of the decision: `plain` is attention, a linear layer and ReLU; `pre_norm` adds layer norms
            and residual connections.
        gate: Whether the pooled vector passes a gated layer.
        dropout: After the parts of a block with `pre_norm`, and before the classifier.
    """

    num_classes: int = Field(default=8, ge=2)
    dim: PositiveInt = 768
    heads: PositiveInt = 8
    widths: Widths = Widths()
    modalities: tuple[Modality, ...] = MODALITIES
    faces: bool = True
    frame_fusion: Literal["scene_query", "count_query", "none"] = "scene_query"
    most_faces: PositiveInt = 8
    positions: Literal["time", "batch_row", "none"] = "time"
    conditioned: bool = True
    queries: Literal["step", "one", "repeated"] = "step"
    query: Literal["sum", "gated"] = "sum"
    padding: Literal["masked", "attended"] = "masked"
    blocks: Literal["pre_norm", "plain"] = "pre_norm"
    gate: bool = False
    dropout: float = Field(default=0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _fits(self) -> CHFENConfig:
        if self.dim % self.heads:
            raise ValueError(f"dim = {self.dim} is not a multiple of heads = {self.heads}")
        if not self.modalities or len(set(self.modalities)) < len(self.modalities):
            raise ValueError(f"modalities = {list(self.modalities)}: name each one at most once")
        if self.faces and "video" in self.modalities and self.frame_fusion == "none":
            raise ValueError('frame_fusion = "none" leaves out the faces: set faces = false as well')
        if self.frame_fusion == "count_query" and not self.faces:
            raise ValueError('frame_fusion = "count_query" needs faces: set it to "none" to leave them out')
        if self.query == "gated" and not {"title", "audio"} <= set(self.modalities):
            raise ValueError('query = "gated" weighs title against audio: it needs both modalities')
        if self.queries == "repeated" and not self.conditioned:
            raise ValueError('queries = "repeated" needs conditioned = true')
        return self

    @property
    def named(self) -> tuple[Modality, ...]:
        """The modalities in the order of the network's tokens."""
        return tuple(name for name in MODALITIES if name in self.modalities)

    @property
    def has_faces(self) -> bool:
        """Whether face embeddings are read."""
        return self.faces and "video" in self.modalities


# Fields of the network as it was published, for parity.
REFERENCE: dict[str, Any] = {
    "frame_fusion": "count_query",
    "positions": "batch_row",
    "queries": "repeated",
    "padding": "attended",
    "blocks": "plain",
}
