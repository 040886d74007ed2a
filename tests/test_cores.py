"""Many small pieces over the cores: the same answers in the same order, and torch's threads as they were."""

import numpy as np
import pytest
import torch

from recdiv import EmbeddingKernel, effective_number
from recdiv._cores import over_cores


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_answers_keep_their_order_and_each_piece_has_one_thread(two_threads):
    answers = over_cores(lambda piece: (piece, torch.get_num_threads()), range(100))
    assert answers == [(piece, 1) for piece in range(100)]
    assert torch.get_num_threads() == 2


def test_an_error_in_a_piece_is_raised_and_the_threads_are_given_back(two_threads):
    with pytest.raises(ZeroDivisionError):
        over_cores(lambda piece: 1 / (piece - 50), range(100))
    assert torch.get_num_threads() == 2
    assert torch.ones(2, 2).sum() == 4


def test_spectra_do_not_depend_on_the_number_of_threads(two_threads):
    rng = np.random.default_rng(0)
    kernel = EmbeddingKernel(rng.standard_normal((50, 8)))
    lists = rng.integers(-1, 50, (3_000, 10))
    many = effective_number(lists, kernel)
    torch.set_num_threads(1)
    assert torch.equal(many, effective_number(lists, kernel))
