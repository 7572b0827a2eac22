"""Commands and files on another machine: paramiko in our tasks against a server by asyncssh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect import context
from prefect.engine.signals import FAIL
from prefect.tasks.sftp import SftpDownload, SftpUpload, sftp
from prefect.tasks.ssh import SshCommand
from support.road import free_port, wait_until
from support.ssh_server import PASSWORD, USER, SshServer

pytest.importorskip("paramiko")
pytest.importorskip("asyncssh")

HOSTILE = 'a\'; echo b\n$(echo c) `echo d` \\ "e"'


def command(ssh: SshServer, **further: Any) -> SshCommand:
    how = {"password": PASSWORD, "known_hosts": str(ssh.known_hosts), **further}
    return SshCommand(host="127.0.0.1", port=ssh.port, username=USER, **how)


def test_commands_give_what_they_wrote(ssh: SshServer) -> None:
    run = command(ssh).run
    assert run("echo one; echo two >&2; echo three") == "three"
    assert run("echo one; echo two >&2", return_all=True) == ["one", "two"]
    assert run("true") is None
    assert len(run("yes x | head -c 300000", return_all=True)) == 150_000
    with pytest.raises(FAIL, match="Command failed with exit code 3") as caught:
        run("echo so; exit 3")
    assert caught.value.state.result == "so"


def test_values_reach_the_command_as_they_are(ssh: SshServer) -> None:
    run = command(ssh, return_all=True).run
    assert run(["printf", "%s", HOSTILE]) == HOSTILE.splitlines()
    assert run('printf %s "$WORD"', env={"WORD": HOSTILE}) == HOSTILE.splitlines()
    with pytest.raises(ValueError, match=r"\(`env` of SshCommand\)"):
        run("true", env={"A=1; rm -r x; B": "c"})
    assert len(ssh.ended) == 2


def test_ways_to_log_in(ssh: SshServer) -> None:
    with context(secrets={"MACHINE": PASSWORD}):
        assert command(ssh, password=None, password_secret="MACHINE").run("echo in") == "in"
    assert command(ssh, password=None, key_filename=str(ssh.user_key)).run("echo in") == "in"
    with pytest.raises(Exception, match="Authentication failed") as caught:
        command(ssh, password="wr0ng-pass").run("echo in")
    assert "wr0ng" not in str(caught.value)
    with pytest.raises(ValueError, match=r'"MACHINE".*\(`password_secret` of SshCommand\)'):
        command(ssh, password=None, password_secret="MACHINE").run("echo in")


def test_a_machine_that_nobody_knows_gets_no_password(ssh: SshServer, tmp_path: Path) -> None:
    (tmp_path / "none").touch()
    with pytest.raises(Exception, match="not found in known_hosts"):
        command(ssh, known_hosts=str(tmp_path / "none")).run("true")
    assert (ssh.passwords, ssh.ended) == ([], [])


def test_a_command_that_is_silent_too_long_is_ended(ssh: SshServer) -> None:
    with pytest.raises(TimeoutError, match=r"SshCommand: the command wrote nothing for 0\.2 seconds"):
        command(ssh, timeout_seconds=0.2).run("exec sleep 600")

    wait_until("the command ends", lambda: ssh.ended)
    assert ssh.ended == [("exec sleep 600", -15)]


def test_a_cancelled_run_leaves_no_command_behind(ssh: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    task = command(ssh)

    def cancelled(self: SshCommand, channel: Any) -> bytes:
        channel.recv(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(SshCommand, "_output", cancelled)
    with pytest.raises(KeyboardInterrupt):
        task.run("echo begun; exec sleep 600")

    wait_until("the command ends", lambda: ssh.ended)
    assert ssh.ended[0][1] == -15


def files(ssh: SshServer, tmp_path: Path, **further: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1", "port_number": ssh.port, "username": USER, "password": PASSWORD,
        "remote_path": "in/../report;$(x).csv", "local_path": str(tmp_path / "here.csv"), **further,
    }  # fmt: skip


def test_files_go_there_and_come_back(ssh: SshServer, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    (tmp_path / "here.csv").write_bytes(content)
    (ssh.files / "in").mkdir()

    SftpUpload(**files(ssh, tmp_path)).run()
    assert (ssh.files / "report;$(x).csv").read_bytes() == content
    SftpDownload(**files(ssh, tmp_path)).run(local_path=str(tmp_path / "back.csv"))
    assert (tmp_path / "back.csv").read_bytes() == content


def test_what_is_not_there_makes_no_file_here(ssh: SshServer, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SftpDownload(**files(ssh, tmp_path, remote_path="none")).run()
    assert not (tmp_path / "here.csv").exists()
    with pytest.raises(FileNotFoundError, match=r"here\.csv"):
        SftpUpload(**files(ssh, tmp_path)).run()


def test_a_server_that_refuses_is_away_or_is_stuck(
    ssh: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Exception, match="Authentication failed") as caught:
        SftpDownload(**files(ssh, tmp_path, password="wr0ng-pass")).run()
    assert "wr0ng" not in str(caught.value)
    with pytest.raises(ConnectionRefusedError):
        SftpDownload(**files(ssh, tmp_path, port_number=free_port())).run()
    ssh.is_stuck = True
    monkeypatch.setattr(sftp, "TIMEOUT_SECONDS", 1.0)
    with pytest.raises(TimeoutError, match=rf"SftpDownload: 127\.0\.0\.1:{ssh.port} did not answer within 1 seconds"):
        SftpDownload(**files(ssh, tmp_path)).run()
