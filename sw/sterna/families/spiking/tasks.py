"""The tasks of networks that come with Sterna, which the project makes itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sterna.families.spiking.moving_digits import moving_digits
from sterna.families.spiking.names import DIGITS, L2MU
from sterna.families.spiking.patterns import burst_orders

Task = Callable[[int, int], tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Makes so many samples of a seed: codes [steps, samples, inputs] and classes [samples]."""
TASKS: dict[str, Task] = {L2MU: burst_orders, DIGITS: moving_digits}
"""By network."""
