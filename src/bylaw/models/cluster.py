"""Where a model's programs run: in this process, or in workers on a Ray cluster. No torch and no Ray here."""

from typing import Literal

import msgspec

from bylaw.errors import SettingsError


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who generates and labels. ``workers`` 0: this process; else as many on Ray, each with ``cpus`` and ``gpus``.

    ``address``: of a Ray cluster, "auto" for the one this machine belongs to; "" starts one here. ``engine``:
    ``transformers``, or ``vllm`` where there are GPUs. A worker that dies is started again, and its chunk with it, up
    to ``retries`` times.
    """

    workers: int = 0
    address: str = ""
    cpus: float = 1
    gpus: float = 0
    engine: Literal["transformers", "vllm"] = "transformers"
    retries: int = 25

    def __post_init__(self) -> None:
        if self.workers < 0 or self.retries < 0:
            raise SettingsError("cluster.workers and cluster.retries are counts: 0 or more")
        if self.engine == "vllm" and not (self.workers and self.gpus):
            raise SettingsError("cluster.engine vllm runs in workers with GPUs: set cluster.workers and cluster.gpus")


def lasting(settings: ClusterSettings) -> ClusterSettings:
    """The settings without what is this cluster's alone and shapes nothing: a run may go on anywhere."""
    if settings.engine == "transformers":
        return ClusterSettings()
    return ClusterSettings(engine=settings.engine, workers=1, gpus=1)
