"""Flows in a Git repository: a bare one in a folder, cloned for real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, context
from prefect.model import codec
from prefect.storage import Git
from prefect.utilities.git import TemporaryGitRepo

porcelain = pytest.importorskip("dulwich.porcelain")

pytestmark = pytest.mark.process

SCRIPT = """
from pathlib import Path
from prefect import Flow, task

@task(name={task!r})
def said():
    return Path(__file__).with_name("words.txt").read_text()

with Flow("first") as first:
    said()

with Flow("second") as second:
    pass
"""
AUTHOR = b"A <a@example.com>"


class Repository:
    """A bare repository with two versions of a flow, and the ids of its commits."""

    def __init__(self, folder: Path) -> None:
        self.bare, self.work = folder / "bare.git", folder / "work"
        porcelain.init(str(self.bare), bare=True).close()
        self.repo = porcelain.init(str(self.work))
        self.first = self.commit("one")
        porcelain.tag_create(self.repo, b"light")
        porcelain.tag_create(self.repo, b"annotated", author=AUTHOR, message=b"m", annotated=True)
        porcelain.branch_create(self.repo, b"old")
        self.second = self.commit("two")
        self.main = porcelain.active_branch(self.repo).decode()
        refs = [f"refs/heads/{self.main}", "refs/heads/old", "refs/tags/light", "refs/tags/annotated"]
        porcelain.push(self.repo, str(self.bare), [ref.encode() for ref in refs])
        self.repo.close()

    def commit(self, version: str) -> str:
        (self.work / "flows").mkdir(exist_ok=True)
        (self.work / "flows" / "flow.py").write_text(SCRIPT.format(task=version))
        (self.work / "flows" / "words.txt").write_text(f"words of {version}")
        paths = [str(self.work / "flows" / name) for name in ("flow.py", "words.txt")]
        porcelain.add(self.repo, paths)
        return str(porcelain.commit(self.repo, message=version.encode(), author=AUTHOR, committer=AUTHOR).decode())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("git"))


def load(repository: Repository, **how: Any) -> Flow:
    storage = Git("flows/flow.py", git_clone_url_secret_name="REPOSITORY", **how)
    storage.add_flow(Flow("first"))
    travelled = codec.load("storage", json.loads(json.dumps(storage.serialize())))
    with context(secrets={"REPOSITORY": str(repository.bare)}):
        return travelled.get_flow("first")


def task_names(flow: Flow) -> set[str]:
    return {task.name for task in flow.tasks}


def test_the_head_of_the_default_branch(repository: Repository) -> None:
    assert task_names(load(repository)) == {"two"}


@pytest.mark.parametrize("how", [{"branch_name": "old"}, {"tag": "light"}, {"tag": "annotated"}], ids=str)
def test_a_branch_or_tag(repository: Repository, how: dict[str, str]) -> None:
    assert task_names(load(repository, **how)) == {"one"}


def test_a_commit_far_below_the_head(repository: Repository) -> None:
    assert task_names(load(repository, commit=repository.first)) == {"one"}
    assert task_names(load(repository, commit=repository.second)) == {"two"}


def test_the_flow_is_chosen_by_flow_name_and_not_by_the_registered_one(repository: Repository) -> None:
    assert load(repository, flow_name="second").name == "second"
    assert load(repository).name == "first"


@pytest.mark.parametrize("how", [{"branch_name": "nobody"}, {"tag": "nobody"}, {"commit": "0" * 40}], ids=str)
def test_what_is_not_in_the_repository_is_an_error_that_leaves_no_folder(
    repository: Repository, how: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(Exception, match=r"nobody|0000"):
        load(repository, **how)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_in_the_repository_is_an_error(repository: Repository) -> None:
    storage = Git("flows/other.py", git_clone_url_secret_name="REPOSITORY")
    storage.add_flow(Flow("first"))
    with context(secrets={"REPOSITORY": str(repository.bare)}), pytest.raises(FileNotFoundError, match=r"other\.py"):
        storage.get_flow("first")


def test_a_clone_is_there_for_the_length_of_the_block(repository: Repository) -> None:
    with TemporaryGitRepo(str(repository.bare), tag="annotated") as clone:
        folder = Path(clone.temp_dir.name)
        assert (folder / "flows" / "words.txt").read_text() == "words of one"
        assert clone.get_tree_id_for_branch_or_tag()
    assert not folder.exists()
