"""Ray on a machine that is busy.

Its node waits for ports from its own helpers, fifteen seconds for each, and then ends itself: here it is told the ports
and waits for none. The one who starts it gives it thirty seconds to register, and is made to wait longer.
"""

import socket
import time
from contextlib import ExitStack
from typing import Any

import psutil

HELPERS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def patient(seconds: float = 900) -> None:
    """From now on, in this process, a node may take ``seconds`` to register."""
    from ray._private import parameter, services

    if getattr(services.get_node, "patient", False):
        return
    plain, params = services.get_node, parameter.RayParams

    def get_node(*args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        while True:
            try:
                return plain(*args, **kwargs)
            except RuntimeError:
                if time.monotonic() - began > seconds:
                    raise
                time.sleep(1)

    get_node.patient = True  # type: ignore[attr-defined]
    services.get_node = get_node
    parameter.RayParams = lambda **given: params(**{**given, **_ports()})


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


def _ports() -> dict[str, int]:
    """Ports that are free now, one for each helper."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in HELPERS]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return {name: each.getsockname()[1] for name, each in zip(HELPERS, sockets, strict=True)}
