"""Gowin parts with himbaechel, the architecture of nextpnr that replaced nextpnr-gowin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from amaranth.vendor import GowinPlatform


class HimbaechelPlatform(GowinPlatform):
    """Amaranth's Gowin platform with the commands of today's tools.

    Subclasses give ``part`` and ``family`` as for `GowinPlatform`, and ``in_package``: ports that
    are wired to another die in the package, with the names by which nextpnr knows where they are.
    The pins of their resource are names that nothing reads.
    """

    in_package: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        super().__init__(toolchain="Apicula")

    @property
    def chip(self) -> str:
        """Name of the die in the tools' data base; the R and S families share that of the N."""
        return self.family.replace("GW1NR", "GW1N").replace("GW2AR", "GW2A")

    @property
    def required_tools(self) -> list[str]:
        """Tools by their plain names."""
        return ["yosys", "nextpnr-himbaechel-gowin", "gowin_pack"]

    @property
    def command_templates(self) -> list[str]:
        """Synthesis, placement with routing, and packing."""
        synthesise, _, _ = self._apicula_command_templates
        return [
            synthesise,
            r"""
            {{invoke_tool("nextpnr-himbaechel-gowin")}}
                {{quiet("--quiet")}}
                {{get_override("nextpnr_opts")|options}}
                --log {{name}}.tim
                --device {{platform.part}}
                --vopt family={{platform.chip}}
                --vopt cst={{name}}.cst
                --json {{name}}.syn.json
                --write {{name}}.pnr.json
            """,
            r"""
            {{invoke_tool("gowin_pack")}}
                -d {{platform.chip}}
                {{get_override("gowin_pack_opts")|options}}
                -o {{name}}.fs
                {{name}}.pnr.json
            """,
        ]

    def toolchain_prepare(self, fragment: Any, name: str, **options: Any) -> Any:
        """Free the pins of the machine memory for the design, and name ports of the other die.

        Registers of these go into the pins' cells, so that all have one delay.
        """
        options.setdefault("gowin_pack_opts", "--sspi_as_gpio --mspi_as_gpio")
        ports = {bit.split("[")[0] for bit, *_ in self.iter_port_constraints_bits()}
        renamed = [f"rename {port} {name}" for port, name in self.in_package.items()
                   if port in ports]
        if renamed:
            options["script_after_read"] = "\n".join([f"cd {name}", *renamed, "cd .."])
            options["nextpnr_opts"] += " --vopt ioreg_in_iob"
        return super().toolchain_prepare(fragment, name, **options)
