"""Ray on a machine that is busy: it gives its node thirty seconds to register, and is made to wait longer."""

import time
from typing import Any


def patient(seconds: float = 900) -> None:
    """From now on, in this process, a node may take ``seconds`` to register."""
    from ray._private import services

    plain = services.get_node

    def get_node(*args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        while True:
            try:
                return plain(*args, **kwargs)
            except RuntimeError:
                if time.monotonic() - began > seconds:
                    raise
                time.sleep(1)

    services.get_node = get_node
