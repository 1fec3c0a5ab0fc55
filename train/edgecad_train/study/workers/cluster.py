"""A study's units as tasks of an existing Ray cluster; nodes send run folders, which are written here.

Pixels and weights go into Ray's object store once. A task whose node dies is run again on another; a driver
that dies takes its tasks with it, and the same command goes on from what was written.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from edgecad.errors import NotAvailable
from edgecad.system.extras import require
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.definition.units import Unit
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.scans import all_pixels, scans_to_json, without_pixels
from edgecad_train.study.workers.loop import failure_from
from edgecad_train.study.workers.messages import MAKER, Listener, WorkerEvent
from edgecad_train.study.workers.node import NodeAnswer, NodeTask, answered
from edgecad_train.study.workers.run_specs import run_spec_of

RETRIES = 5
"""Nodes that one unit may outlive."""
MOST_THREADS = 4
"""A unit asks for no more processors than this, or than the smallest node has."""

CONNECT_SECONDS = 5.0
"""For which a cluster may not answer."""


def on_cluster(address: str, maker: str = MAKER) -> Callable[[StudyFolder, StudyPlan, Listener], None]:
    """Have a study's units done by the Ray cluster at `address`.

    Raises:
        NotAvailable: Ray is not installed, or no cluster answers there.
    """
    # Ray reports how it is used over the network unless it is told not to; studies are about patients.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = require("ray", extra="cluster")

    def work(folder: StudyFolder, plan: StudyPlan, listener: Listener) -> None:
        with _connected(ray, address):
            _Driver(ray, folder, plan, listener, maker).run()

    return work


def _check_answers(address: str) -> None:
    """Ask whether anything listens; Ray itself would try for ever, and could not be interrupted.

    Raises:
        NotAvailable: nothing does.
    """
    place = re.fullmatch(r"(?:ray://)?(\[.+\]|[^:]+):(\d{1,5})", address)
    if place is None:  # a word of Ray's own, such as `auto`
        return
    try:
        socket.create_connection((place[1].strip("[]"), int(place[2])), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise NotAvailable(
            f"nothing answers at {address} ({error}); start a cluster with: ray start --head, or mend the address"
        ) from error


@contextlib.contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    _check_answers(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (ConnectionError, ValueError, RuntimeError) as error:
        words = " ".join(str(error).split())[:200]
        raise NotAvailable(f"no Ray cluster at {address} ({words}); start one with: ray start --head") from error
    try:
        yield
    finally:
        ray.shutdown()


class _Driver:
    """Submits what is undone, and writes what comes back."""

    def __init__(self, ray: Any, folder: StudyFolder, plan: StudyPlan, listener: Listener, maker: str) -> None:
        self._ray = ray
        self._folder = folder
        self._plan = plan
        self._listener = listener
        self._maker = maker
        self._threads = _threads(ray.nodes())
        self._remote = ray.remote(num_cpus=self._threads, max_retries=RETRIES)(answered)

    def run(self) -> None:
        """Until every unit is done or has failed."""
        images = {size: self._ray.put(all_pixels(data)) for size, data in self._plan.data.items()}
        weights = {name: self._ray.put(path.read_bytes()) for name, path in self._plan.weights_files.items()}
        pending = {self._submitted(unit, images, weights): unit for unit in self._folder.undone()}
        while pending:
            ready, _ = self._ray.wait(list(pending), num_returns=1)
            for reference in ready:
                self._take(pending.pop(reference), reference)

    def _submitted(self, unit: Unit, images: Mapping[int, Any], weights: Mapping[str, Any]) -> Any:
        size = unit.preparation.size
        task = NodeTask(
            spec=run_spec_of(
                unit,
                self._plan.study.spec,
                self._plan.partitions[unit.part_name],
                str(self._plan.source),
                str(unit.settings.weights),
                self._folder.openings(unit),
            ),
            keep_model=self._plan.study.spec.keep_models,
            scans=scans_to_json(without_pixels(self._plan.data[size])),
            threads=self._threads,
            maker=self._maker,
        )
        own = weights.get(unit.settings.backbone) if unit.weights_sha256 else None
        return self._remote.remote(msgspec.msgpack.encode(task), images[size], own)

    def _take(self, unit: Unit, reference: Any) -> None:
        """Write one answer; nodes that died more often than a task may outlive are a failure."""
        try:
            answer = msgspec.msgpack.decode(self._ray.get(reference), type=NodeAnswer)
        except self._ray.exceptions.RayError as error:
            answer = NodeAnswer(failure=failure_from(error))
        with self._folder.claimed(unit.name) as mine:
            if mine and self._folder.run(unit) is None:
                if answer.failure:
                    self._folder.put_failure(unit, answer.failure)
                else:
                    self._folder.put_archive(unit, answer.archive)
        message = answer.failure.message if answer.failure else ""
        self._listener(WorkerEvent(kind="failed" if message else "done", name=unit.name, text=message))


def _threads(nodes: list[dict[str, Any]]) -> int:
    processors = [int(node["Resources"].get("CPU", 0)) for node in nodes if node["Alive"]]
    able = [count for count in processors if count > 0]
    if not able:
        raise NotAvailable("the Ray cluster has no processor for tasks; add a node with: ray start --address ADDRESS")
    return min(MOST_THREADS, *able)
