"""The faults that `make mutants` makes, and which tests it meets them with."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

TOOLS = str(Path(__file__).parents[3] / "tools")


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TOOLS)
    import mutants

    monkeypatch.setattr(mutants, "ROOT", mutants.HERE)  # no copy of the tree is made here


def changed(text: str) -> set[str]:
    """Give every changed line of a small module, beside its kind."""
    from mutation.changes import Source

    source = Source("src/prefect/x.py", dedent(text))
    found = set()
    for change in source.changes:
        if source.is_readable(change):
            new = source.applied(change).splitlines()
            lines = [line.strip() for line in new if line not in source.lines] or ["(a line less)"]
            found.add(f"{change.kind}: {' / '.join(lines)}")
    return found


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("x = a < b", {"comparison: x = a <= b"}),
        ("x = a is not None", {"comparison: x = a is None"}),
        ("x = a not in b", {"comparison: x = a in b"}),
        ("x = a and b", {"boolean: x = a or b"}),
        ("x = 5", {"constant: x = 6", "constant: x = 4"}),
        ("x = True", {"constant: x = False"}),
        ("x = 2.0", {"constant: x = 2000.0", "constant: x = 0.0"}),
        ("x = not a", {"negation: x = a"}),
        ("x = a - b", {"arithmetic: x = a + b"}),
        ("x = max(a, b)", {"call: x = min(a, b)"}),
        ("x = sorted(a)", {"order: x = list(a)"}),
        ("x = f(a, b=c)", {"argument: x = f(a)"}),
        ("x = [a for a in b if a]", {"filter: x = [a for a in b if True]"}),
        ("x = s.where(a).limit(n)", {"clause: x = s.where(a)", "clause: x = s.limit(n)"}),
        ("x = s.where(a, b)", {"clause: x = s", "clause: x = s.where(a)", "clause: x = s.where(b)"}),
        ("x = (a & b)", {"clause: x = (a)", "clause: x = (b)"}),
        ("x = c.desc()", {"order: x = c", "order: x = c.asc()"}),
        (
            "x = s.order_by(a, b)",
            {"clause: x = s", "clause: x = s.order_by(a)", "clause: x = s.order_by(b)", "order: x = s.order_by(b, a)"},
        ),
        ('x = text("SELECT a FROM b ORDER BY a DESC")', {
            'sql: x = text("SELECT a FROM b ORDER BY a ASC")', 'sql: x = text("SELECT a FROM b")',
        }),
        ("def f():\n    return a", {"returned: return None"}),
        ("def f():\n    g()", {"dropped: pass"}),
        ("def f():\n    a.b = c", {"dropped: pass"}),
        ("def f():\n    with lock:\n        a = b", {"lock: if True:"}),
        ("def f():\n    if a:\n        b = c", {"condition: if not a:", "condition: if False:"}),
        ("def f():\n    if a:\n        raise b", {"guard: if False:", "condition: if not a:"}),
        ("def f():\n    try:\n        a = b\n    except E:\n        a = c", {"except: except ():"}),
        (
            "def f():\n    try:\n        a = b\n    except (E, F):\n        a = c",
            {"except: except ():", "except: except (F,):", "except: except (E,):"},
        ),
        ('def f():\n    raise E("text")', {'text: raise E("something else")'}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_kind_of_fault_is_made(text: str, faults: set[str]) -> None:
    assert changed(text) == faults


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring."""',
        "import a",
        "x: int | None = None",
        "def f(a: int | None) -> list[int] | None: ...",
        "if TYPE_CHECKING:\n    x = a < b",
        '__all__ = ["a", "b"]',
        'def f():\n    logger.info("said %s", 1)',
        "def f():\n    return None",
        "@dataclass(frozen=True)\nclass A: ...",
    ],
)
def test_what_does_nothing_is_left_alone(text: str) -> None:
    assert changed(text) == set()


def test_a_change_knows_the_function_or_the_names_it_stands_in() -> None:
    from mutation.changes import Source

    source = Source(
        "f.py", "LIMIT = 5\n\nclass A:\n    most = 6\n\n    def f(self, n=7):\n        n = 8\n        return n\n"
    )
    places = {change.before: (change.scope, change.names) for change in source.changes}
    assert places["5"] == (None, ("LIMIT",))
    assert places["6"] == (None, ("most",))
    assert places["7"] == places["8"] == ((7, 8), ())


def test_a_change_knows_the_lines_of_its_statement_or_of_its_head() -> None:
    from mutation.changes import Source

    source = Source(
        "f.py",
        "def f(a):\n    if (\n        a > 5\n    ):\n        return g(\n            a,\n            6,\n        )\n"
        "    try:\n        a = 7\n    except (E, F):\n        a = 8\n",
    )
    statements = {change.before: change.statement for change in source.changes}
    assert (statements["5"], statements["6"], statements["7"]) == ((2, 4), (5, 8), (10, 10))
    assert statements["(E, F)"] == (11, 11)


def test_a_seed_decides_which_changes_are_made_and_rooms_share_them_evenly() -> None:
    import mutants

    found = mutants.sources(["rules", "services"], None)

    def keys(seed: str) -> list[str]:
        return [change.key for _, _, change in mutants.sample(found, 21, seed)]

    assert keys("a") == keys("a")
    assert keys("a") != keys("b")
    rooms = [room for room, _, _ in mutants.sample(found, 21, "a")]
    assert sorted((rooms.count("rules"), rooms.count("services"))) == [10, 11]


def test_what_is_listed_as_equal_has_a_file_and_a_reason() -> None:
    import mutants

    for one in mutants.equal_changes():
        assert (mutants.HERE / mutants.SOURCE / one["file"]).is_file(), one
        assert len(one["reason"]) > 10
        assert ("before" in one) == ("after" in one)


def test_an_entry_means_one_change_or_every_change_of_its_line() -> None:
    import mutants

    key = f"{mutants.SOURCE}/a.py: LIMIT = 5: 5 -> 6"
    entry = {"file": "a.py", "line": "LIMIT = 5", "reason": "r"}
    assert mutants.is_equal(key, [entry])
    assert mutants.is_equal(key, [{**entry, "before": "5", "after": "6"}])
    assert not mutants.is_equal(key, [{**entry, "before": "5", "after": "4"}])
    assert not mutants.is_equal(key, [{**entry, "file": "b.py"}])
    assert not mutants.is_equal(key, [{**entry, "line": "LIMIT"}])


def test_a_name_is_followed_through_what_is_built_of_it(tmp_path: Path) -> None:
    from mutation.uses import Uses

    room = tmp_path / "src" / "prefect"
    room.mkdir(parents=True)
    (room / "words.py").write_text("LIMIT = 5\nHALF = LIMIT // 2\n")
    (room / "use.py").write_text("from prefect.words import HALF\n\ndef f():\n    return HALF\n")
    (room / "other.py").write_text("def f(HALF):\n    return HALF\n")

    assert Uses(tmp_path).of("src/prefect/words.py", ["LIMIT"]) == {("src/prefect/use.py", 4)}


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A tree of one module and one test, of which it is known that it runs the module's line."""
    import json

    from mutation.lines import digest

    source, test = tmp_path / "src/prefect/client/a.py", tmp_path / "tests/test_a.py"
    for path, text in ((source, "def f(a):\n    return a < 5\n"), (test, "def test_f(): ...\n")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    name, mark = str(source.relative_to(tmp_path)), digest(source)
    kept = tmp_path / "lines" / f"test_a.py.{digest(test)}.json"
    (tmp_path / "lines" / "sources").mkdir(parents=True)
    (tmp_path / "lines" / "sources" / mark).write_text(source.read_text())
    kept.write_text(
        json.dumps({"tests": {"tests/test_a.py::test_f": 0.5}, "lines": {name: {"2": [0]}}, "sources": {name: mark}})
    )
    return tmp_path


def judged(tree: Path) -> tuple[Any, Any]:
    """Read what was recorded; give a judge and the module."""
    import mutants
    from mutation.changes import Source
    from mutation.lines import Lines
    from mutation.uses import Uses

    lines = Lines(tree, tree / "lines")
    lines.load()
    name = "src/prefect/client/a.py"
    source = Source(name, (tree / name).read_text())
    return mutants.Judge(lines, Uses(tree)), source


def compared(tree: Path) -> tuple[Any, Any, Any]:
    """Give the judge, the module, and the change of its comparison."""
    judge, source = judged(tree)
    return judge, source, next(c for c in source.changes if c.kind == "comparison")


def test_tests_that_speak_of_what_is_changed_come_early(recorded: Path) -> None:
    """Fifty run the line; one names the function and what it compares with."""
    import json

    from mutation.lines import digest

    source, test = recorded / "src/prefect/client/a.py", recorded / "tests/test_a.py"
    source.write_text("def merge(defaults, given):\n    return given or defaults\n")
    names = [f"test_{'abcdefghij'[n % 10] * (n // 10 + 1)}" for n in range(50)]
    test.write_text("".join(f"def {name}(): merge(1, 2)\n" for name in (*names, "test_given_wins_over_its_defaults")))
    name, mark = "src/prefect/client/a.py", digest(source)
    (recorded / "lines" / "sources" / mark).write_text(source.read_text())
    tests = dict.fromkeys((f"tests/test_a.py::{one}" for one in names), 0.1)
    tests["tests/test_a.py::test_given_wins_over_its_defaults"] = 1.0
    answer = {"tests": tests, "lines": {name: {"2": [*range(51)]}}, "sources": {name: mark}}
    (recorded / "lines" / f"test_a.py.{digest(test)}.json").write_text(json.dumps(answer))

    judge, read = judged(recorded)
    change = next(c for c in read.changes if c.kind == "boolean")

    assert judge.tests_of(change)[0] == "tests/test_a.py::test_given_wins_over_its_defaults"
    assert sorted(judge.tests_of(change)) == sorted(tests)


def verdict_of(judge: Any, source: Any, change: Any, by: str) -> Any:
    import mutants

    rests_on = judge.lines.mark([by] if by else judge.kept_of(change))
    return mutants.Verdict(
        change.key, "client and agents", change.file, change.line, change.begin, change.kind, bool(by), by, 1, 0, "",
        mutants.mark_of(source), rests_on,
    )  # fmt: skip


@pytest.mark.parametrize("by", ["tests/test_a.py::test_f", ""], ids=["noticed", "survived"])
@pytest.mark.parametrize(
    ("changed", "text", "holds"),
    [
        ("", "", True),
        ("tests/test_a.py", "def test_f(): assert False\n", False),
        ("src/prefect/client/a.py", "def f(a):\n    return a < 5\n\nx = 1\n", False),
    ],
    ids=["nothing", "the test", "the module"],
)
def test_a_verdict_holds_until_its_file_or_a_test_that_it_rests_on_changes(
    recorded: Path, by: str, changed: str, text: str, holds: bool
) -> None:
    verdict = verdict_of(*compared(recorded), by)
    if changed:
        (recorded / changed).write_text(text)
    judge, source, change = compared(recorded)
    assert judge.tests_of(change) == ["tests/test_a.py::test_f"]
    assert judge.holds(verdict, source, change) is holds


def test_a_line_that_moved_is_met_with_the_same_tests_and_one_that_is_new_with_those_of_its_function(
    recorded: Path,
) -> None:
    (recorded / "src/prefect/client/a.py").write_text("import os\n\n\ndef f(a):\n    b = a > 7\n    return a < 5\n")
    judge, source = judged(recorded)
    tests = {change.before: judge.tests_of(change) for change in source.changes if change.kind == "comparison"}
    assert tests == {"<": ["tests/test_a.py::test_f"], ">": ["tests/test_a.py::test_f"]}


def test_tests_that_run_what_others_do_not_come_first(recorded: Path) -> None:
    import json

    from mutation.lines import digest

    source, test = recorded / "src/prefect/client/a.py", recorded / "tests/test_a.py"
    source.write_text("def f(a):\n    if a < 5:\n        raise E\n    return a\n")
    name, mark = "src/prefect/client/a.py", digest(source)
    (recorded / "lines" / "sources" / mark).write_text(source.read_text())
    plain = {f"tests/test_a.py::test_{number}": 0.1 for number in range(9)}
    answer = {
        "tests": {**plain, "tests/test_a.py::test_of_the_error": 0.5},
        "lines": {name: {"2": [*range(10)], "3": [9], "4": [*range(9)]}},
        "sources": {name: mark},
    }
    (recorded / "lines" / f"test_a.py.{digest(test)}.json").write_text(json.dumps(answer))
    judge, read = judged(recorded)
    change = next(c for c in read.changes if c.kind == "comparison")

    assert judge.tests_of(change)[0] == "tests/test_a.py::test_of_the_error"
    assert len(judge.tests_of(change)) == 10
