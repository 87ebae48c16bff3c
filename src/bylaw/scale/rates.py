"""Tokens a second of one GPU, measured where somebody measured, projected where not: each says which, and from what.

``bylaw bench --json`` writes measured ones; what follows for another model of the same kind of work is projected by
operations a token. Decoding reads all weights for every step, so it is projected by bytes.
"""

from pathlib import Path
from typing import Literal

import msgspec

from bylaw.errors import RecordError
from bylaw.scale.shapes import SIZES, Shape

Work = Literal["generate", "label", "train"]

PEAKS: dict[str, float] = {
    "H200": 989e12,
    "H100": 989e12,
    "B200": 2250e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "RTX 4090": 165e12,
}
"""Dense bfloat16 operations a second of a chip, from the makers' data sheets; by a part of its name."""


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """``tokens`` a second of one GPU at a kind of work, by a model of ``parameters``. ``share`` of the chip's peak."""

    work: Work
    tokens: float
    parameters: float
    source: str
    measured: bool
    share: float | None = None


def peak_of(device: str) -> float | None:
    """The peak of a device by its name; None for one that is not known, a CPU for instance."""
    return next((peak for name, peak in PEAKS.items() if name in device), None)


def projected(shape: Shape) -> list[Rate]:
    """What an H100 is expected to do, from other people's figures and the roofline; measured by nobody here."""
    ratio = SIZES["8b"].parameters / shape.parameters
    peak = PEAKS["H100"]
    prefill = 0.45 * peak / shape.body_flops(1024)
    training = 0.40 * peak / (3 * (shape.body_flops(1024) + shape.head_flops))
    published = "vLLM on an H100, Llama 3.1 8B, 12,553 output tokens/s (third party), by weights read"
    roof = "roofline of an H100, 989 TFLOP/s, at a share of"
    return [
        Rate(work="generate", tokens=12_553 * ratio, parameters=shape.parameters, source=published, measured=False),
        Rate(
            work="label", tokens=prefill, parameters=shape.parameters, source=f"{roof} 45 %", measured=False, share=0.45
        ),
        Rate(
            work="train", tokens=training, parameters=shape.parameters, source=f"{roof} 40 %", measured=False, share=0.4
        ),
    ]


def read_rates(path: Path, shape: Shape) -> list[Rate]:
    """The rates that ``bylaw bench --json`` wrote, scaled to ``shape`` where it measured another."""
    try:
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
        rates = [msgspec.json.decode(line, type=Rate) for line in lines]
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}", str(path)) from error
    except msgspec.DecodeError as error:
        raise RecordError(f"is not what bylaw bench --json writes: {error}", str(path)) from error
    return [_scaled(rate, shape) for rate in rates]


def _scaled(rate: Rate, shape: Shape) -> Rate:
    ratio = rate.parameters / shape.parameters
    if abs(ratio - 1) < 0.02:
        return rate
    source = f"{rate.source}, at {rate.parameters / 1e9:.2g} B parameters"
    return msgspec.structs.replace(
        rate, tokens=rate.tokens * ratio, parameters=shape.parameters, source=source, measured=False
    )


def chosen(measured: list[Rate], shape: Shape) -> dict[Work, Rate]:
    """One rate for each kind of work: the measured one if there is one."""
    return {rate.work: rate for rate in [*projected(shape), *measured]}
