import pytest
import torch
from torch import nn

from lenet_helpers.architecture import LeNet
from lenet_helpers.pooling import HalvingPool, with_halving_pools


@pytest.mark.parametrize("shape", [(3, 6, 28, 28), (2, 16, 10, 10), (1, 1, 2, 4)])
def test_same_mean_and_same_gradient_as_torchs_pooling(shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(HalvingPool()(x), nn.AvgPool2d(2)(x))
    assert torch.autograd.gradcheck(HalvingPool(), x)


def test_network_shares_its_parameters_and_computes_the_same():
    model = LeNet(seed=0)
    fast = with_halving_pools(model)
    inputs = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fast(inputs), model(inputs))
    assert {id(p) for p in fast.parameters()} == {id(p) for p in model.parameters()}
    assert isinstance(model.pool1, nn.AvgPool2d)
    assert isinstance(fast.pool1, HalvingPool)


def test_other_windows_stay_as_they_are():
    kept = with_halving_pools(nn.Sequential(nn.AvgPool2d(3), nn.AdaptiveAvgPool2d(1)))
    assert [type(layer) for layer in kept] == [nn.AvgPool2d, nn.AdaptiveAvgPool2d]
