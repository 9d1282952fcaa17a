"""The table of answers to words: 90 columns, also for many labels and several heads."""

from types import SimpleNamespace

import pytest

from affekt.cli.tables import WIDTH
from affekt.cli.words.table import Table
from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.labels import LabelSet
from affekt.core.task import find_task

LABELS = ("disappointment", "disapproval", *(f"emotion number {number}" for number in range(26)))
FROM = Provenance("a", "b", "c")


def answer(number, task="single_label", **facts):
    scores = {name: 0.5 if name == LABELS[0] else 0.01 for name in LABELS}
    values = {"text": "words " * 20, "dialogue": "talk.srt", "turn": number}
    return Prediction(
        f"talk.srt:{number}", LABELS[0], scores, 0.5, "text", FROM, task=task, **(values | facts)
    )


def show(answers, *, task="single_label", modality="text", **options):
    predictor = SimpleNamespace(
        task=find_task(task),
        labels=LabelSet(names=LABELS, polarity=("neutral",) * len(LABELS)),
        modality=modality,
    )
    table = Table(predictor, live=False, **options)
    for one in answers:
        table.add(one)


@pytest.mark.parametrize("modality", ["text", "text+audio+video"])
@pytest.mark.parametrize("task", ["single_label", "multi_label"])
@pytest.mark.parametrize("scores", [False, True])
def test_lines_have_at_most_90_columns_for_28_labels(capsys, task, modality, scores):
    facts = {"speaker": "A speaker with a long name", "span_s": (3600.0, 3602.0), "labels": LABELS[:2]}
    show([answer(1, task, **facts), answer(2, task, **facts)], task=task, modality=modality, scores=scores)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= WIDTH
    assert out.count("disappointment") >= 2 and "words words" in out
    assert all((name in " ".join(out.split())) == scores for name in LABELS[3:])


def test_the_runner_up_is_beside_the_answer(capsys):
    show([answer(1)])
    header, _, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["turn", "words", "label", "confidence", "runner-up"]
    assert line.endswith("disapproval 0.01")


def test_a_speaker_who_comes_later_is_before_the_words(capsys):
    show([answer(1), answer(2, speaker="Ann")])
    assert "Ann: words" in capsys.readouterr().out


def test_each_dialogue_has_the_columns_that_it_needs(capsys):
    show([answer(1), answer(1, dialogue="b", speaker="Ann", span_s=(1.0, 2.0)), answer(2, dialogue="b")])
    headers = [line.split()[:3] for line in capsys.readouterr().out.splitlines() if line.startswith("turn")]
    assert headers == [["turn", "words", "label"], ["turn", "speaker", "time"]]
