"""Rates as buckets, by hand: what is used up comes back with time, and nobody takes from another."""

import pytest

from bylaw.gateway.caller.identify import Caller
from bylaw.gateway.limits import FORGET, Buckets, Limits
from bylaw.gateway.problem import Problem
from bylaw.gateway.settings import LimitSettings

ANN, BEN = Caller("ann", "", "org", "api", "key-1"), Caller("ben", "", "org", "api", "key-2")


def test_a_bucket_fills_as_time_passes() -> None:
    buckets = Buckets(2.0, 2.0)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [0.0] * 4
    assert buckets.take("a", 0.0) == pytest.approx(0.5)
    assert buckets.take("b", 0.0) == 0.0
    assert buckets.take("a", 0.5) == 0.0
    assert buckets.take("a", -100.0) > 0  # a clock set back gives nothing


def test_who_is_idle_is_forgotten() -> None:
    buckets = Buckets(1.0, 1.0)
    for number in range(FORGET):
        buckets.take(str(number), 0.0)
    buckets.take("new", 10.0)
    assert len(buckets._left) == 1


def test_key_subject_and_organisation_each_count() -> None:
    limits = Limits(LimitSettings(key_rate=1.0, organization_rate=1.5))
    for caller in (ANN, BEN, ANN):
        limits.ask(caller, 0.0)
    with pytest.raises(Problem) as told:
        limits.ask(BEN, 0.0)
    assert told.value.status == 429 and dict(told.value.headers)[b"retry-after"] == b"1"


def test_what_runs_is_counted_and_given_back() -> None:
    limits = Limits(LimitSettings(key_running=1, organization_running=2, running=3))
    with limits.running(ANN):
        with pytest.raises(Problem, match="Too many"), limits.running(ANN):
            pass
        with limits.running(BEN):
            with pytest.raises(Problem, match="Too many"), limits.running(ANN._replace(name="key-3")):
                pass
            with limits.running(ANN._replace(name="x", organization="")):
                with pytest.raises(Problem, match="Too much") as told, limits.running(BEN._replace(organization="o")):
                    pass
                assert told.value.status == 503
    for caller in (ANN, BEN):
        with limits.running(caller):
            pass
