"""Checks of words: gaps, repeated lines, lengths, and lines that look broken."""

import json

import pytest

from affekt.core.dataset import Corpus
from affekt.core.errors import UsageError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.data.open import open_dataset
from affekt.quality.balance import draw_balance
from affekt.quality.corpus import describe, problems
from affekt.quality.text.describe import describe_text, lines_of_text, text_table
from affekt.quality.text.figure import draw_text
from affekt.quality.text.tokens import TokenCounter

LABELS = LabelSet.of("happy", "sad")
WORDS = ("well hello there", "no thanks", "it rains again", "what is it", "so it does", "good to see you")


def line(name, text, label="happy", split="train", **values):
    return Sample(name, {"text": text}, label, split=split, subject=name, **values)


def corpus(*samples, task="single_label"):
    return Corpus(list(samples), LABELS, task=find_task(task))


def clean():
    """Two dialogues of three turns in each of two parts, all words different."""
    return [
        line(
            f"{split}{n}",
            f"{split} {text}",
            LABELS.names[n % 2],
            split,
            dialogue=f"{split}{n // 3}",
            turn=n % 3,
            speaker="ab"[n % 2],
        )
        for split in ("train", "test")
        for n, text in enumerate(WORDS)
    ]


def text_of(*samples, **values):
    return describe(corpus(*samples))["text"]


def reported(*samples):
    return "\n".join(problems(describe(corpus(*samples))))


def test_clean_dialogues_have_no_problem_and_a_plain_description():
    description = describe(corpus(*clean()))
    assert problems(description) == []
    assert json.loads(json.dumps(description)) == description


def test_corpora_without_words_are_not_described():
    assert describe(corpus(Sample("a", {"audio": b"x"}, "happy")))["text"] is None


def test_lines_dialogues_turns_and_speakers_are_counted_by_part():
    part = text_of(*clean())["parts"]["test"]
    assert (part["lines"], part["dialogues"], part["speakers"], part["known_speakers"]) == (6, 2, 2, 2)
    assert part["turns"] == {"min": 3, "median": 3.0, "mean": 3.0, "max": 3}
    assert part["words"]["max"] == 5 and part["characters"]["max"] == len("test well hello there")


def test_left_out_numbers_of_turns_are_counted():
    lines = [line(f"a{n}", f"a {n} x", dialogue="a", turn=n) for n in (0, 1, 4, 6)]
    lines += [line(f"b{n}", f"b {n} x", dialogue="b", turn=n) for n in (2, 3)]
    gaps = text_of(*lines)["parts"]["train"]["gaps"]
    assert gaps == {"places": 2, "missing": 3, "dialogues": 1, "late": 1, "examples": ["a", "b"]}
    assert (
        "train: 3 turns missing at 2 places within 1 dialogue and 1 dialogue without the first turn, by the "
        "numbers of turns, such as a, b: contexts have gaps"
    ) in reported(*lines)


def test_dialogues_that_all_begin_at_one_have_no_gap():
    lines = [line(f"{name}{n}", f"{name} {n} x", dialogue=name, turn=n) for name in "ab" for n in (1, 2)]
    assert text_of(*lines)["parts"]["train"]["gaps"]["late"] == 0


def test_test_lines_with_the_words_of_a_training_line_are_counted_with_their_labels():
    lines = [
        *(line(f"t{n}", "Yeah.", label) for n, label in enumerate(("happy", "happy", "sad"))),
        line("t3", "No.", None),
        line("t4", "Never heard", "sad"),
        line("e0", "Yeah.", "happy", "test"),
        line("e1", "Yeah.", "sad", "test"),
        line("e2", "No.", "sad", "test"),
        line("e3", "never HEARD!", "sad", "test"),
    ]
    description = text_of(*lines)
    (seen,) = description["repeated"]["seen"]
    assert (seen["lines"], seen["of"], seen["alike"], seen["judged"], seen["agree"]) == (3, 4, 4, 2, 1)
    text = reported(*lines)
    assert "3 of 4 test lines (75.0 %) have exactly the words of a training line, such as e0 'Yeah.'" in text
    assert "1 of 2 have the label that these words mostly have there (50.0 %)" in text
    assert "test: 4 of 4 lines are also in train if case and punctuation are ignored" in lines_of_text(
        description
    )


def test_several_labels_agree_only_if_all_are_the_same():
    def labelled(name, split, *names):
        return Sample(name, {"text": "Yeah."}, label_weights=dict.fromkeys(names, 1.0), split=split)

    found = describe(
        corpus(
            labelled("a", "train", "happy", "sad"),
            labelled("b", "test", "happy"),
            labelled("c", "test", "sad", "happy"),
            task="multi_label",
        )
    )
    assert found["text"]["repeated"]["seen"][0]["agree"] == 1


def test_repeated_lines_within_a_part_are_counted_and_not_reported_twice():
    lines = [line("a", "Hi."), line("b", "Hi.", "sad"), line("c", "Ho."), line("d", "Ho."), line("e", "So.")]
    within = text_of(*lines)["repeated"]["within"]["train"]
    assert (within["lines"], within["texts"], within["conflicting"]) == (4, 2, 1)
    assert "same media" not in reported(*lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "I donâ€™t know",
            "1 line with signs of a wrong encoding, such as x 'I donâ€™t know'",
        ),
        ("Я не знаю", "1 line mostly in another script than Latin, such as x 'Я не знаю'"),
        ("  ", "1 line without words, such as x '  '"),
    ],
)
def test_broken_lines_are_reported(text, message):
    assert message in reported(*clean(), line("x", text, "sad"))


def test_lines_without_letters_are_of_no_script():
    description = text_of(*clean(), line("x", "...", "sad"), line("y", "\U0001f600", "sad"))
    assert description["other_script"]["count"] == 0
    assert "2 lines without a letter, such as '...'" in lines_of_text(description)


def test_tables_have_columns_for_what_exists():
    heads, rows = text_table(text_of(*clean()))
    assert heads == (
        "part",
        "lines",
        "dialogues",
        "turns",
        "words",
        "characters",
        "speakers",
        "also in train",
    )
    assert rows[1][:4] == ("test", 6, 2, "3, at most 3") and rows[1][-2:] == (2, 2)
    assert text_table(text_of(line("a", "b c")))[0] == ("part", "lines", "words", "characters")


# Tokens


@pytest.fixture
def encoder(tmp_path):
    """A folder of an encoder that reads six tokens, two of them around the words."""
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {word: number for number, word in enumerate(("[UNK]", "[CLS]", "[SEP]", "well", "no"))}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_truncation(4)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "config.json").write_text(
        '{"model_type": "roberta", "max_position_embeddings": 8, "pad_token_id": 1}'
    )
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 1000000000000000019884624838656}')
    return tmp_path


def test_lines_longer_than_the_encoder_reads_are_reported(encoder):
    lines = [line("a", "well no well no"), line("b", "well no well no no"), line("c", "sad", "sad")]
    counter = TokenCounter(encoder)
    description = describe(corpus(*lines), tokens=counter)
    assert counter.limit == 6
    assert description["text"]["parts"]["train"]["tokens"]["max"] == 7
    expected = (
        f"train: 1 line longer than the 6 tokens that {encoder.name} reads, such as b: they are truncated"
    )
    assert expected in problems(description)


def test_a_tokenizer_alone_counts_without_a_limit(encoder):
    (encoder / "config.json").unlink()
    counter = TokenCounter(encoder / "tokenizer.json")
    assert counter.limit is None and counter(["well no", ""]) == [4, 2]


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing", "is neither a tokenizer.json nor a folder"), ("broken.json", "is not a tokenizer")],
)
def test_what_is_no_tokenizer_is_refused(tmp_path, name, message):
    pytest.importorskip("tokenizers")
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(UsageError, match=message):
        TokenCounter(tmp_path / name)


# Figures


@pytest.mark.parametrize("samples", [clean(), [line("a", "b c"), line("b", "$x^2 \x07", "sad", "test")]])
def test_a_figure_is_drawn(tmp_path, samples):
    draw_text(text_of(*samples), tmp_path / "text.png")
    assert (tmp_path / "text.png").read_bytes().startswith(b"\x89PNG")


def test_many_classes_are_drawn_as_rows(tmp_path):
    from PIL import Image

    labels = LabelSet.of(*(f"label {n}" for n in range(40)))
    samples = [Sample(str(n), {"text": f"w {n}"}, name) for n, name in enumerate(labels.names)]
    draw_balance(describe(Corpus(samples, labels)), tmp_path / "balance.png")
    with Image.open(tmp_path / "balance.png") as picture:
        width, height = picture.size
    assert height > width


def test_the_real_corpora_have_the_published_gaps_and_repeated_lines(shared):
    meld = describe_text(open_dataset("meld", shared / "data" / "meld"))
    gaps = [
        (part["gaps"]["missing"], part["gaps"]["dialogues"], part["gaps"]["late"])
        for part in meld["parts"].values()
    ]
    assert gaps == [(90, 65, 10), (4, 2, 0), (5, 2, 0)]
    # 331 in the published edition; three more differ from a training line in the form of an apostrophe.
    assert [seen["lines"] for seen in meld["repeated"]["seen"]] == [141, 334]
    assert meld["mojibake"]["count"] == meld["other_script"]["count"] == 0
