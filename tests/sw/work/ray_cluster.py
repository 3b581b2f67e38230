"""A Ray cluster on this machine: two workers of one core each, each with a cache of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CODE = """
import json, sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={
    "num_cpus": 0, "include_dashboard": False, "ray_client_server_port": int(sys.argv[1])})
nodes = []
def add(name, **more):
    nodes.append(cluster.add_node(num_cpus=1, env_vars={
        "STERNA_CACHE": f"{sys.argv[2]}/{name}", **more}))
add("one")
add("two")
print(json.dumps(cluster.address), flush=True)
for line in sys.stdin:
    if line == "remove\\n":
        cluster.remove_node(nodes.pop(), allow_graceful=False)
    else:
        add(**json.loads(line))
    print(flush=True)
cluster.shutdown()
"""


class Machines:
    """The processes of the cluster; ``folder`` has the caches of the workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        self.client_address = f"ray://127.0.0.1:{port}"
        # The head and every worker have the paths of this process, so that they find the tests.
        paths = os.pathsep.join([os.getcwd(), *filter(None, sys.path)])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE, port, str(folder)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
            env={**os.environ, "PYTHONPATH": paths, "RAY_USAGE_STATS_ENABLED": "0",
                 "RAY_health_check_period_ms": "500", "RAY_health_check_timeout_ms": "500",
                 "RAY_health_check_failure_threshold": "3"})
        try:
            self.address = json.loads(self._answer())
        except BaseException:
            self.close()
            raise

    def add(self, name: str, **variables: str) -> None:
        """Another worker, with a cache of that name."""
        self._ask(json.dumps({"name": name, **variables}))

    def remove(self) -> None:
        """Kill the worker that came last, and its machine."""
        self._ask("remove")

    def close(self) -> None:
        """End them all."""
        self._process.communicate(timeout=60)

    def _ask(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the cluster did not start"
        return line


@contextmanager
def machines(folder: Path) -> Iterator[Machines]:
    """The cluster; ``--on ray`` is this one meanwhile."""
    ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")
    there = Machines(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", there.address)
        try:
            yield there
        finally:
            ray.shutdown()
            there.close()
