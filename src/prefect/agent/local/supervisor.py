"""The supervisord configuration of a local agent, as ``prefect agent local install`` prints it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

_SUPERVISOR_CONF = """\
; Keeps a local agent running. Save as supervisord.conf; then
;   supervisord                        starts it
;   supervisorctl status               says how it is
;   supervisorctl fg prefect-agent     shows its output
;   supervisorctl reload               after a change of this file
;   supervisorctl shutdown             stops all

[unix_http_server]
file=/tmp/supervisor.sock

[supervisord]
loglevel=info

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix:///tmp/supervisor.sock

[program:prefect-agent]
command={command}
"""


def supervisor_conf(
    *,
    key: str | None,
    tenant_id: str | None,
    labels: Iterable[str],
    env: Iterable[str],
    agent_config_id: str | None,
    import_paths: Iterable[str],
    show_flow_logs: bool,
) -> str:
    """Write a supervisord configuration whose one program is a local agent."""
    words = ["prefect", "agent", "local", "start"]
    for option, value in (("--key", key), ("--tenant-id", tenant_id), ("--agent-config-id", agent_config_id)):
        words += [option, value] if value else []
    for option, values in (("--label", labels), ("--env", env), ("--import-path", import_paths)):
        for value in values:
            words += [option, value]
    words += ["--show-flow-logs"] if show_flow_logs else []
    # supervisord expands %(...)s in commands.
    return _SUPERVISOR_CONF.format(command=shlex.join(words).replace("%", "%%"))
