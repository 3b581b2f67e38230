"""Gowin parts with himbaechel, the architecture of nextpnr that replaced nextpnr-gowin."""

from __future__ import annotations

from typing import Any

from amaranth.vendor import GowinPlatform


class HimbaechelPlatform(GowinPlatform):
    """Amaranth's Gowin platform with the commands of today's tools.

    Subclasses give ``part`` and ``family`` as for `GowinPlatform`.
    """

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
        """Free the pins of the machine memory for the design."""
        options.setdefault("gowin_pack_opts", "--sspi_as_gpio --mspi_as_gpio")
        return super().toolchain_prepare(fragment, name, **options)
