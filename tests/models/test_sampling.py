"""Draws: greedy, in proportion, and the same whatever else is in the batch."""

import torch

from bylaw.models.sampling import sample, uniforms


def test_a_seed_gives_one_stream() -> None:
    assert uniforms(7, 5) == uniforms(7, 50)[:5]
    assert uniforms(7, 5) != uniforms(8, 5)
    assert all(0 <= draw < 1 for draw in uniforms(0, 1000))


def test_greedy_and_drawn_rows_side_by_side() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0]] * 3)
    assert sample(logits, [0, 0, 0], [0, 0, 0]) == [1, 1, 1]
    assert sample(logits, [0, 1, 1], [0.0, 0.0, 1 - 1e-16]) == [1, 0, 2]


def test_draws_follow_the_probabilities_at_their_temperature() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0, float("-inf")])
    for temperature in (0.5, 1.0, 2.0):
        count = 20_000
        drawn = sample(logits.repeat(count, 1), [temperature] * count, uniforms(3, count))
        shares = torch.bincount(torch.tensor(drawn), minlength=4) / count
        torch.testing.assert_close(shares, (logits / temperature).softmax(-1), atol=0.015, rtol=0)


def test_a_draw_at_the_end_of_the_distribution_is_a_likely_token() -> None:
    logits = torch.tensor([[5.0, float("-inf"), float("-inf")]])
    assert sample(logits, [1.0], [1.0]) == [0]
