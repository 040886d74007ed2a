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
