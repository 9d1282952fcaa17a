"""`train`: train one recipe into one run folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import AffektError, UsageError
from affekt.core.files.assets import read_assets
from affekt.core.files.lock import writing_alone
from affekt.core.files.output import check_folder
from affekt.core.files.sealed import read_sealed
from affekt.core.files.whole import remove_partials
from affekt.core.recipe import Recipe, as_recipe
from affekt.data.left_out import kinds_of
from affekt.data.open import data_path
from affekt.encoders.source import downloads_allowed
from affekt.engine.description import check_batches, check_readable, describe_data, limits_of_data
from affekt.engine.experiment import Experiment, make_objective, open_data
from affekt.engine.features.backbone import replaced_entries
from affekt.engine.features.cache import cache_root
from affekt.engine.features.filling import cached
from affekt.engine.finish import finish
from affekt.engine.framework import Framework, framework_of, versions_of
from affekt.engine.loading import SampleDataset, plain_loader, train_loader
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
from affekt.engine.loop.module import TrainingModule
from affekt.engine.loop.preparation import PreparedLoaders, Review, TrainingPass
from affekt.engine.loop.progress import bar
from affekt.engine.loop.stopping import Begun, StopRequest, StopSignal, stop_requests
from affekt.engine.loop.trainer import end_processes, logging_to, make_trainer
from affekt.engine.network import check_outputs
from affekt.engine.objectives.criterion import class_weights
from affekt.engine.objectives.hooks import PreparingObjective, ReviewingObjective
from affekt.engine.runs.data import RunData, check_same_data, data_of_run, nothing_held_out
from affekt.engine.runs.recording import EpochRecorder
from affekt.engine.runs.run import Run, check_free, environment
from affekt.engine.splits import Parts
from affekt.engine.store.objects import Store
from affekt.engine.teaching.answers import kept_outputs, with_answers
from affekt.engine.teaching.teacher import Teacher, check_takes_teacher, name_teacher, read_teacher
from affekt.engine.weights.checkpoint import training_weights
from affekt.engine.weights.initial import (
    Pretrained,
    Weights,
    check_start,
    name_weights,
    read_weights,
    start_from,
)
from affekt.engine.weights.parts import files_of

_ABANDONED_S = 24 * 3600.0  # a younger unfinished file may be that of an evaluation

log = logging.getLogger(__name__)


def train(
    recipe: Recipe | Path | str | Sequence[Path | str],
    *,
    data_root: Path | str | None = None,
    weights: Sequence[Path | str] = (),
    teacher: Path | str | None = None,
    runs: Path | str = "runs",
    cache: Path | str | None = None,
    resume: bool = False,
    accept_data: bool = False,
    download: bool = False,
    progress: bool = True,
) -> Run:
    """Train a recipe and return its run folder.

    The test part is not used: epochs are selected and confidences calibrated on validation samples.

    Args:
        recipe: A recipe, or what `Recipe.load` reads: a file, the name of a recipe that comes with a method,
            as in `compact_face/fer2013`, or a sequence of these, merged in order.
        data_root: Folder of the data set; AFFEKT_DATA if not given.
        weights: Folders that the network starts from, made by `convert` or by training. A resumed run does
            not need them.
        teacher: A run or a checkpoint that the network learns from, if the method's objective takes one. It
            is not saved with the network, so `resume` needs it again.
        runs: Folder of all runs.
        cache: Folder that holds features of frozen backbones, where the recipe has `train.cached_views`, and
            answers of teachers; AFFEKT_CACHE if not given, else `cache` beside `runs`.
        resume: Continue a run that was stopped or killed; the result is the same, bit for bit.
        accept_data: With `resume`: continue although the data are not those that the run began with. Known
            samples keep their parts; new ones follow their subject or the split that the data state, or are
            added to the training part. The run's `data.json` and `result.json` record the change.
        download: Open a connection, where the recipe names a pretrained encoder on the Hugging Face hub that
            its local cache lacks.
        progress: Show a progress bar.

    Raises:
        AffektError: The run exists and `resume` is not set, or training diverged.
        ConfigError: The recipe does not fit the data, the machine or the weights.
        DataError: The data set cannot be read, or is not the one that the run began with.
        TrainingStopped: SIGINT or SIGTERM ended the training early; `resume` continues it.
        UsageError: `recipe` is none of these, another process trains this run, or `runs` cannot be written.

    Example:
        >>> run = train("recipes/gait.toml", data_root="data/emotion_gait")  # doctest: +SKIP
    """
    recipe = as_recipe(recipe)
    if accept_data and not resume:
        raise UsageError("accept_data continues a run on other data: it needs resume")
    if not resume:
        check_folder(Path(runs))  # before data are read
    with downloads_allowed(download), stop_requests() as request:
        state = Begun(recipe)
        try:
            framework = framework_of(recipe)
            recipe, corpus = open_data(recipe, data_root)
            given = read_weights(weights)
            taught_by = read_teacher(teacher) if teacher is not None else None
            recipe = name_teacher(name_weights(recipe, given), taught_by)
            check_takes_teacher(recipe, corpus, taught_by)
            criterion = corpus.task.loss_name(recipe.loss.name)
            run = state.run = Run.place(Path(runs), recipe, corpus.labels, criterion=criterion)
            if resume and run.result is not None and _is_first_process():
                check_same_data(run, recipe, corpus, data_path(data_root))
                log.warning("%s is finished already: nothing is trained", run.path)
                return run
            if not run.last.exists():
                check_start(recipe, given, catalog.method(recipe.method))
            if not resume and _is_first_process():
                check_free(run, data_path(data_root))
            data = data_of_run(run, recipe, corpus, data_path(data_root), accept=accept_data)
            alone = writing_alone(run.path, work="trains this run") if _is_first_process() else nullcontext()
            with alone, _removed_if_refused(state, run, Path(runs)):
                if _is_first_process():
                    _begin(run, recipe, data, versions_of(recipe, framework), resume=resume)
                with logging_to(run) as file, state.logged(file):
                    _fit(
                        run,
                        recipe,
                        corpus,
                        data,
                        given,
                        cache_root(cache, Path(runs)),
                        Store(Path(runs)),
                        request,
                        state=state,
                        teacher=taught_by,
                        framework=framework,
                        progress=progress,
                    )
                    request.check()
        except (StopSignal, SystemExit) as stop:
            if not request.signum:
                raise
            if not _is_first_process():  # the first process reports
                raise SystemExit(128 + request.signum) from stop
            raise state.stopped(request.signum) from None
    return run


def _begin(run: Run, recipe: Recipe, data: RunData, versions: Mapping[str, str], *, resume: bool) -> None:
    """Write what a run states before its first epoch."""
    if not resume and (run.path / "recipe.toml").exists():  # another process has just made it
        check_free(run)
    if warning := nothing_held_out(recipe, data.parts):
        log.warning("%s", warning)
    remove_partials(run.path, age_s=_ABANDONED_S)
    run.start(recipe, versions)
    if data.is_new:
        data.identity.write(run.path)


@contextmanager
def _removed_if_refused(state: Begun, run: Run, runs: Path) -> Iterator[None]:
    """Leave no run behind whose training was refused before it began: it could not be continued."""
    is_new = _is_first_process() and not (run.path / "recipe.toml").exists()
    try:
        yield
    except AffektError:
        if is_new and not state.trains:
            run.remove(runs)
        raise


def _is_first_process() -> bool:
    """Whether this process creates the run folder, for all processes of a distributed run."""
    return int(os.environ.get("LOCAL_RANK", "0")) == 0 and int(os.environ.get("NODE_RANK", "0")) == 0


def _fit(
    run: Run,
    recipe: Recipe,
    corpus: Corpus,
    data: RunData,
    given: Sequence[Weights],
    cache: Path,
    store: Store,
    request: StopRequest,
    *,
    state: Begun,
    teacher: Teacher | None,
    framework: Framework | None,
    progress: bool,
) -> None:
    measured = assets = config = None
    if run.last.exists():
        last = read_sealed(run.last, kind="checkpoint")
        # What the config refers to may be gone or changed by now.
        config = catalog.method(recipe.method).make_config(last.document["config"])
        if catalog.method(recipe.method).takes_assets:
            assets = read_assets(last)
        if data.identity.accepted:  # the weights need the statistics of the earlier data
            measured = last.document["preprocessing"]
    _report_data(recipe, corpus, data.parts)
    check_batches(recipe, data.parts)
    experiment = Experiment.of(recipe, corpus, data.parts, config=config, state=measured, assets=assets)
    method, parts = experiment.method, experiment.parts
    preprocess, task, labels = experiment.preprocess, experiment.task, experiment.labels
    check_readable(recipe, parts.train, preprocess, root=Path(data.identity.root))
    datasets: Mapping[str, SampleDataset] = experiment.datasets()
    weights = class_weights(recipe.loss, datasets["train"].targets, labels)
    model = experiment.network()
    scorer = task.scorer(parts.validation, preprocess, labels)
    check_outputs(model, scorer.reads, recipe.method)
    objective: Any = make_objective(recipe, task, labels, weights, config=experiment.config)
    kept = kept_outputs(teacher, objective, preprocess, by_cells=task.by_cells) if teacher else ()
    if teacher is not None:
        cached_inputs = replaced_entries(model) if recipe.train.cached_views else ()
        if not kept:
            teacher.check(preprocess.spec, cached=cached_inputs)
        objective.set_teacher(teacher)
    compute = framework.open(model, preprocess.spec, recipe) if framework else None
    module = TrainingModule(model, objective, preprocess.spec.names, recipe, scorer, compute=compute)
    document = {
        **experiment.document(),
        "data_identity": data.identity.document(),
        "environment": environment(versions_of(recipe, framework)),
    }
    keep_all = recipe.train.keep == "all"
    recorder = EpochRecorder(run, document, recipe.selection, task.metrics, keep_all=keep_all, store=store)
    resume_from = _resume_point(run, recorder)
    if resume_from is None:
        if isinstance(model, Pretrained):
            model.load_pretrained()
        start_from(model, given, method)
    if recipe.train.cached_views:
        if resume_from is not None:  # features need these weights; the trainer loads the other state later
            model.load_state_dict(training_weights(run.last))
        with bar("features", shown=progress) as show:
            datasets, _ = cached(experiment, datasets, model, root=cache, on_item=show)
    if teacher is not None and kept:
        with bar("answers of the teacher", shown=progress) as show:
            taught = with_answers(datasets["train"], teacher, kept, recipe, root=cache, on_item=show)
        datasets = {**datasets, "train": taught}
    module.train()  # Lightning keeps modes as they are; a network may keep a part in evaluation mode
    prepares = isinstance(objective, PreparingObjective)
    review = Review(TrainingPass(module, datasets["train"]))
    trainer = make_trainer(
        run,
        recipe,
        recorder,
        request,
        checkpoints=FolderCheckpointIO(experiment.assets, files=files_of(model), store=store),
        progress=progress,
        reload=prepares,
        review=review if isinstance(objective, ReviewingObjective) else None,
    )
    try:
        log.info("run: %s", run.path)
        state.trains = True
        validation = plain_loader(datasets["validation"], recipe, by_length=True)
        if prepares:
            first = run.epochs_done if resume_from else 0
            data_module = PreparedLoaders(module, objective, datasets["train"], validation, first_epoch=first)
            trainer.fit(module, datamodule=data_module, ckpt_path=resume_from)
        else:
            trainer.fit(module, train_loader(datasets["train"], recipe), validation, ckpt_path=resume_from)
    except (StopSignal, SystemExit):
        end_processes(trainer)
        raise
    request.check()
    if trainer.is_global_zero:
        finish(run, experiment, data.identity)
        store.drop((), at_once=True)


def _report_data(recipe: Recipe, corpus: Corpus, parts: Parts) -> None:
    """Say what is trained on, before anything is computed."""
    for line in describe_data(recipe, corpus, parts):
        log.info("%s", line)
    if corpus.skipped:
        first, left = corpus.skipped[0], len(corpus.skipped)
        kinds = kinds_of(corpus.skipped)
        log.warning(
            "left out: %d of the data set, such as %s: %s; by kind: %s", left, first.id, first.reason, kinds
        )
    for problem in (*corpus.problems, *limits_of_data(corpus, parts)):
        log.warning("%s", problem)
    for note in corpus.notes:
        log.info("%s", note)


def _resume_point(run: Run, recorder: EpochRecorder) -> str | None:
    """The last complete epoch; rows of incomplete epochs are dropped."""
    if not run.last.exists():
        recorder.rows = []
        return None
    done = read_sealed(run.last, kind="checkpoint").document["epoch"]
    recorder.rows = [row for row in recorder.rows if row["epoch"] <= done]
    log.info("continuing after epoch %d", done)
    return str(run.last)
