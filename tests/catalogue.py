"""The faults and the variants of git tokens."""

from conformance.detection import git_tokens
from conformance.mock.faults import faults
from conformance.mock.variants import variants

FAULTS = faults(git_tokens().resource)
VARIANTS = variants(git_tokens().resource)
