"""From a walk to the arrays of the network: resampled, cropped and aligned; then movement and targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from affekt.core.claims.measured import measured_vector
from affekt.core.errors import AffektError, MediaError
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.media.skeleton import Skeleton
from affekt.media.skeleton.rate import Timing, between_frames, source_frames

from .augment import mirrored, move, turn_about_vertical, vary
from .config import BPMGCNConfig
from .features import affective_features, movement
from .joints import JOINTS
from .walk import Walk, WalkStore, usable_walk

# Length of an aligned thigh: the scale of the Emotion-Gait files, on which the method was published.
THIGH = 1 / 3
LARGEST = 1e9  # absolute value of an input: its square is still far from the largest float32


class GaitPreprocess:
    """Posture and movement arrays of samples with a `skeleton`.

    Args:
        state: Measured by `fit` on the training walks: the range of each affective feature, for the targets;
            mean and deviation of each channel, for `normalise`; the frame rate.
    """

    def __init__(self, config: BPMGCNConfig, state: Mapping[str, Any] | None = None) -> None:
        self.config = config
        self.state = state
        self.timing = Timing.from_state(state or {})
        self._ranges = _ranges(state) if state is not None else None
        self._scales = _scales(state) if state is not None and config.normalise else None
        self._store = WalkStore()
        t, v = config.clip_frames, len(JOINTS)
        order = f"joints {', '.join(JOINTS)}; y up"
        placed = (
            "root at the origin, thigh 1/3, facing +z" if config.align else "unit and origin of the source"
        )
        self.spec = InputSpec(
            inputs=(
                TensorSpec(
                    name="skeleton", axes="b c t v m", shape=(3, t, v, 1), meaning=f"x y z; {placed}; {order}"
                ),
                TensorSpec(
                    name="movement",
                    axes="b c t v m",
                    shape=(8, t, v, 1),
                    meaning="velocity x y z and length, acceleration x y z and length, per frame step",
                ),
            ),
            targets=(
                TensorSpec(
                    name="affective",
                    axes="b f",
                    shape=(31 * t,),
                    meaning="for each frame 14 angles, 9 distances, 8 areas; [-1, 1] over the training walks",
                ),
            ),
        )

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """Ranges of the affective features, means and deviations of the channels, and the frame rate.

        Measured on the training walks; one that cannot be used is left out, as in training.

        Raises:
            MediaError: No walk can be used; the reason is that of the first one.
        """
        usable: list[Sample] = []
        placed: list[Walk] = []
        failed: MediaError | None = None
        for sample in samples:
            try:
                placed.append(self._place(sample))
                usable.append(sample)
            except MediaError as error:
                failed = failed or error
        if not placed:
            raise failed or MediaError("there is no training walk")
        timing = Timing.measure([self._skeleton(sample) for sample in usable], rate_hz=self.config.rate_hz)
        walks = [self._clip(walk, timing) for walk in placed]
        features = np.concatenate([affective_features(walk) for walk in walks])
        state = {"affective_min": features.min(axis=0), "affective_max": features.max(axis=0)}
        for name, channels in (("skeleton", walks), ("movement", [movement(walk) for walk in walks])):
            state[f"{name}_mean"] = np.mean(channels, axis=(0, 1, 2))
            state[f"{name}_std"] = np.std(channels, axis=(0, 1, 2))
        return {name: values.tolist() for name, values in state.items()} | timing.as_state()

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """The views of a prediction: evenly spread starts; every second view mirrored if training was.

        Raises:
            MediaError: The sample has no skeleton, or its skeleton has other joints or does not walk.
        """
        walk = self._place(sample)
        self.timing.note_limits(self._skeleton(sample))
        return [self._plain(walk, view) for view in range(self.config.views)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Arrays of one walk; with `rng` a varied training view with its targets.

        Raises:
            MediaError: The sample has no skeleton, or its skeleton has other joints or does not walk.
        """
        # A cached walk gives no notes; they are not collected in training.
        source = self._store.get(self._skeleton(sample), lambda: self._place(sample))
        if rng is None:
            return self._plain(source, 0)
        augment = self.config.augment
        if augment.kind == "physical":
            walk = self._clip(
                source, self.timing, phase=rng.random(), pace=1 + augment.pace * rng.uniform(-1, 1)
            )
            walk = vary(walk, augment, rng)
        else:
            walk = self._clip(source, self.timing)
        target = self._scaled(affective_features(walk)).reshape(-1).astype(np.float32)
        moves = movement(walk)
        if augment.kind == "reference":
            # parity: two independent draws; the affective target is that of the walk before augmentation.
            walk, moves = move(walk, augment, rng), move(moves, augment, rng)
        return {**self._arrays(walk, moves), "affective": target}

    def _plain(self, source: Walk, view: int) -> dict[str, np.ndarray]:
        walk = self._clip(source, self.timing, phase=view / self.config.views)
        if self.config.augment.mirror and view % 2:
            walk = mirrored(walk)
        return self._arrays(walk, movement(walk))

    def _arrays(self, walk: np.ndarray, moves: np.ndarray) -> dict[str, np.ndarray]:
        """The network's inputs from (t, v, 3) positions and (t, v, 8) movement."""
        inputs = {"skeleton": walk, "movement": moves}
        if self.config.normalise:
            scales = self._measured(self._scales)
            inputs = {
                name: (channels - scales[name][0]) / np.maximum(scales[name][1], 1e-6)
                for name, channels in inputs.items()
            }
        arrays = {name: _channels_first(channels) for name, channels in inputs.items()}
        if not all((np.abs(array) < LARGEST).all() for array in arrays.values()):
            raise MediaError("the coordinates of the walk are too large to be computed with")
        return arrays

    def _measured(self, values: Any) -> Any:
        if values is None:
            raise AffektError(
                "this preprocessing is not fitted: it needs what `fit` measures on training walks"
            )
        return values

    def _skeleton(self, sample: Sample) -> Skeleton:
        skeleton = sample.media.get("skeleton")
        if not isinstance(skeleton, Skeleton):
            raise MediaError(
                f"sample {sample.id} has no skeleton; it has {', '.join(sample.media) or 'nothing'}"
            )
        return skeleton

    def _place(self, sample: Sample) -> Walk:
        """A usable walk, aligned if the config says so."""
        skeleton = self._skeleton(sample)
        try:
            walk = usable_walk(skeleton, self.config)
            return walk._replace(positions=align(walk.positions)) if self.config.align else walk
        except MediaError as error:
            raise MediaError(f"{sample.id}: {error}") from None

    def _clip(self, walk: Walk, timing: Timing, *, phase: float = 0.0, pace: float = 1.0) -> np.ndarray:
        """Exactly `clip_frames` frames at the rate of the training walks: (t, v, 3).

        Args:
            phase: Start, from 0 to 1: within the cycle, or within the frames that are not needed.
            pace: Factor of the walking speed; positions between frames are interpolated.
        """
        positions, cycle, wanted = walk.positions, walk.cycle_frames, self.config.clip_frames
        rate = source_frames(walk.rate_hz, timing.rate_hz)
        at = _at if rate == 1 else between_frames
        steps = np.arange(wanted) * self.config.frame_step * pace * rate
        if cycle is not None:
            return at(positions[:cycle], np.floor(phase * cycle) + steps, period=cycle)
        last = len(positions) - 1
        if last < steps[-1] and self.config.short_clips == "zeros":
            there = at(positions, steps[steps <= last], period=None)
            return np.concatenate([there, np.zeros((wanted - len(there), *positions.shape[1:]))])
        start = np.floor(phase * max(last - steps[-1], 0))
        if start + steps[-1] <= last:
            return at(positions, start + steps, period=None)
        # The walk is followed by itself backwards, so that positions are continuous.
        there_and_back = np.concatenate([positions, positions[-2:0:-1]])
        return at(there_and_back, start + steps, period=len(there_and_back))

    def _scaled(self, features: np.ndarray) -> np.ndarray:
        low, high = self._measured(self._ranges)
        return 2 * (features - low) / np.maximum(high - low, 1e-6) - 1


def _ranges(state: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest value of each affective feature."""
    low = measured_vector(state, "affective_min")
    return low, measured_vector(state, "affective_max", len(low))


def _scales(state: Mapping[str, Any]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and deviation of each channel, by input."""
    return {
        name: (measured_vector(state, f"{name}_mean", size), measured_vector(state, f"{name}_std", size))
        for name, size in (("skeleton", 3), ("movement", 8))
    }


def align(positions: np.ndarray) -> np.ndarray:
    """Move the root to the origin, scale thighs to 1/3, and turn about the vertical to face +z on average.

    Raises:
        MediaError: The thighs have no length, so there is no scale.
    """
    joint = {name: positions[:, JOINTS.index(name)] for name in JOINTS}
    thighs = [
        np.linalg.norm(joint[f"{side}_hip"] - joint[f"{side}_knee"], axis=-1) for side in ("left", "right")
    ]
    thigh = float(np.mean(thighs))
    if thigh <= 0:
        raise MediaError("hips and knees lie in the same place: the skeleton has no size")
    placed = (positions - joint["root"][:, None]) * (THIGH / thigh)
    # Right-to-left axes of hips and shoulders; a person who faces +z with y up has the left side at +x.
    across = sum(joint[f"left_{part}"] - joint[f"right_{part}"] for part in ("hip", "shoulder"))
    x, _, z = np.mean(across, axis=0)
    return turn_about_vertical(placed, float(np.arctan2(z, x)))


def _at(positions: np.ndarray, times: np.ndarray, *, period: int | None) -> np.ndarray:
    """Positions at fractional frame times, by linear interpolation, of a walk that may be periodic."""
    before = np.floor(times).astype(int)
    share = (times - before)[:, None, None]
    period = period or len(positions)
    if not share.any():
        return positions[before % period]
    return (1 - share) * positions[before % period] + share * positions[(before + 1) % period]


def _channels_first(array: np.ndarray) -> np.ndarray:
    """(t, v, c) to (c, t, v, 1), float32."""
    return np.ascontiguousarray(array.transpose(2, 0, 1)[..., None], dtype=np.float32)
