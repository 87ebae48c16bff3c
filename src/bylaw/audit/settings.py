"""The thresholds of an audit."""

import msgspec


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``q`` bounds the false discovery rate of every check by itself.

    Association: a mark is tested if at least ``least`` rows and at most ``most`` of all have it; a row counts if its
    content makes its outcome at least ``sure`` likely; a finding needs the opposite in at least ``contrary`` of those.
    A word in less than the share ``common`` of the texts is no content.
    """

    q: float = 1e-4
    least: int = 6
    most: float = 0.05
    common: float = 0.003
    sure: float = 0.8
    contrary: float = 0.6
    alike: float = 0.7
    cluster: int = 10
    window: float = 0.02
    loss_z: float = 8.0
    seed: int = 0
