"""`affekt data check` on lines of words: what is printed, and bad files."""

import json

import pytest

from affekt.cli.main import run

LINES = (
    "dialogue,speaker,text,label,split\na,Ann,Well.,joy,train\na,Ben,No.,sad,train\nb,Ann,Well.,joy,test\n"
)


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """A function that writes a file and checks it: exit code, and all that is printed with single blanks."""

    def check(content, *arguments, name="talk.csv", dataset="dialogues"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        call = ["affekt", "data", "check", dataset, "--data-root", str(path), *arguments]
        monkeypatch.setattr("sys.argv", call)
        with pytest.raises(SystemExit) as ended:
            run()
        return ended.value.code or 0, " ".join("".join(capsys.readouterr()).split())

    return check


def test_lines_are_summed_up_and_drawn(check, tmp_path):
    code, output = check(LINES, "--figure", str(tmp_path / "balance.png"))
    assert code == 0 and "also in" in output
    assert "1 of 1 test line (100.0 %) have exactly the words of a training line" in output
    assert (tmp_path / "balance.png").is_file() and (tmp_path / "balance-text.png").is_file()


def test_json_holds_all_that_is_known(check):
    found = json.loads(check(LINES, "--json")[1])
    assert found["text"]["parts"]["train"]["dialogues"] == 1
    assert found["text"]["repeated"]["seen"][0]["agree"] == 1


def test_many_classes_are_rows_of_the_table(check):
    lines = "\n".join(["text,label", *(f"word {n},label {n:02}" for n in range(20))])
    _, output = check(lines, dataset="texts")
    assert output.startswith("class") and "label 19" in output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("speaker;words\nAnn;Hi.\n", "lacks the column text and dialogue; found speaker, words"),
        (
            "dialogue,text,label\n1,おはよう,x\n".encode("shift_jis"),
            "the encoding of talk.csv is not recognised",
        ),
        (LINES.replace("sad", "Joy"), "look like one class in different spellings"),
    ],
)
def test_bad_files_are_one_clear_error_or_problem(check, content, message):
    assert message in check(content)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--encoder", "nobody"], "nobody"),
        (["--tokenizer", "nowhere"], "neither a tokenizer.json nor a folder"),
        (["--tokenizer", "a", "--encoder", "b"], "name two tokenizers"),
    ],
)
def test_a_wrong_tokenizer_is_a_usage_error(check, arguments, message):
    code, output = check(LINES, *arguments)
    assert code == 2 and message in output
