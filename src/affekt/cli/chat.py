"""`affekt chat`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import RUNS, RunsFolder, say
from affekt.core.errors import MediaError, UsageError

_PROMPT = "> "
_NEW = "/new"


def command(
    bundle: Annotated[
        Path,
        typer.Argument(
            help="A bundle that reads words; or a run: its folder, its name (see affekt runs) or latest."
        ),
    ],
    threads: Annotated[int | None, typer.Option(min=1, help="Number of processor cores.")] = None,
    runs: RunsFolder = RUNS,
    json: Annotated[bool, typer.Option("--json", help="Print each answer as a line of JSON.")] = False,
) -> None:
    """Answer a conversation line by line, each line with those before it.

    `Name: words` states the speaker; /new begins another dialogue; Ctrl-D ends.

    Example: affekt chat words.affekt
    """
    from affekt.cli.words.predict import check_stdin
    from affekt.cli.words.table import other_scores, plain, write_line
    from affekt.core.sample import Skipped
    from affekt.deploy.load import load
    from affekt.deploy.runtime.conversations import Conversation
    from affekt.deploy.runtime.input_types import reads_words
    from affekt.deploy.runtime.streams import json_line
    from affekt.engine.runs.names import find_run
    from affekt.media.text import LineByLine, one_turn

    check_stdin()
    predictor = load(find_run(bundle, runs), threads=threads, expected=1)
    if not reads_words(predictor.modality):
        raise UsageError(
            f"{bundle} takes inputs of modality {predictor.modality}: chat needs a bundle that reads words"
        )
    talks, name = 1, "chat"
    conversation, names = Conversation(name, keep=predictor.earlier_turns), LineByLine()
    if sys.stdin.isatty():
        say(f"type a line, `Name: words` with a speaker; {_NEW} begins another dialogue, Ctrl-D ends")
    for number, text in enumerate(_typed(), start=1):
        if isinstance(text, MediaError):
            say(f"skipped {name}:{number}: {text}")
            continue
        if not text.strip():
            continue
        if text.strip() == _NEW:
            talks += 1
            name = f"chat {talks}"
            conversation, names = Conversation(name, keep=predictor.earlier_turns), LineByLine()
            continue
        if text.lstrip().startswith("/") and text.split()[0].removeprefix("/").isalpha():
            say(f"unknown command {plain(text.split()[0])}; {_NEW} starts a new dialogue, Ctrl-D ends")
            continue
        line = one_turn(text, number, name, names)
        if isinstance(line, Skipped):
            say(f"skipped {line}")
            continue
        (answer,) = predictor.answers([conversation.sample(line)], batch_size=1)
        if json:
            write_line(json_line(answer), flush=True)
        elif isinstance(answer, Skipped):
            say(f"skipped {answer}")
        else:
            shown = predictor.task.shown(answer)
            values = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in shown.values()]
            speaker = f"{plain(answer.speaker)}: " if answer.speaker else ""
            second = other_scores(answer, most=1)
            write_line(f"{speaker}{' '.join(values)}{f', then {second}' if second else ''}", flush=True)
            for note in answer.notes:
                say(f"  note: {note}")


def _typed() -> Iterator[str | MediaError]:
    """Lines as they are typed after a prompt or arrive in a pipe; an error for one that is not text."""
    from affekt.media.limits import MAX_LINE_CHARACTERS
    from affekt.media.text import LineDecoder

    if sys.stdin.isatty():
        while True:
            try:
                yield input(_PROMPT)
            except EOFError:
                sys.stdout.write("\n")
                return
            except UnicodeDecodeError as error:
                yield MediaError(f"the line is not valid {error.encoding}")
    decoder = LineDecoder()
    while content := sys.stdin.buffer.readline(MAX_LINE_CHARACTERS):
        try:
            yield decoder.decode(content).text
        except MediaError as error:
            yield error
