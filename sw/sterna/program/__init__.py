"""The definition that golden executor, compiler, RTL and driver share."""
