"""What several test folders share."""

import os

# Two workers on two cores: one thread each, set before torch or NumPy start their pools.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
