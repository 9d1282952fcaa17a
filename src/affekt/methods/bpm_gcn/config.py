"""Settings of the method; the defaults are the paper's."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveInt, field_validator

from affekt.core.settings import Settings
from affekt.media.skeleton.gaps import GapLimits
from affekt.media.skeleton.motion import MotionLimits


class AugmentConfig(Settings):
    """Augmentation of training walks.

    `physical` changes the joints and recomputes movement and affective targets from them. `reference` follows
    the released code: posture and movement get independent draws, and the shift is also added to velocities.

    Attributes:
        kind: `none` leaves walks as they are; `physical` and `reference` as above.
        tilt_deg, stretch, shift: Largest rotation in the x-y plane, change of size and translation, each
            drawn for the first and the last frame and interpolated between them.
        turn_deg: Largest turn about the vertical. Not in the paper.
        mirror: Exchange left and right with probability 1/2. Not in the paper.
        pace: Largest relative change of speed. Not in the paper.
        noise: Standard deviation of a constant offset of each joint. Not in the paper.
    """

    kind: Literal["none", "physical", "reference"] = "physical"
    tilt_deg: float = Field(default=10.0, ge=0)
    stretch: float = Field(default=0.1, ge=0, lt=1)
    shift: float = Field(default=0.2, ge=0)
    turn_deg: float = Field(default=0.0, ge=0)
    mirror: bool = False
    pace: float = Field(default=0.0, ge=0, lt=1)
    noise: float = Field(default=0.0, ge=0)


class BPMGCNConfig(Settings):
    """BPM-GCN.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        width: Channels of the first stage; the others have two and four times as many.
        depths: Number of units of each stage.
        clip_frames: Number of frames of a clip; the attention over time has this size.
        frame_step: Distance between frames of a clip, in frames of the source; 5 for the paper's recordings.
        views: Number of clips of a walk whose scores are averaged in a prediction. One in the paper.
        fusion: How the streams exchange features. `product` of both maps is the best in the paper; the
            released code has `cascade` (the time map is computed from features weighted by the joint map).
        fusion_update: `symmetric` as in the paper; in the released code (`sequential`) movement receives the
            already fused posture.
        decision: Mean of the streams' logits, as in the code, or of their scores, as in the paper's text.
        dropout: Before the classifiers.
        head_std: Standard deviation of the classifiers' initial weights; by default the paper's (.71 for 4
            classes).
        affective: Whether the posture stream also predicts the affective features.
        align: Root at the origin, thighs of length 1/3, facing +z: independent of camera and unit.
        normalise: Scale each channel to mean 0 and deviation 1 over the training walks. Velocities are much
            smaller than positions: otherwise batch norm needs hundreds of steps to adapt to their scale. Not
            in the paper.
        short_clips: How a walk shorter than `clip_frames` is extended: forwards and backwards in turn, or
            with zero frames as in the reference.
        rate_hz: Frame rate to which walks with a stated rate are resampled; by default the most frequent rate
            of the training walks.
        gaps: How long joints may be lost and are interpolated. With `false`, placeholders are used as
            positions, as in the reference.
        motion: Minimum requirements of a walk; with `false`, one frame or a standing person is accepted.
        upright: Infer the up direction from the body where it is not stated, and check it where it is.
        check_sides: Mirror a walk whose knees bend backward: its left and right are exchanged.
        multi_label_loss: `bce` on logits; the reference applies softmax cross-entropy to sigmoid outputs.
    """

    num_classes: int = Field(default=4, ge=2)
    width: PositiveInt = Field(default=64, multiple_of=4)
    depths: tuple[PositiveInt, PositiveInt, PositiveInt] = (4, 3, 3)
    clip_frames: int = Field(default=48, ge=4, multiple_of=4)
    frame_step: PositiveInt = 1
    views: PositiveInt = 1
    fusion: Literal["product", "cascade", "time", "joint", "sum", "add", "none"] = "product"
    fusion_update: Literal["symmetric", "sequential"] = "symmetric"
    decision: Literal["logits", "scores"] = "logits"
    dropout: float = Field(default=0.0, ge=0, lt=1)
    head_std: float | None = Field(default=None, gt=0)
    affective: bool = True
    align: bool = True
    normalise: bool = False
    short_clips: Literal["reflect", "zeros"] = "reflect"
    rate_hz: float | None = Field(default=None, gt=0)
    gaps: GapLimits | None = GapLimits()
    motion: MotionLimits | None = MotionLimits()
    upright: bool = True
    check_sides: bool = True
    multi_label_loss: Literal["bce", "reference"] = "bce"
    augment: AugmentConfig = AugmentConfig()

    @field_validator("gaps", "motion", mode="before")
    @classmethod
    def _false_is_none(cls, value: Any) -> Any:
        """TOML has no null."""
        return None if value is False else value

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Terms of the objective with these values."""
        return ("cross_entropy", "affective") if self.affective else ("cross_entropy",)
