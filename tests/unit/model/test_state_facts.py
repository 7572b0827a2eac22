"""What is known of a run from the name of its state: derived from the classes, and written down nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import prefect
from prefect.model import state_facts
from prefect.model.state import State
from prefect.model.state_facts import STATE_CLASSES, STORABLE

PACKAGE = Path(prefect.__file__).parent
#: Lists of names that mean something else: the classes themselves, the words of released revisions, names that are
#: offered to people, the template of a demonstration, and the words of another service.
ELSEWHERE = (
    "model/",
    "server/store/migrations/",
    "engine/state.py",
    "serialization/",
    "utilities/_stubs",
    "tasks/azure/",
)


def test_the_facts_agree_with_the_predicates_of_the_classes():
    def names(predicate):
        return {name for name in STORABLE if getattr(STATE_CLASSES[name](), predicate)()}

    assert set(state_facts.FINISHED) == names("is_finished")
    assert set(state_facts.RUNNING) == names("is_running")
    assert set(state_facts.TAKEABLE) == names("is_scheduled") - {"Queued"}
    assert set(state_facts.FAILED) == names("is_failed")
    assert set(state_facts.OPEN) == set(STORABLE) - names("is_finished")
    assert set(state_facts.ENDED) == names("is_finished") - names("is_looped")
    assert set(state_facts.WAITING) == names("is_scheduled")
    assert set(state_facts.ALIVE) == names("is_running") | {"Submitted"}


def test_every_fact_holds_names_of_states_each_once():
    for name in state_facts.__all__:
        fact = getattr(state_facts, name)
        if isinstance(fact, tuple):
            assert len(set(fact)) == len(fact), name
            assert set(fact) <= set(STORABLE), name


def test_a_subclass_of_a_user_is_no_state_of_the_wire():
    class Mine(State):
        pass

    assert not state_facts.is_kind("Mine", State)
    assert not state_facts.is_kind(None, State)


def test_no_other_module_lists_states():
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if place.startswith(ELSEWHERE):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                names = [item.value for item in node.elts if isinstance(item, ast.Constant) and item.value in STORABLE]
                if len(names) > 1:
                    found.append(f"{place}:{node.lineno}: {names}")

    assert found == []
