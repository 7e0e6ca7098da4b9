"""What the process from which scripts are forked has behind it: imports, and what a run does but once in a process."""

# ruff: noqa: F401
import gc

import openapi_python_client

import bench.detection
import conformance.cli
import conformance.mock.__main__
import drift.__main__
from conformance.detection import attempt_inside

attempt_inside("", 1, fail_fast=False, max_requests=300)
# What is there lasts: the garbage collector would go through it, and make copies of it, in every process.
gc.collect()
gc.freeze()
