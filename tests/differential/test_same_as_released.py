"""A fixed sample of invented flows gives what the released 1.4.1 gave for them, but for the differences on purpose.

The answers of 1.4.1 are stored in ``sample.jsonl.gz``; ``python tests/differential/run.py --record`` makes it again.
``make differential`` asks both packages about thousands of new flows.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from support.differential import ask as ask_driver
from support.differential import intended, read_sample, unintended

ROOT = Path(__file__).parents[2]
SAMPLE = read_sample()


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    flows = [row["flow"] for row in SAMPLE]
    given = ask_driver(sys.executable, flows, home=tmp_path_factory.mktemp("ours"))
    return {row["seed"]: answer for row, answer in zip(SAMPLE, given, strict=True)}


def test_the_sample_is_large_enough_to_mean_something():
    assert len(SAMPLE) >= 200
    text = "".join(str(row["flow"]) for row in SAMPLE)
    for word in (
        "apply_map",
        "resource",
        "case",
        "merge",
        "cache_validator",
        "loop",
        "retry",
        "nout",
        "target",
        "timeout",
    ):
        assert f"'{word}'" in text


@pytest.mark.parametrize("row", SAMPLE, ids=[row["seed"] for row in SAMPLE])
def test_a_flow_of_the_sample_does_what_it_did(row, answers):
    left = unintended(row["flow"], row["answer"], answers[row["seed"]], intended())
    assert not left, "\n".join(map(str, left[:5]))


def test_every_intended_difference_is_explained_to_users():
    page = (ROOT / "docs" / "compatibility.md").read_text()
    names = {entry.name for entry in intended()}
    told = set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE))
    assert names == told
    assert all(entry.reason for entry in intended())
