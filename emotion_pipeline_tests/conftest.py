"""What holds for every test; pytest reads it before any test module is imported.

One thread per process: several only wait for one another on pictures and networks as small as
those of the tests, and more so where several processes run tests side by side. Processes that a
test starts inherit it.

And no deadline for examples of hypothesis: how long one takes says how busy the machine is.
"""

import os

import hypothesis

os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch, Arrow and OpenBLAS read it when imported

hypothesis.settings.register_profile("no_deadline", deadline=None)
hypothesis.settings.load_profile("no_deadline")
