"""`python -m fuzzer`: read mutated files, print outcomes; exit with 1 if one is not accepted."""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzzer.given import make_given
from fuzzer.outcomes import ACCEPTED, Outcome, table
from fuzzer.pool import Child
from fuzzer.seeds import SEEDS, Seed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", type=int, default=5000, help="in all, the same number for each reader")
    parser.add_argument("--seconds", type=float, default=3600, help="after which no further file is begun")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds for one file")
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[], metavar="READER[:NUMBER]")
    parser.add_argument("--given", type=Path, help="folder of the run and the bundle, made if it is empty")
    parser.add_argument("--keep", type=Path, help="folder for files whose outcome is not accepted")
    parser.add_argument("--table", type=Path, help="file for the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="affekt-fuzz-") as folder:
        given = (options.given or Path(folder, "given")).absolute()
        given.mkdir(parents=True, exist_ok=True)
        make_given(given)
        os.environ["FUZZ_GIVEN"] = str(given)
        outcomes = _fuzz(options, Path(folder), given)
    text = table(outcomes)
    print(text)
    bad = [one for one in outcomes if one.kind not in ACCEPTED]
    for one in bad:
        print(f"{one.case}: {one.kind}: {one.detail}")
    if options.table:
        options.table.write_text(f"Seed {options.seed}, {len(outcomes)} files.\n\n{text}\n")
    return 1 if bad else 0


def _fuzz(options: argparse.Namespace, folder: Path, given: Path) -> list[Outcome]:
    """Outcomes of all cases. Each child has its own readers; their first files are the seeds as they are."""
    chosen = {name.partition(":")[0]: name.partition(":")[2] for name in options.only}
    readers = [reader for reader in SEEDS if not chosen or reader in chosen]
    each = -(-options.files // len(readers))
    found: list[Outcome] = []

    def work(mine: list[str], home: Path) -> None:
        seeds = {reader: SEEDS[reader](given) for reader in mine}
        child = Child(mine, limit_s=options.limit)
        try:
            child.start()
            until = time.monotonic() + options.seconds  # what is loaded before does not count
            for number in range(each):
                for reader in mine:
                    if time.monotonic() < until and chosen.get(reader, "") in ("", str(number)):
                        found.append(_case(child, options, seeds[reader], reader, number, home))
        finally:
            child.end()

    with ThreadPoolExecutor(options.children) as pool:
        parts = [readers[number :: options.children] for number in range(options.children)]
        homes = [folder / f"child{number}" for number in range(options.children)]
        list(pool.map(work, parts, homes))
    return found


def _case(
    child: Child, options: argparse.Namespace, seeds: list[Seed], reader: str, number: int, home: Path
) -> Outcome:
    is_valid = number < len(seeds)
    rng = None if is_valid else random.Random(f"{options.seed}/{reader}/{number}")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    path = seeds[number % len(seeds)].write(home, rng)
    outcome = child.run(f"{reader}:{number}", reader, path)
    if is_valid and outcome.kind == "clean error":
        outcome = Outcome("foreign traceback", outcome.case, f"the valid seed is refused: {outcome.detail}")
    if outcome.kind not in ACCEPTED:
        print(f"{outcome.case}: {outcome.kind}: {outcome.detail}", file=sys.stderr, flush=True)
        if options.keep:
            shutil.copytree(home, options.keep / f"{reader} {number}".replace(",", ""), dirs_exist_ok=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
