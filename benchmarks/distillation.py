"""TelME's stages against MAKD's one run: `make distillation-benchmarks DATA=DIR`, the folder of CMU-MOSI.

The members of `plans/distillation.toml` are trained one after the other in one process. The turns of a seed
come together, and the order of the two alternatives changes from seed to seed, so that other work on the
machine slows both alike. Finished runs in `--runs` and their times are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from timing import Timed, as_table, in_turns, machine, write_report

from affekt.core.recipe import Recipe
from affekt.engine.experiment import Experiment, make_objective, open_corpus
from affekt.engine.loading import train_loader
from affekt.engine.splits import part
from affekt.engine.teaching.answers import kept_outputs, with_answers
from affekt.engine.teaching.teacher import read_teacher
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate
from affekt.methods.mdn_makd.config import MDNConfig
from affekt.methods.mdn_makd.model import MDN
from affekt.report.study.tables import as_markdown
from affekt.studies.outcome.gather import RowRuns, gather
from affekt.studies.outcome.shown import comparison_table, score_table
from affekt.studies.outcome.summary import summarize
from affekt.studies.plans.expand import Member
from affekt.studies.plans.roots import Roots
from affekt.studies.study import Study, jobs_of, open_study

PLAN = Path(__file__).parent / "plans" / "distillation.toml"
OUTPUT = Path(__file__).parent / "results" / "distillation.md"
REQUIRED = 2.5  # of the sequence's time after the teacher to that of one run
STUDENTS = ("student of sound", "student of picture")
SEQUENCE, ONE_RUN, TEACHER = "sequence", "one run", "teacher"
ROUNDS, STEPS = 3, 8  # timed turns, and training steps of a turn
LINES, TOKENS = 32, 32  # of a batch through a text encoder

_LINK = re.compile(r"\[([^]]*)\]\(#[^)]*\)")  # to the page of a study

Times = dict[str, dict[str, float]]  # "wall" and "processor" seconds by id of the member


def in_order(study: Study) -> list[Member]:
    """By data set and seed; the teacher first, then both alternatives, of which each is first in turn."""
    members = study.found.members

    def place(member: Member) -> tuple[int, int, bool, bool]:
        data = list(study.plan.data).index(member.data)
        is_one, is_first = member.row == ONE_RUN, member.seed % 2 == 1
        return data, member.seed, member.row != TEACHER, is_one != is_first

    return sorted(members, key=place)


def train_all(study: Study, folder: Path) -> Times:
    """Train and evaluate what is missing; the time is that of `train` alone."""
    file = folder / "times.json"
    times: Times = json.loads(file.read_text()) if file.is_file() else {}
    jobs = {job.id: job for job in jobs_of(study, study.found.members)}
    missing = [member for member in in_order(study) if member.id not in times]
    if missing:
        warm_up(jobs[in_order(study)[0].id].document())
    for member in missing:
        given = jobs[member.id].document()
        # Each alternative asks the teacher itself; the second student reads what the first one kept.
        own = "one-run" if member.row == ONE_RUN else "sequence"
        wall, processor = time.perf_counter(), time.process_time()
        run = train(
            Recipe.from_values(given["recipe"]),
            data_root=given["data_root"],
            weights=given["weights"],
            teacher=given["teacher"],
            runs=given["runs"],
            cache=folder / "caches" / own,
            progress=False,
        )
        taken = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
        evaluate(run.path, data_root=given["data_root"], split=given["part"], command=given["asked_by"])
        times[member.id] = taken
        file.write_text(json.dumps(times, indent=1) + "\n")
        print(f"{member.id}: {taken['wall']:.1f} s, {taken['processor']:.1f} s of processor time", flush=True)
    return times


def warm_up(given: Mapping[str, Any]) -> None:
    """An epoch of a teacher that is not timed: it imports what training needs."""
    recipe = Recipe.from_values(given["recipe"])
    short = recipe.model_copy(update={"train": recipe.train.model_copy(update={"epochs": 1})})
    with tempfile.TemporaryDirectory() as folder:
        train(short, data_root=given["data_root"], runs=folder, progress=False)


def ratios(study: Study, times: Times, data: str, clock: str, *, teacher: bool) -> list[float]:
    """Time of the sequence by that of one run, for each seed.

    Args:
        teacher: Whether the teacher's training is counted in both.
    """
    found: list[float] = []
    for seed in study.plan.seeds:
        taken = {
            it.row: times[it.id][clock] for it in study.found.members if (it.data, it.seed) == (data, seed)
        }
        before = taken[TEACHER] if teacher else 0.0
        sequence = sum(taken[name] for name in (*STUDENTS, SEQUENCE))
        found.append((before + sequence) / (before + taken[ONE_RUN]))
    return found


def time_rows(study: Study, times: Times) -> list[tuple[str, ...]]:
    """Ratios of both alternatives by data set."""
    rows: list[tuple[str, ...]] = []
    for data in study.plan.data:
        cells = [
            shown(ratios(study, times, data, clock, teacher=teacher))
            for teacher in (False, True)
            for clock in ("wall", "processor")
        ]
        rows.append((data, *cells))
    return rows


def stage_rows(study: Study, times: Times) -> list[tuple[str, ...]]:
    """Processor time of each member by that of the teacher of its seed."""
    of = {(it.data, it.seed, it.row): times[it.id]["processor"] for it in study.found.members}
    names = list(dict.fromkeys(member.row for member in study.found.members))
    return [
        (
            name,
            *(
                shown([of[data, seed, name] / of[data, seed, TEACHER] for seed in study.plan.seeds])
                for data in study.plan.data
            ),
        )
        for name in names
    ]


def shown(values: Sequence[float]) -> str:
    """The median, and the range of the seeds."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def tables(study: Study) -> list[str]:
    """Scores of all rows, and one run against the sequence."""
    finished = gather(study.found.rows, study.found.members, study.finder)
    whole = summarize(finished, study.metrics, study.plan.against)
    lines: list[str] = []
    for data in study.plan.data:
        lines += [_LINK.sub(r"\1", as_markdown(score_table(whole, data, link=""))), ""]
    both: list[RowRuns] = [row for row in finished if row.row in (SEQUENCE, ONE_RUN)]
    return [*lines, as_markdown(comparison_table(summarize(both, study.metrics, SEQUENCE)))]


def share_rows(study: Study, folder: Path) -> list[tuple[str, ...]]:
    """Processor time of a training step with the network of the teacher, and with its kept answers."""
    words = text_teacher()
    rows: list[tuple[str, ...]] = []
    for data in study.plan.data:
        for row in (STUDENTS[0], ONE_RUN):
            member = next(it for it in study.found.members if (it.data, it.row) == (data, row))
            with_words, asked, kept = steps_of(study, member, folder, words)
            rows.append(
                (
                    f"{data}, {row}",
                    f"{asked.seconds / kept.seconds:.2f}" if asked else "not possible",
                    f"{with_words.seconds / kept.seconds:.1f}",
                )
            )
    return rows


def steps_of(study: Study, member: Member, folder: Path, words: Any) -> tuple[Timed, Timed | None, Timed]:
    """A turn of training steps: with a text encoder as teacher, with the plan's teacher, with its answers."""
    given = {job.id: job for job in jobs_of(study, study.found.members)}[member.id].document()
    recipe = Recipe.from_values(given["recipe"])
    corpus = open_corpus(recipe, given["data_root"])
    experiment = Experiment.of(recipe, corpus, part(corpus.usable, recipe.split))
    teacher = read_teacher(given["teacher"])
    objective: Any = make_objective(recipe, corpus.task, corpus.labels, config=experiment.config)
    objective.set_teacher(teacher)
    plain = experiment.datasets()["train"]
    names = kept_outputs(teacher, objective, experiment.preprocess, by_cells=False)
    taught = with_answers(plain, teacher, names, recipe, root=folder / "caches" / "steps")
    can_ask = set(teacher.inputs) <= set(experiment.preprocess.spec.names)
    model = experiment.network().train()
    optimizer = torch.optim.AdamW(model.parameters())

    def steps(dataset: Any, before: Any = None) -> Any:
        def run() -> None:
            for batch in islice(train_loader(dataset, recipe), STEPS):
                if before is not None:
                    before()
                optimizer.zero_grad()
                torch.stack(list(objective(model, batch).values())).sum().backward()
                optimizer.step()

        return run

    calls = {"words": steps(taught, words), "kept": steps(taught)}
    if can_ask:
        calls["asked"] = steps(plain)
    found: Mapping[str, Timed] = in_turns(calls, ROUNDS, clock=time.process_time)
    return found["words"], found.get("asked"), found["kept"]


def text_teacher() -> Any:
    """A call that passes a batch of lines through a text encoder of 22 million parameters."""
    config = MDNConfig.model_validate(
        {"num_classes": 7, "encoders": {"T": {"source": "minilm", "mode": "frozen"}}}
    ).resolved()
    assert isinstance(config, MDNConfig)
    network = MDN(config).eval()
    text, own = torch.randint(5, 1000, (LINES, TOKENS)), torch.ones(LINES, TOKENS)

    def ask() -> None:
        with torch.no_grad():
            network(text=text, own=own)

    return ask


def report(study: Study, times: Times, folder: Path) -> list[str]:
    """Lines of the report."""
    rows = time_rows(study, times)
    after = [statistics.median(ratios(study, times, data, "wall", teacher=False)) for data in study.plan.data]
    missed = sum(value < REQUIRED for value in after)
    met = "reached on all data" if not missed else f"MISSED on {missed} of {len(after)} data sets"
    return [
        "# Distillation: four stages or one run",
        "",
        machine(),
        "",
        f"`make distillation-benchmarks`: the plan {PLAN.name}, seeds "
        f"{', '.join(map(str, study.plan.seeds))}; the same data, epochs of each stage, batch size and "
        "threads. Time is that of a training from reading the data to the written result, with validation, "
        "checkpoints and calibration; start of the process, imports and the evaluation on the test part are "
        "not in it. Both alternatives are trained in turns; the machine had other work, with a load of "
        f"{os.getloadavg()[0]:.0f} at the end.",
        "",
        "## Time of the sequence by that of one run",
        "",
        *as_table(
            (
                "data",
                "after the teacher, wall",
                "after the teacher, processor",
                "teacher in both, wall",
                "teacher in both, processor",
            ),
            rows,
        ),
        "",
        f"Median of the seeds, and their range. After the teacher, {REQUIRED}x is required: {met}.",
        "",
        "One run does not compute less: each of its steps has the arithmetic of both students and of the "
        "fusion. It saves what every run and every step cost beside that: reading, validation, checkpoints, "
        "figures, the loop. Where encoders are trained, arithmetic dominates, so that less is to be expected "
        "(not measured).",
        "",
        "Processor time of each stage by that of the teacher's training:",
        "",
        *as_table(("stage", *study.plan.data), stage_rows(study, times)),
        "",
        "## Time of the teacher in a step",
        "",
        *as_table(
            ("student", "its network in every step", "MiniLM in its place, 32 lines of 32 tokens"),
            share_rows(study, folder),
        ),
        "",
        f"Processor time of {STEPS} training steps by that with answers that were computed once (median of "
        f"{ROUNDS} turns; batches, loss, gradients, optimizer). A student without the teacher's modality "
        "cannot ask its network.",
        "",
        "## Scores",
        "",
        *tables(study),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True, help="folder of CMU-MOSI's features")
    parser.add_argument("--runs", type=Path, help="finished runs are kept here")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.runs or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        study = open_study(PLAN, runs=folder, roots=Roots(given.data_root), parse=_no_commands, entry="")
        write_report(OUTPUT, report(study, train_all(study, folder), folder))


def _no_commands(words: Sequence[str]) -> Any:
    raise ValueError(f"the plan has no commands, found {' '.join(words)}")


if __name__ == "__main__":
    main()
