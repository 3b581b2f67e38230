"""Names of spiking networks: those that come with Sterna, and the format of the others."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "spiking"
FORMAT, OLDER_FORMAT = model_format(NAME, 3), "sterna spiking network"
NIR_SUFFIX = ".nir"
L2MU, DIGITS = "l2mu", "digits"
TRAINED = (L2MU, DIGITS)
"""Those that have a task to be right at."""

SHIPPED = {
    name: ShippedModel(name, description) for name, description in (
        ("alif", "Spiking, recurrent, adaptive thresholds, 80-220-10, random weights"),
        ("cubalif", "Spiking, recurrent, current-based, 12-38-7, random weights"),
        ("delays", "Spiking, a learned delay a synapse, 140-256-256-20, random weights"),
        ("delays_ssc", "Spiking, a learned delay a synapse, 140-512-512-512-35, random weights"),
        (DIGITS, "Spiking, two convolutions, trained to tell digits that move, 2x16x16-8-16-10"),
        (L2MU, "Spiking memory unit trained to tell the order of bursts, 12-16-32-32-6"),
    )
}
