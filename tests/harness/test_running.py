"""The suite's own rules: a printed order, no quiet skip, nothing left running, and the same names in every process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PLUGINS = ("order", "skips", "processes")


class Suite:
    """A few tests in a folder of their own, run under the rules of this suite."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, files: dict[str, str], *options: str, **environ: str) -> str:
        """Give what pytest prints."""
        for name, text in files.items():
            (self.folder / name).write_text(textwrap.dedent(text))
        clean = {k: v for k, v in os.environ.items() if k != "PROCTOR_CI" and not k.startswith("PYTEST_")}
        plugins = [part for name in PLUGINS for part in ("-p", f"support.{name}")]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *plugins, *options, "."],
            cwd=self.folder,
            env={**clean, "PYTHONPATH": str(TESTS), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


# --- order ------------------------------------------------------------------------------------------------------------

TEN = "import pytest\n@pytest.mark.parametrize('n', range(10))\ndef test_number(n): pass\n"


def ran(printed: str) -> list[str]:
    return re.findall(r"(test_\w+\.py::\S+) PASSED", printed)


def test_a_seed_gives_its_order_again_and_is_printed(suite: Suite) -> None:
    files = {"test_a.py": TEN, "test_b.py": TEN}
    usual, random = ran(suite.run(files)), suite.run(files, "--order", "random")
    (seed,) = set(re.findall(r"order of the tests: --order (\d+)", random))

    again = suite.run(files, "--order", seed)

    assert ran(again) == ran(random)
    assert ran(again) != usual
    assert sorted(ran(again)) == sorted(usual)


def test_a_file_stays_together_in_any_order(suite: Suite) -> None:
    files = {f"test_{letter}.py": TEN for letter in "abcdef"}
    order = [name.partition("::")[0] for name in ran(suite.run(files, "--order", "1"))]
    assert [name for n, name in enumerate(order) if n == 0 or order[n - 1] != name] != sorted(files)
    assert len([name for n, name in enumerate(order) if n == 0 or order[n - 1] != name]) == len(files)


def test_the_tests_of_this_run_have_the_same_names_in_another_process(request: pytest.FixtureRequest) -> None:
    """No name holds an address, a random text, or the place in a set."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *request.config.args],
        cwd=request.config.invocation_params.dir,
        env=clean | {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    there = {line for line in done.stdout.splitlines() if "::" in line}
    here = {item.nodeid for item in request.session.items}
    assert sorted(here - there) == []


# --- skips ------------------------------------------------------------------------------------------------------------

MISSING = {
    "test_missing.py": """
        import pytest
        def test_postgres(): pytest.skip("no PostgreSQL server: set PROCTOR_TEST_POSTGRES")
        @pytest.mark.skipif(True, reason="the released 1.4.1 is not installed: make compat")
        def test_released(): pass
        def test_docker(): pytest.skip("there is no Docker engine here: apt-get install docker.io")
        @pytest.mark.xfail(strict=True)
        def test_expected(): assert False
        """,
    "test_package.py": "import pytest\npytest.importorskip('a_package_that_is_not_there')\ndef test_it(): pass\n",
}


def test_what_cannot_be_started_is_a_failure_in_ci(suite: Suite) -> None:
    printed = suite.run(MISSING, "--continue-on-collection-errors", PROCTOR_CI="1")
    assert "must run in CI, and was skipped: no PostgreSQL server" in printed
    assert "must run in CI, and was skipped: the released 1.4.1 is not installed" in printed
    assert "must run in CI, and was skipped: could not import 'a_package_that_is_not_there'" in printed
    assert "1 failed, 1 skipped, 1 xfailed, 2 errors" in printed
    assert "test_docker SKIPPED" in printed


def test_elsewhere_each_reason_is_one_loud_line(suite: Suite) -> None:
    printed = suite.run(MISSING)
    loud = [line for line in printed.splitlines() if line.startswith("NOT TESTED: ")]
    assert len(loud) == 3
    assert "did not run: no PostgreSQL server: set PROCTOR_TEST_POSTGRES" in printed
    assert "Docker" not in "".join(loud)
    assert " failed" not in printed


# --- processes --------------------------------------------------------------------------------------------------------

QUICK = "import support.processes\nsupport.processes.LEAVE_SECONDS = 0.2\n"
START = """
    import subprocess, sys
    def start():
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
"""


@pytest.mark.parametrize("ending", ["pass", "assert False"], ids=["passes", "fails"])
def test_what_a_test_leaves_is_told_and_killed_before_the_next_one(suite: Suite, ending: str) -> None:
    text = f"""
    {START}
    left = []
    def test_it():
        left.append(start())
        {ending}
    def test_next():
        assert left[0].wait(30) == -9
    """
    printed = suite.run({"conftest.py": QUICK, "test_it.py": text})
    assert "ERROR at teardown of test_it" in printed
    assert "test_it.py::test_it left processes, which were killed:" in printed
    assert "time.sleep(600)" in printed
    assert "test_next PASSED" in printed


def test_what_a_test_leaves_behind_another_process_is_found(suite: Suite) -> None:
    text = """
    import subprocess, sys
    PROGRAM = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(601)'])"
    def test_it():
        subprocess.run([sys.executable, "-c", PROGRAM], check=True)
    """
    printed = suite.run({"conftest.py": QUICK, "test_it.py": text})
    assert "left processes, which were killed:" in printed
    assert "time.sleep(601)" in printed


def test_a_fixture_of_a_module_keeps_its_process_until_it_ends(suite: Suite) -> None:
    text = f"""
    import pytest
    {START}
    @pytest.fixture(scope="module")
    def process():
        process = start()
        yield process
        if {{ends}}:
            process.kill()
            process.wait()
    def test_one(process): assert process.poll() is None
    def test_two(process): assert process.poll() is None
    """
    good = suite.run({"conftest.py": QUICK, "test_it.py": text.replace("{ends}", "True")})
    assert "2 passed" in good
    assert "error" not in good
    bad = suite.run({"conftest.py": QUICK, "test_it.py": text.replace("{ends}", "False")})
    assert "2 passed, 1 error" in bad
    assert "test_two left processes" in bad
