"""Lead a fake study on a local Ray cluster of two nodes, and kill one of them midway: FOLDER."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from fake_study import MAKER, fake_plan
from ray.cluster_utils import Cluster

from edgecad_train.study.leading import run_study
from edgecad_train.study.workers.cluster import on_cluster
from edgecad_train.versions import package_versions


def main() -> None:
    """Print how many results there were when the node died, and end with the study's exit code."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    folder = Path(sys.argv[1])
    killed: list[int] = []

    def kill_midway(task: str, done: int, of: int, figures: str) -> None:
        if done >= 4 and not killed:
            killed.append(done)
            time.sleep(1.5)  # nodes end their units at the same moment, and the next ones must have begun
            cluster.remove_node(second, allow_graceful=False)

    plan = fake_plan(versions=package_versions())  # nodes check that they have the versions of the study
    try:
        outcome = run_study(folder, plan, on_cluster(cluster.address, MAKER), kill_midway)
    finally:
        cluster.shutdown()
    sys.stdout.write("".join(f"failed: {line}\n" for line in outcome.failures) + f"killed at {killed}\n")
    sys.exit(outcome.exit_code)


if __name__ == "__main__":
    main()
