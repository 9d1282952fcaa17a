"""Confusions of finished runs, kept beside a table so that its seeds may be trained on several machines."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass
class Kept:
    """What a file keeps of runs: for each row and seed, counts by group of test samples, and a score.

    Attributes:
        file: JSON. Counts are kept sparsely, as [group, true, predicted, count].
        runs: By row and seed, the score on the validation part and the counts (n, 4).
    """

    file: Path
    runs: dict[str, dict[str, tuple[float, np.ndarray]]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Kept:
        kept = cls(file)
        if file.is_file():
            for row, seeds in json.loads(file.read_text()).items():
                kept.runs[row] = {
                    seed: (run["validation"], np.array(run["counts"]).reshape(-1, 4))
                    for seed, run in seeds.items()
                }
        return kept

    def add(self, row: str, seed: int, validation: float, units: np.ndarray) -> None:
        """Keep the confusions (groups, k, k) of a run; an earlier one of this row and seed is replaced."""
        places = np.argwhere(units)
        counts = np.column_stack([places, units[tuple(places.T)]])
        self.runs.setdefault(row, {})[str(seed)] = (validation, counts.astype(int))

    def of(self, row: str, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Scores on validation (seeds,) and confusions (seeds, groups, k, k) of a row, by seed."""
        seeds = sorted(self.runs.get(row, {}).items(), key=lambda it: int(it[0]))
        units = np.zeros((len(seeds), *shape), dtype=int)
        for number, (_, (_, counts)) in enumerate(seeds):
            units[(number, *counts[:, :3].T)] = counts[:, 3]
        return np.array([score for _, (score, _) in seeds]), units

    def write(self) -> None:
        """Write the file, a line for each run."""
        lines = []
        for row, seeds in self.runs.items():
            runs = []
            for seed, (score, counts) in sorted(seeds.items(), key=lambda it: int(it[0])):
                run = {"validation": round(float(score), 6), "counts": counts.tolist()}
                runs.append(f"  {json.dumps(seed)}: {json.dumps(run, separators=(',', ':'))}")
            lines.append(f" {json.dumps(row)}: {{\n" + ",\n".join(runs) + "\n }")
        self.file.write_text("{\n" + ",\n".join(lines) + "\n}\n")
