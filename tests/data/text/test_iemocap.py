"""IEMOCAP: tables and JSON, four and six classes, sessions as folds. All lines are invented."""

import json

import pytest

from affekt.core.errors import DataError
from affekt.core.recipe import SplitSettings
from affekt.data.open import open_dataset
from affekt.engine.splits import check_splits, part

HEADER = "Utterance,Speaker,Dialogue_ID,Start_Time,End_Time,Wav_Path,Video_Path,Emotion"


def row(words, name, emotion, start=0.0, *, wav="", video=""):
    return f'"{words}",{name},0,{start},{start + 1},{wav},{video},{emotion}'


@pytest.fixture
def tables(tmp_path):
    """A function that writes tables; without rows for a part it gets a dialogue of another session."""

    def read(*rows, dev=(), test=(), **options):
        dev = dev or [row("b", "Ses02F_script01_1_F000", "sad")]
        test = test or [row("c", "Ses05M_impro02_M000", "neu")]
        for name, lines in {"train": rows, "dev": dev, "test": test}.items():
            (tmp_path / f"IEMOCAP_{name}.csv").write_text("\n".join([HEADER, *lines, ""]))
        return open_dataset("iemocap", tmp_path, options)

    return read


@pytest.fixture
def documents(tmp_path):
    def read(*dialogues, **options):
        for name in ("train", "dev", "test"):
            (tmp_path / f"{name}_data.json").write_text(json.dumps(dialogues))
        return open_dataset("iemocap", tmp_path, options)

    return read


def train(corpus):
    return [sample for sample in corpus.samples if sample.split == "train"]


def test_speaker_dialogue_and_session_are_those_of_the_utterance_id(tables):
    corpus = tables(
        row("later", "Ses01F_impro01_M000", "neu", 5), row("first", "Ses01F_impro01_F000", "exc", 2)
    )
    first, later = train(corpus)
    assert (first.media["text"], first.speaker, first.dialogue, first.turn) == (
        "first",
        "F",
        "Ses01F_impro01",
        0,
    )
    assert (later.speaker, later.turn, later.span_s) == ("M", 1, (5.0, 6.0))
    assert (first.label, first.subject, first.facts["person"]) == ("excited", "Ses01F_impro01", "Ses01F")


def test_marks_in_brackets_are_removed_and_turns_of_nothing_else_skipped(tables):
    corpus = tables(
        row("[LAUGHTER] Oh [BREATHING] no.", "Ses01F_impro01_F000", "hap"),
        row("[LAUGHTER]", "Ses01F_impro01_F001", "hap", 3),
    )
    assert [s.media["text"] for s in train(corpus)] == ["Oh no."]
    assert str(corpus.skipped[0]) == "Ses01F_impro01-1: '[LAUGHTER]' holds no words"


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ({}, ["angry", "happy", "excited", "sad", "neutral", "frustrated", None, None]),
        ({"classes": 4}, ["angry", "happy", "happy", "sad", "neutral", None, None, None]),
        (
            {"classes": 4, "excitement": "context"},
            ["angry", "happy", None, "sad", "neutral", None, None, None],
        ),
    ],
)
def test_other_emotions_are_context(tables, options, labels):
    codes = ("ang", "hap", "exc", "sad", "neu", "fru", "xxx", "sur")
    rows = [row("a", f"Ses01F_impro01_F00{n}", code, n) for n, code in enumerate(codes)]
    corpus = tables(*rows, **options)
    assert [s.label for s in train(corpus)] == labels
    assert all(len(s.around.turns) == len(codes) for s in train(corpus))


def test_a_session_can_be_the_test_part(tables):
    rows = [row("a", f"Ses0{n}F_impro01_F000", code) for n, code in ((1, "neu"), (3, "sad"), (4, "ang"))]
    corpus = tables(*rows, test_session=3)
    assert {s.facts["session"]: s.split for s in corpus.samples} == {
        1: None,
        2: None,
        3: "test",
        4: None,
        5: None,
    }
    assert not any("also speak in train" in text for text in corpus.problems)


def test_sessions_are_the_folds_where_they_are_subjects(tables):
    rows = [
        row("a", f"Ses0{n}F_impro01_F{turn:03}", code, turn)
        for n in (1, 3, 4)
        for turn, code in enumerate(("neu", "sad", "ang"))
    ]
    corpus = tables(*rows, subject="session")
    held = set()
    for fold in range(5):
        parts = part(corpus.usable, SplitSettings(scheme="k_fold", folds=5, fold=fold))
        check_splits(parts)
        (session,) = {s.facts["session"] for s in parts.test}
        held.add(session)
    assert held == {1, 2, 3, 4, 5}


def test_both_actors_of_a_session_in_two_parts_are_reported(tables):
    corpus = tables(row("a", "Ses02F_impro01_F000", "neu"), row("b", "Ses02F_impro01_M000", "ang", 2))
    assert any(
        text.startswith("1 of 1 speakers of validation also speak in train, such as Ses02F")
        for text in corpus.problems
    )


def test_turns_without_a_label_are_context_in_json(documents):
    corpus = documents(
        [{"text": "Hi.", "speaker": "F", "label": "neu"}, {"text": "[LAUGHTER] Ho.", "speaker": "M"}]
    )
    assert [(s.id, s.media["text"], s.speaker, s.label) for s in train(corpus)] == [
        ("train-0-0", "Hi.", "F", "neutral"),
        ("train-0-1", "Ho.", "M", None),
    ]


def test_sessions_of_json_are_not_known(documents):
    with pytest.raises(DataError, match=r"do not state sessions.*use IEMOCAP_train.csv"):
        documents([{"text": "Hi.", "speaker": "F", "label": "neu"}], test_session=5)


@pytest.mark.parametrize(
    ("dialogue", "message"),
    [
        ([{"speaker": "F"}], "dialogue 0, turn 0: it is not like"),
        ([{"text": "a", "label": "glad"}], "dialogue 0, turn 0: unknown emotion 'glad'"),
        ({"text": "a"}, "is not a list of dialogues"),
    ],
)
def test_wrong_json_is_refused_with_its_place(documents, dialogue, message):
    with pytest.raises(DataError, match=message):
        documents(dialogue)


def test_a_speaker_that_is_no_utterance_id_is_refused(tables):
    with pytest.raises(DataError, match="line 2: Speaker 'F' is not like Ses01F_impro01_F000"):
        tables(row("a", "F", "neu"))


@pytest.mark.parametrize(
    ("file", "media", "span"),
    [
        ("Session1/dialog/avi/DivX/d.avi", {"text", "video", "audio"}, (4.0, 5.0)),
        ("Session1/sentences/wav/d/u.wav", {"text", "audio"}, None),
    ],
)
def test_media_are_found_below_the_folder_of_their_session(tables, tmp_path, file, media, span):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    paths = {"video" if "avi" in file else "wav": f"./dataset/IEMOCAP_full_release/{file}"}
    corpus = tables(
        row("a", "Ses01F_impro01_F000", "neu", 4, **paths), row("b", "Ses01F_impro01_F001", "neu", 6)
    )
    sample = train(corpus)[0]
    assert set(sample.media) == media and sample.span_s == span
    assert sample.media["audio"] == tmp_path / file
    said = "3 turns without sound and picture, such as Ses01F_impro01-1, "
    assert any(text.startswith(said) for text in corpus.problems)
