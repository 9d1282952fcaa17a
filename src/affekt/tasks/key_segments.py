"""Weakly supervised detection: how well temporal attention marks annotated events.

Source: CTEN (CVPR 2023): a network that was trained on labels of whole clips detects the segments with the
highest attention.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affekt.core.answers.prediction import Prediction
from affekt.core.sample import Sample, Timed
from affekt.core.task import Answerer, Task
from affekt.metrics.detection import THRESHOLDS, detection_scores, mean_average_precision
from affekt.metrics.localization import segments_from_attention
from affekt.metrics.segments import Segments


def score_key_segments(task: Task, answerer: Answerer, samples: Sequence[Sample]) -> dict[str, float]:
    """Average precision of the segments with the highest attention; empty if no sample has annotated events.

    The samples are computed a second time for this.

    Returns:
        Average precision without regard to class, by threshold, and its `mean`. If the network has all
        labels of the events, also `map` and `ap/<label>`: each segment has the predicted label of its clip.
    """
    stated = [sample for sample in samples if sample.segments]
    if not stated or not isinstance(answerer.preprocess, Timed):
        return {}
    truths = {
        sample.id: Segments(np.array([(event.start_s, event.end_s) for event in sample.segments or ()]))
        for sample in stated
    }
    detected: dict[str, Segments] = {}
    labelled: dict[str, Segments] = {}
    for answer in task.predict(answerer, stated):
        if isinstance(answer, Prediction):
            attention = np.array([moment.attention for moment in answer.moments])
            spans_s = np.array([(moment.start_s, moment.end_s) for moment in answer.moments])
            spans, scores = segments_from_attention(attention, spans_s)
            detected[answer.id] = Segments(spans, scores)
            names = np.array([answer.label] * len(spans), dtype=object)
            labelled[answer.id] = Segments(spans, scores, names)
    events = {sample.id: Segments.of(sample.segments or ()) for sample in stated}
    named = {label for one in events.values() if one.labels is not None for label in one.labels}
    by_label = {}
    if named <= set(answerer.labels.names):
        found = detection_scores(labelled, events, labels=answerer.labels.names, thresholds=THRESHOLDS)
        by_label = {
            name: value for name, value in found.to_dict().items() if name == "map" or name.startswith("ap/")
        }
    return {**mean_average_precision(detected, truths), **by_label}
