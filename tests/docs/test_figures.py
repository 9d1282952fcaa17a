"""Figures on the page about measuring are those of the measured tables."""

import re

from affekt.data.open import open_dataset


def test_coverage_is_that_of_the_simulation(page):
    shares = {}
    for part in re.split(r"^## ", page("benchmarks/results/coverage.md").source, flags=re.M)[1:]:
        if part.startswith("Items without subjects"):
            continue
        for line in part.splitlines():
            if row := re.match(r"\| (\d+)(?: \(over items\))? \|(.*)", line):
                in_use = re.findall(r"([\d.]+)%", row[2])[3:]
                shares.setdefault(int(row[1]), []).extend(map(float, in_use))
    text = page("docs/measuring.md").text
    for words, subjects in (("20 subjects or more", [20, 100]), ("4 to 8", [4, 5, 8]), ("1 or 2", [1, 2])):
        found = [share for count in subjects for share in shares[count]]
        line = next(line for line in text.splitlines() if line.startswith("- ") and words in line)
        assert f"{min(found):.1f} % to {max(found):.1f} %" in line


def test_false_positives_are_those_of_the_simulation(page):
    table = page("benchmarks/results/paired.md").source
    row = next(line for line in table.splitlines() if line.startswith("| 200 items, 3 seeds, spread 0.3 |"))
    items, in_use = row.split("|")[4:6]
    text = page("docs/measuring.md").text
    assert f"{items.strip().removesuffix('%')} % of the" in text
    assert f"in {in_use.strip().removesuffix('%')} %." in text


def test_the_first_day_states_the_size_of_its_test_part(page):
    test = [one for one in open_dataset("walkers", None, {"walkers": 16}).samples if one.split == "test"]
    subjects = {one.subject for one in test}
    assert f"has {len(test)} walks of {len(subjects)} persons" in page("docs/quickstart.md").text
