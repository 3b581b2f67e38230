"""GLA: gated linear attention, whose matrix states lose what every token says."""
