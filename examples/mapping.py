"""Mapping: one task, run once for each element, side by side; then everything together again."""

from __future__ import annotations

from prefect import Flow, flatten, task, unmapped
from prefect.executors import LocalDaskExecutor


@task
def chapters() -> list[str]:
    return ["the cat sat", "on the mat", "and the dog on the cat"]


@task
def words(chapter: str) -> list[str]:
    return chapter.split()


@task
def is_rare(word: str, common: set[str]) -> bool:
    return word not in common


@task
def count(flags: list[bool]) -> int:
    return sum(flags)


with Flow("mapping", executor=LocalDaskExecutor("threads", num_workers=4)) as flow:
    # Three children, one for each chapter.
    found = words.map(chapters())
    # flatten: a list of lists becomes one list, so there is a child for each word.
    # unmapped: each child gets the whole set.
    rare = is_rare.map(flatten(found), common=unmapped({"the", "on", "and"}))
    # Not mapped: the list of all results.
    rare_words = count(rare)

if __name__ == "__main__":
    state = flow.run()
    children = state.result[rare].map_states
    print(f"{len(children)} words were looked at, {state.result[rare_words].result} of them are rare")
