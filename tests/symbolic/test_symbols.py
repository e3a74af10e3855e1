import pytest
import sympy as sp

from whichmin.symbolic import closed_forms, symbols


@pytest.mark.parametrize("name", symbols.__all__)
def test_symbols_are_called_what_they_are_named(name):
    symbol = getattr(symbols, name)
    assert isinstance(symbol, sp.Symbol)
    assert symbol.name == name


def test_counts_are_integers_and_sizes_positive():
    assert all(s.is_integer and s.is_positive for s in (symbols.m, symbols.n, symbols.b))
    for count in (symbols.k, symbols.z, symbols.mu):
        assert count.is_integer
        assert count.is_nonnegative
        assert count.is_positive is None  # zero is allowed
    assert all(s.is_positive for s in (symbols.eta, symbols.alpha))


def test_energies_are_nonnegative_and_correlations_of_any_sign():
    for energy in (symbols.N, symbols.C, symbols.R, symbols.S):
        assert energy.is_nonnegative
        assert energy.is_positive is None
    for free in (symbols.c, symbols.kappa, symbols.sigma):
        assert free.is_real
        assert free.is_nonnegative is None


# Other models than the autoencoder, each with letters of its own.
MODELS = {
    **dict.fromkeys(("quadratic", "scaling", "critical"), "noisy quadratic"),
    "stationary": "diffusion",
    "posterior": "Gaussian posterior",
    **dict.fromkeys(("reparameterisation", "layerwise"), "two-layer network"),
}


def test_one_name_is_one_symbol_in_all_closed_forms_of_a_model():
    found = {}
    for form in closed_forms().values():
        model = MODELS.get(form.id.split(".")[0], "autoencoder")
        for symbol in form.expression.free_symbols:
            assert found.setdefault((model, symbol.name), symbol) == symbol
    for name in symbols.__all__:
        if ("autoencoder", name) in found:
            assert found["autoencoder", name] == getattr(symbols, name)
