"""Checks of the exercise sets: one module per set, all standing on `framework` and `expectations`."""

from course_lib.checks.expectations import (
    expect,
    expect_close,
    expect_finite,
    expect_shape,
    expect_type,
    expect_unchanged,
    rng,
)
from course_lib.checks.framework import CheckFailed, NotYetSolved, attempt, task

__all__ = [
    "CheckFailed",
    "NotYetSolved",
    "attempt",
    "expect",
    "expect_close",
    "expect_finite",
    "expect_shape",
    "expect_type",
    "expect_unchanged",
    "rng",
    "task",
]
