from .jax_function import from_jax as from_jax
from .torch_module import from_module as from_module
