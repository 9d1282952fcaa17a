"""`affekt predict` and `affekt chat` with a bundle that reads words."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import AffektError
from affekt.core.sample import Sample
from affekt.deploy.load import load
from affekt.starters.find import FOLDER as STARTERS

pytestmark = pytest.mark.xdist_group("words")

TALK = [
    "Ann: What a lovely day!",
    "Ben: Well.",
    "Ann: I mean it\N{HORIZONTAL ELLIPSIS}",
    "Ben: Alas, rain again.",
]


def invoke(*arguments, given=None):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)


def answers(*arguments, given=None):
    done = invoke(*arguments, "--json", given=given)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["predictions"]


def started(*arguments):
    """A process of the command, with pipes."""
    code = "from affekt.cli.main import run; run()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def predictor(line_bundle):
    return load(line_bundle, backend="onnxruntime")


@pytest.fixture
def talk(tmp_path):
    """The talk in every kind of file."""
    pairs = [line.split(": ") for line in TALK]
    (tmp_path / "a.txt").write_text("\n".join(TALK))
    (tmp_path / "a.jsonl").write_text(
        "\n".join(json.dumps({"speaker": name, "text": words}) for name, words in pairs)
    )
    for suffix, separator in ((".csv", ";"), (".tsv", "\t")):
        with (tmp_path / f"a{suffix}").open("w", newline="", encoding="cp1252") as stream:
            csv.writer(stream, delimiter=separator).writerows([("speaker", "text"), *pairs])
    cues = [f"00:00:0{n},000 --> 00:00:0{n},900\n{{0}}\n" for n in range(len(TALK))]
    (tmp_path / "a.srt").write_text(
        "\n".join(cue.format(line) for cue, line in zip(cues, TALK, strict=True)), encoding="utf-16"
    )
    (tmp_path / "a.vtt").write_text(
        "WEBVTT\n\n"
        + "\n".join(
            cue.replace(",", ".").format(f"<v {name}>{words}")
            for cue, (name, words) in zip(cues, pairs, strict=True)
        )
    )
    return tmp_path


def test_a_talk_gets_the_same_answers_from_every_kind_of_input(line_bundle, predictor, talk):
    samples = [
        Sample(str(turn), {"text": line.split(": ")[1]}, dialogue="d", turn=turn, speaker=line.split(": ")[0])
        for turn, line in enumerate(TALK)
    ]
    expected = [answer.scores for answer in predictor.predict(samples)]
    words = [argument for line in TALK for argument in ("--text", line)]
    for arguments in ([talk / f"a{suffix}"] for suffix in (".txt", ".csv", ".tsv", ".jsonl", ".srt", ".vtt")):
        found = answers("predict", line_bundle, *arguments)
        assert [answer["scores"] for answer in found] == [pytest.approx(row, abs=1e-6) for row in expected]
        assert [answer["speaker"] for answer in found] == ["Ann", "Ben", "Ann", "Ben"]
        assert [answer["turn"] for answer in found] == [1, 2, 3, 4]
    found = answers("predict", line_bundle, *words)
    assert [answer["scores"] for answer in found] == [pytest.approx(row, abs=1e-6) for row in expected]
    done = invoke("predict", line_bundle, "-", "--json", given="\n".join(TALK))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["scores"] for answer in found] == [pytest.approx(row, abs=1e-6) for row in expected]


def test_both_forms_of_punctuation_get_the_same_answer(predictor):
    one, other = predictor.predict(['It\'s "well"...', "It\u2019s \u201cwell\u201d\u2026"])
    assert one.scores == other.scores
    assert other.text == "It\u2019s \u201cwell\u201d\u2026"


def test_a_dialogue_that_is_read_line_by_line_is_answered_as_the_whole(predictor, tmp_path):
    path = tmp_path / "long.txt"
    lines = [
        f"{'Ann' if turn % 3 else 'Ben'}: {('lovely', 'rain', 'well')[turn % 7 % 3]} day"
        for turn in range(80)
    ]
    path.write_text("\n".join(lines))
    whole = [
        Sample(str(turn), {"text": line[5:]}, dialogue="d", turn=turn, speaker=line[:3])
        for turn, line in enumerate(lines)
    ]
    for one, other in zip(predictor.predict(path), predictor.predict(whole), strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-6)


def test_the_table_names_turn_speaker_time_words_label_and_runner_up(line_bundle, talk):
    done = invoke("predict", line_bundle, talk / "a.srt")
    header, _, first, second = done.stdout.splitlines()[:4]
    assert header.split() == ["turn", "speaker", "time", "words", "label", "confidence", "runner-up"]
    assert first.startswith("1      Ann           0:00     What a lovely day!")
    assert second.split()[:4] == ["2", "Ben", "0:01", "Well."]
    assert sum(name in first for name in ("happy", "neutral", "sad")) == 2
    shown = invoke("predict", line_bundle, talk / "a.srt", "--scores").stdout.splitlines()
    assert sum(name in " ".join(shown[2:4]) for name in ("happy", "neutral", "sad")) == 3


def test_answers_are_written_as_a_stream_and_as_a_whole(line_bundle, talk):
    for suffix in (".csv", ".jsonl", ".json", ".html", ".srt"):
        done = invoke("predict", line_bundle, talk / "a.srt", "--output", talk / f"out{suffix}")
        assert done.exit_code == 0, done.output
        assert "4 predictions" in done.output
        assert "lovely" in (talk / f"out{suffix}").read_text()


def test_a_line_of_standard_input_is_answered_before_the_next_one_comes(line_bundle):
    with started("predict", line_bundle, "-", "--json") as process:
        assert process.stdin and process.stdout
        for number, words in enumerate(("lovely", "rain"), start=1):
            process.stdin.write(f"{words}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == f"stdin:{number}"
        process.stdin.close()
        assert process.wait(30) == 0


def test_chat_answers_with_the_context_so_far_and_forgets_it_on_request(line_bundle, predictor):
    given = b"Ann: rain\n\nas said\n/new\nas said\nBen:\n\0\1\2\n"
    with started("chat", line_bundle) as process:
        out, errors = process.communicate(given, timeout=60)
    assert process.returncode == 0, errors
    first, second, third = out.decode().splitlines()
    alone = predictor("as said")
    talk = [Sample(str(turn), {"text": text}, dialogue="d", turn=turn, speaker=who)
            for turn, (who, text) in enumerate([("Ann", "rain"), (None, "as said")])]  # fmt: skip
    in_context = list(predictor.predict(talk))[1]
    assert first.startswith("Ann: ")
    for line, answer in ((second, in_context), (third, alone)):
        other = sorted(answer.scores.values())[-2]
        assert line.startswith(f"{answer.label} {answer.confidence:.2f}, then ")
        assert line.endswith(f"{other:.2f}")
    assert b"Ben says nothing" in errors and b"not text" in errors


BAD = {  # arguments, standard input, exit code and message
    "nothing to predict": ([], None, 2, "give files, folders, --text WORDS, or - for standard input"),
    "words and a file": (["a.txt", "--text", "hi"], None, 2, "words or files, not both"),
    "standard input and a file": (["-", "a.txt"], None, 2, "is given alone"),
    "a file that does not exist": (["b.txt"], None, 2, "b.txt does not exist"),
    "an unknown suffix for answers": (["a.txt", "--output", "a.doc"], None, 2, "predictions are written as"),
    "subtitles of lines without times": (["a.txt", "--output", "out.srt"], None, 2, "have none"),
    "no such encoding": (["a.txt", "--encoding", "klingon"], None, 2, "'klingon' is not an encoding"),
    "a wrong stated encoding": (["a.csv", "--encoding", "utf-8"], None, 1, "is not valid utf-8"),
    "a file without lines": (["empty.txt"], None, 1, "holds no lines with words"),
    "an empty stream": (["-"], "", 1, "there are no lines with words"),
    "a stream that is not text": (["-"], "\0\1\2\3", 1, "none of the lines could be used"),
    "subtitles as plain lines": (["-"], "1\n00:00:00,000 --> 00:00:01,000\nhi\n", 2, "State --format srt"),
    "a format of a file": (["a.txt", "--format", "srt"], None, 2, "files have it in their names"),
    "a rate of words": (["a.txt", "--rate-hz", "30"], None, 2, "this bundle reads words"),
    "an axis of words": (["--text", "hi", "--up", "y"], None, 2, "this bundle reads words"),
    "empty words": (["--text", " "], None, 1, "the line has no words"),
    "a table without words": (["noise.csv"], None, 1, "has no column of words: found 'a', 'b'"),
    "a document": (["word.txt"], None, 1, "ZIP container"),
    "a folder without files of lines": (["folder"], None, 1, "holds no text file"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_error_with_its_exit_code(line_bundle, talk, monkeypatch, case):
    arguments, given, code, message = BAD[case]
    monkeypatch.chdir(talk)
    (talk / "empty.txt").write_text("\n \n")
    (talk / "noise.csv").write_text("a,b\n1,2\n")
    (talk / "word.txt").write_bytes(b"PK\x03\x04" + bytes(40))
    (talk / "folder").mkdir()
    done = invoke("predict", line_bundle, *arguments, given=given)
    assert isinstance(done.exception, AffektError), done.output
    assert message in str(done.exception) or message in done.output
    assert done.exception.exit_code == code
    assert not (talk / "out.srt").exists()


def test_a_bundle_of_another_modality_refuses_words():
    faces = STARTERS / "compact_face"
    for arguments in (["predict", faces, "--text", "hi"], ["predict", faces, "-"], ["chat", faces]):
        done = invoke(*arguments, given="")
        assert done.exit_code != 0
        assert "modality image" in str(done.exception)


@pytest.mark.parametrize("command", [["predict", "-"], ["chat"]])
def test_a_closed_standard_input_is_wrong_usage(line_bundle, command):
    code = "import os; os.close(0); import sys; sys.stdin = None; from affekt.cli.main import run; run()"
    arguments = [command[0], str(line_bundle), *command[1:]]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, timeout=60)
    assert done.returncode == 2
    assert b"UsageError: standard input is closed" in done.stderr


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_keeps_the_answers_so_far_in_a_table(line_bundle, tmp_path, suffix, number):
    output = tmp_path / f"out{suffix}"
    with started("predict", line_bundle, "-", "--json", "--output", output) as process:
        assert process.stdin and process.stdout and process.stderr
        for words in ("lovely", "rain"):
            process.stdin.write(f"{words}\n".encode())
            process.stdin.flush()
            process.stdout.readline()
        time.sleep(0.2)  # it waits for the next line
        process.send_signal(number)
        assert process.wait(30) == 128 + number
        assert f"stopped after 2 lines: {output} holds their answers" in process.stderr.read().decode()
    rows = output.read_text().splitlines()
    assert len(rows) == (3 if suffix == ".csv" else 2) and "rain" in rows[-1]
    assert [path.name for path in tmp_path.iterdir()] == [output.name]


def test_an_unknown_command_of_a_chat_is_no_line(line_bundle):
    with started("chat", line_bundle) as process:
        out, errors = process.communicate(b"/quit\nlovely\n", timeout=60)
    assert len(out.splitlines()) == 1
    assert b"unknown command /quit; /new starts a new dialogue, Ctrl-D ends" in errors


def test_half_of_a_surrogate_pair_in_python_is_replaced_and_noted(predictor):
    answer = predictor("I am \ud800 lovely")
    assert answer.text == "I am \ufffd lovely"
    assert "half of a surrogate pair" in answer.notes[0]
    (other,) = predictor.predict([Sample("a", {"text": "I am \ud800 lovely"})])
    assert (other.text, other.scores) == (answer.text, answer.scores)
