"""The catalogue of conforming variants, one file a family; they are registered in this order."""

from . import acceptance, answers, concurrency, framing, negotiation, paths, refusals  # noqa: F401
from .catalogue import variants as variants
