"""Products by the faster library: the same numbers, gradients where they are wanted, copies that stand alone."""

import copy

import pytest
import torch

from recdiv._linear import Linear, linear, quicken


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(7, 16), (2, 5, 16), (1, 16), (0, 16)])
def test_the_product_is_that_of_torch(shape, bias):
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(shape, generator=generator), torch.randn(33, 16, generator=generator)
    b = torch.randn(33, generator=generator) if bias else None
    exact = torch.nn.functional.linear(x.double(), weight.double(), None if b is None else b.double())
    torch.testing.assert_close(linear(x, weight, b).double(), exact, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(linear(x.double(), weight.double(), None if b is None else b.double()), exact)


def test_rows_that_are_not_side_by_side_and_gradients():
    x, weight = torch.randn(16, 7).T, torch.randn(3, 16, requires_grad=True)
    expected = x @ weight.T
    torch.testing.assert_close(linear(x, weight), expected)
    linear(x.contiguous(), weight).sum().backward()
    torch.testing.assert_close(weight.grad, x.sum(0).expand(3, 16))


def test_a_quickened_model_answers_alike_and_its_copy_has_weights_of_its_own():
    model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    x = torch.randn(5, 8)
    expected = model(x).detach()
    quicken(model)
    assert isinstance(model[0], Linear)
    with torch.inference_mode():
        torch.testing.assert_close(model(x), expected)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[2].weight.zero_()
        other[2].bias.fill_(1.0)
        torch.testing.assert_close(model(x), expected)
        assert (other(x) == 1).all()


def test_a_bias_whose_numbers_are_not_side_by_side():
    x, weight = torch.ones(5, 8), torch.ones(4, 8)
    for bias in (torch.arange(8.0)[::2], torch.ones(1).expand(4), torch.ones(1)):
        torch.testing.assert_close(linear(x, weight, bias), torch.nn.functional.linear(x, weight, bias))


def test_derivatives_forward_are_those_of_torch():
    x, weight = torch.randn(5, 8), torch.randn(4, 8)
    with torch.no_grad():
        _, found = torch.func.jvp(lambda each: linear(each, weight), (x,), (torch.ones_like(x),))
    torch.testing.assert_close(found, torch.ones_like(x) @ weight.T)


def test_shapes_that_do_not_fit_are_refused_in_the_words_of_torch():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        linear(torch.ones(5, 7), torch.ones(4, 8))
