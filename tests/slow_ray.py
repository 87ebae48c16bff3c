"""Ray on a machine that is busy.

Its node waits fifteen seconds for each port that its own helpers use, and then ends itself, which nobody notices who
waits for it. Here it is told what they would say, and is given longer than thirty seconds to register.
"""

import inspect
import socket
import time
from typing import Any

import psutil


def patient(seconds: float = 600) -> None:
    """From now on, in this process, a node may take ``seconds`` to register."""
    from ray._private import services

    if getattr(services.get_node, "patient", False):
        return
    get, start = services.get_node, services.start_raylet

    def get_node(*args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        while True:
            try:
                return get(*args, **kwargs)
            except RuntimeError:
                if time.monotonic() - began > seconds:
                    raise
                time.sleep(1)

    def start_raylet(*args: Any, **kwargs: Any) -> Any:
        given = inspect.signature(start).bind(*args, **kwargs)
        _without_helpers(given.arguments["session_dir"], given.arguments["node_id"])
        given.arguments["runtime_env_agent_port"] = _free()
        return start(*given.args, **given.kwargs)

    get_node.patient = True  # type: ignore[attr-defined]
    services.get_node, services.start_raylet = get_node, start_raylet


def workers(doing: str = "ray::Worker") -> list[int]:
    """The processes of this one's workers; of those at a chunk alone, if that is ``ray::Worker.run``."""
    found = []
    for each in psutil.Process().children(recursive=True):
        try:
            if any(doing in word for word in each.cmdline()):
                found.append(each.pid)
        except psutil.Error:
            continue  # it has ended meanwhile
    return found


def _without_helpers(session: str, node: str) -> None:
    """Say in their place what helpers say that serve nobody: metrics and dashboards are not wanted in a test."""
    from ray import _raylet

    names = "METRICS_AGENT_PORT_NAME", "METRICS_EXPORT_PORT_NAME", "DASHBOARD_AGENT_LISTEN_PORT_NAME"
    for name in names:
        _raylet.persist_port(session, node, getattr(_raylet, name), -1)


def _free() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port
