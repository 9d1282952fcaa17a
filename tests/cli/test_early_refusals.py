"""Wrong names, missing files and missing folders are refused before torch and its like are imported."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "lightning",
    "sklearn",
    "matplotlib",
    "transformers",
    "onnx",
    "pyarrow",
    "h5py",
)
# Command lines, and a part of what they say. `empty` is a folder, `a.txt` a file.
REFUSALS = {
    "methds": "Did you mean 'methods'",
    "methods --jsn": "No such option: --jsn",
    "card bpmgcn": "did you mean bpm_gcn?",
    "card no.affekt": "does not exist",
    "card latest": "no method is called 'latest'",
    "recipes nowordlikethis": "no recipe fits",
    "train bpm_gc/emotion_gait": "did you mean bpm_gcn/emotion_gait?",
    "train bpm_gcn": "the folder of skeletons is not set",
    "train tsl_net": "those of the method tsl_net are tsl_net/long_shapes",
    "train nofile.toml": "cannot be read",
    "train bpm_gcn/emotion_gait --set optimizer.lrr=1": "did you mean lr?",
    "train bpm_gcn/emotion_gait --set optimizer.name=adm": "did you mean adam?",
    "train bpm_gcn/emotion_gait --set data.name=walkrs": "did you mean walkers?",
    "train bpm_gcn/emotion_gait": "the folder of emotion_gait is not set",
    "train bpm_gcn/emotion_gait --data-root nowhere": "nowhere does not exist",
    "train bpm_gcn/emotion_gait --data-root empty --weights empty": "empty has no affekt.json",
    "evaluate norun": "no run in runs has this name",
    "evaluate empty": "empty has no affekt.json",
    "export norun": "no run in runs has this name",
    "export empty": "empty is not a run folder",
    "predict no.affekt a.txt": "no.affekt does not exist",
    "predict no.affekt nofile": "nofile does not exist",
    "predict empty a.txt": "empty has no affekt.json",
    "predict empty a.txt --output x.docx": "not as .docx",
    "chat no.affekt": "no.affekt does not exist",
    "bench no.affekt": "no.affekt does not exist",
    "bench": "give a bundle",
    "compare one": "a comparison needs two",
    "compare one two": "no run in runs has this name",
    "experiment nope.toml": "cannot be read",
    "convert bpm_gc a.txt": "did you mean bpm_gcn?",
    "convert bpm_gcn nofile": "nofile does not exist",
    "data check walkrs": "did you mean walkers?",
    "data check walkers --set walkrs=3": "did you mean walkers?",
    "data check walkers --encoder minlm": "did you mean minilm?",
    "data check emotion_gait": "the folder of emotion_gait is not set",
    "data cache bpm_gcn/emotion_gait": "the folder of emotion_gait is not set",
    "data invent meld x": "is not written as files",
    "assets get minlm": "did you mean minilm?",
    "runs": "runs does not exist",
    "runs diff a b": "no run in runs has this name",
    "store du": "runs does not exist",
    "project status nowhere": "nowhere",
    "project encode nowhere": "nowhere",
    "project baseline nowhere 1.0": "nowhere",
    "demo nothing": "'nothing' is not one of",
}
# Refuses everything in one new process, since this one has torch already.
CODE = f"""
import sys
from typer.testing import CliRunner
from affekt.cli.main import app
before = set()
for line in {list(REFUSALS)!r}:
    done = CliRunner().invoke(app, line.split())
    said = done.output + str(done.exception)
    heavy = set({HEAVY!r}) & set(sys.modules)
    print(repr((line, " ".join(said.split()), done.exit_code, sorted(heavy - before))))
    before |= heavy
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refusals")
    (folder / "empty").mkdir()
    (folder / "a.txt").write_text("hello\n")
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return {line: rest for line, *rest in map(eval, done.stdout.splitlines())}


@pytest.mark.parametrize("line", REFUSALS)
def test_a_refusal_comes_before_heavy_imports(outcomes, line):
    said, code, heavy = outcomes[line]
    assert code != 0
    assert REFUSALS[line] in said.replace("│ ", "")
    assert heavy == []  # that were not imported by a refusal before it


def test_the_version_is_printed_by_the_module_as_well():
    import affekt

    done = subprocess.run([sys.executable, "-m", "affekt", "--version"], capture_output=True, text=True)
    assert done.stdout == f"affekt {affekt.__version__}\n"
