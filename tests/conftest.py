"""What tests of several rooms share: real files, phantom screens, screens that are no map, a tiny model."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from msgspec.structs import replace

from edgecad.contract import (
    METADATA_KEY,
    Colours,
    Contract,
    Decision,
    Familiarity,
    HeatmapScale,
    Labelling,
    Preparation,
)
from edgecad.frozen import json_from_struct
from edgecad.modelfiles.digest import PLACEHOLDER, with_digest
from edgecad_train.phantoms import draw_patient, jpeg_bytes, render_screen

from .train.small import small_mobilenet

Pixels = npt.NDArray[np.uint8]
SIZE = 64
"""Side of the tiny model's input, pixels."""
WIDTH, HEIGHT = 1640, 1068
DEEP_BACKBONES = frozenset(
    ("densenet201", "inceptionresnetv2", "resnet101", "resnet101v2", "resnet152", "resnet152v2", "vgg16", "vgg19")
)
"""Backbones whose conversion takes gigabytes."""


# Collections during the import of TensorFlow and of 10000 tests find next to nothing, and take a quarter of its time.
gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """From now on collect again, but never look at what was imported."""
    gc.collect()
    gc.freeze()
    gc.enable()


# A shell that puts a command into the background has it ignore interrupts, and so would programs that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def small() -> Callable[[], AbstractContextManager[None]]:
    """Let `mobilenetv2` be the small network, for fixtures that are made once."""
    return small_mobilenet


@pytest.fixture(scope="session", autouse=True)
def users_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's cache of all tests: none writes to a real one."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("EDGECAD_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real files that are not part of the project; skips where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("EDGECAD_SHARED", beside))
    if not folder.is_dir():
        pytest.skip(f"the real files are not here: set EDGECAD_SHARED, or put them in ../{beside.name}")
    return folder


@pytest.fixture(scope="session")
def phantom_screen() -> Callable[[int], Pixels]:
    """Give a phantom's report screen, `(1068, 1640, 3)` RGB, by its number."""
    return cache(lambda index: render_screen(draw_patient(11, index)))


@pytest.fixture(scope="session")
def phantom_jpeg(phantom_screen: Callable[[int], Pixels], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom's report screen as a JPEG file."""
    path = tmp_path_factory.mktemp("scan") / "scan.jpg"
    path.write_bytes(jpeg_bytes(phantom_screen(0)))
    return path


# --- screens that are drawn, right and wrong ---------------------------------------------------------------


def smooth_picture(seed: int = 0, side: int = 512) -> Pixels:
    """A smooth random scalar through a colour table from dark violet to white."""
    coarse = np.random.default_rng(seed).uniform(80, 255, (5, 5)).astype(np.float32)
    scalar = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).clip(60, 255)
    stops = np.array([[0, 0, 0, 0], [70, 90, 14, 120], [150, 221, 73, 52], [205, 254, 190, 6], [255] * 4])
    channels = [np.interp(scalar, stops[:, 0], stops[:, 1 + channel]) for channel in range(3)]
    return np.stack(channels, axis=2).astype(np.uint8)


def with_disc(screen: Pixels, x: float, y: float, radius: float, picture: Pixels) -> Pixels:
    """`screen` with a disc cut from the middle of the square `picture` at (x, y), all in pixels."""
    rows, columns = np.mgrid[0 : screen.shape[0], 0 : screen.shape[1]]
    inside = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    side = picture.shape[0]
    u = (((columns - x) / (2 * radius) + 0.5) * side).clip(0, side - 1).astype(int)
    v = (((rows - y) / (2 * radius) + 0.5) * side).clip(0, side - 1).astype(int)
    return np.where(inside[..., None], picture[v, u], screen).astype(np.uint8)


def empty_screen(level: int = 0) -> Pixels:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


@pytest.fixture(scope="session")
def draw_map() -> Callable[..., Pixels]:
    """Draw one smooth map on a black screen: `draw_map(x, y, radius, seed)`, pixels."""

    def draw(x: float = 800, y: float = 540, radius: float = 350, seed: int = 0) -> Pixels:
        return with_disc(empty_screen(), x, y, radius, smooth_picture(seed))

    return draw


def page_of_text(ink: int, paper: int) -> Pixels:
    page = empty_screen(paper)
    for line, y in enumerate(range(40, HEIGHT - 20, 34)):
        words = f"Line {line}: perfusion is described here in words, and once more in other words."
        cv2.putText(page, words, (30, y), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (ink,) * 3, 2, cv2.LINE_AA)
    return page


def colour_wheel(full_saturation: bool) -> Pixels:
    rows, columns = np.mgrid[0:512, 0:512] - 255.5
    hue = (np.degrees(np.arctan2(rows, columns)) % 360 / 2).astype(np.uint8)
    saturation = (np.hypot(rows, columns) / 256 * 255).clip(0, 255).astype(np.uint8)
    if full_saturation:
        saturation[:] = 255
    wheel = np.stack([hue, saturation, np.full_like(hue, 255)], axis=2)
    return cv2.cvtColor(wheel, cv2.COLOR_HSV2RGB)


def photograph() -> Pixels:
    """Smooth, but with three channels that vary each for itself, as in a photograph."""
    blocks = np.random.default_rng(3).integers(0, 255, (12, 12, 3)).astype(np.uint8)
    return cv2.resize(blocks, (512, 512), interpolation=cv2.INTER_CUBIC)


def grey_texture() -> Pixels:
    """One grey scale, but as rough as a brick wall: cells of a seventieth of the width."""
    cells = np.random.default_rng(0).normal(145, 50, (70, 70)).astype(np.float32)
    grey = cv2.resize(cells, (700, 700), interpolation=cv2.INTER_LINEAR).clip(30, 255)
    return np.repeat(grey[..., None].astype(np.uint8), 3, axis=2)


def one_map() -> Pixels:
    return with_disc(empty_screen(), 800, 540, 350, smooth_picture())


def two_maps(left: int, right: int, second_radius: int = 350) -> Pixels:
    screen = with_disc(empty_screen(), left, 540, 350, smooth_picture())
    return with_disc(screen, right, 540, second_radius, smooth_picture(1))


def square_map() -> Pixels:
    screen = empty_screen()
    screen[200:900, 450:1150] = cv2.resize(smooth_picture(), (700, 700))
    return screen


def cut(screen: Pixels, angle: float, at: float) -> Pixels:
    """Black beyond a straight line whose normal has that angle, `at` pixels from (800, 540)."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    direction = np.radians(angle)
    beyond = (columns - 800) * np.cos(direction) - (rows - 540) * np.sin(direction) > at
    return np.where(beyond[..., None], 0, screen).astype(np.uint8)


def squeezed(ratio: float) -> Pixels:
    return cv2.resize(one_map(), None, fx=1, fy=1 / ratio, interpolation=cv2.INTER_AREA)


def centred(picture: Pixels) -> Pixels:
    return with_disc(empty_screen(), 800, 540, 350, picture)


WRONG_SCREENS: dict[str, Callable[[], Pixels]] = {
    "black": empty_screen,
    "white": lambda: empty_screen(255),
    "noise": lambda: np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8),
    "dark noise": lambda: np.random.default_rng(0).integers(0, 60, (HEIGHT, WIDTH, 3)).astype(np.uint8),
    "text on white": lambda: page_of_text(0, 255),
    "text on black": lambda: page_of_text(255, 0),
    "two maps": lambda: two_maps(420, 1220),
    "two maps of unequal size": lambda: two_maps(420, 1220, 120),
    "touching maps": lambda: two_maps(450, 1150),
    "a small map touching a large one": lambda: two_maps(450, 950, 150),
    "cut by the screen's edge": lambda: one_map()[:, 470:],
    "cut a little by the screen's edge": lambda: one_map()[:, 456:],
    "cut by a line": lambda: cut(one_map(), 0, 150),
    "cut by a slanting line": lambda: cut(one_map(), 45, 300),
    "cut by a small chord": lambda: cut(one_map(), 90, 335),
    "cut by a small slanting chord": lambda: cut(one_map(), 205, 338),
    "half a map": lambda: cut(one_map(), 270, 0),
    "ellipse": lambda: squeezed(1.3),
    "nearly round ellipse": lambda: squeezed(1.05),
    "square": square_map,
    "colour wheel": lambda: centred(colour_wheel(True)),
    "colour wheel from white": lambda: centred(colour_wheel(False)),
    "photograph": lambda: centred(photograph()),
    "grey texture": lambda: centred(grey_texture()),
    "flat": lambda: centred(np.full((512, 512, 3), (200, 120, 40), np.uint8)),
    "flat grey": lambda: centred(np.full((512, 512, 3), 128, np.uint8)),
    "too small": lambda: with_disc(empty_screen(), 800, 540, 60, smooth_picture()),
}


@pytest.fixture(scope="session")
def wrong_screen() -> Callable[[str], Pixels]:
    """Draw a screen that is not exactly one polar map, by its name."""
    return lambda name: WRONG_SCREENS[name]()


# --- a model without training ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def tiny_contract() -> Contract:
    """A contract that fits the tiny model; its values are invented."""
    return Contract(
        name="tiny",
        created="2024-01-01T00:00:00Z",
        classes=("CAD", "nonCAD"),
        positive="CAD",
        origin="phantom",
        preparation=Preparation(size=SIZE),
        scaling="tf",
        backbone="tiny",
        head="pool, 2",
        activations=(),
        feature_layer="features",
        familiarity=Familiarity(centres=1, patients=100, noted=1.9, limit=2.0),
        decision=Decision(threshold=0.5, rule="given"),
        heatmap=HeatmapScale(full_scale=2.0, region_threshold=0.5),
        labelling=Labelling(reference="simulated reader", prevalence=0.4),
        colours=Colours(bins="f" * 1024),
        metrics=(),
        data_sha256="0" * 64,
        split_sha256="0" * 64,
        weights="none",
        versions={},
        intended_use="tests",
    )


WEIGHTS = np.array([[4.0, -3.0, -2.0], [-4.0, 3.0, 2.0]], np.float32)
"""`(classes, channels)`: red raises the score, green and blue lower it."""
BIAS = np.array([-0.1, 0.1], np.float32)


def tiny_graph(off_logits: float, temperature: float) -> Any:
    """Average colours of 4 x 4 cells, one dense layer, and the map that explains its logits exactly."""
    pytest.importorskip("onnx", reason="the tiny model is written with onnx: pip install 'edgecad[export]'")
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "scale": np.array(1 / 255, np.float32),
        "zero": np.array(0, np.float32),
        "weights": WEIGHTS[None],
        "weights_t": np.ascontiguousarray(WEIGHTS.T),
        "bias": BIAS,
        "off": np.array(off_logits, np.float32),
        "temperature": np.array(temperature, np.float32),
        "centre": np.full((3, 1), 3**-0.5, np.float32),
        "tiny": np.array(1e-12, np.float32),
        "one": np.array(1, np.float32),
        "flat": np.array([0, 3, 16], np.int64),
        "grid": np.array([0, 2, 4, 4], np.int64),
        "row": np.array([0, 1, 3], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        node("Mul", ["float", "scale"], ["scaled"]),
        node("Transpose", ["scaled"], ["channels_first"], perm=[0, 3, 1, 2]),
        node("AveragePool", ["channels_first"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]),
        node("Transpose", ["cells"], ["features"], perm=[0, 2, 3, 1]),
        node("ReduceMean", ["cells"], ["pooled"], axes=[2, 3], keepdims=0),
        node("MatMul", ["pooled", "weights_t"], ["products"]),
        node("Add", ["products", "bias"], ["exact"]),
        node("Add", ["exact", "off"], ["logits"]),
        node("Div", ["logits", "temperature"], ["tempered"]),
        node("Softmax", ["tempered"], ["probabilities"], axis=1),
        node("Mul", ["pooled", "zero"], ["zeros"]),
        node("Reshape", ["zeros", "row"], ["zero_rows"]),
        node("Add", ["zero_rows", "weights"], ["fc_weights"]),
        node("Reshape", ["cells", "flat"], ["cell_columns"]),
        node("MatMul", ["fc_weights", "cell_columns"], ["cam_columns"]),
        node("Reshape", ["cam_columns", "grid"], ["cam"]),
        node("Mul", ["exact", "zero"], ["zero_logits"]),
        node("Add", ["zero_logits", "bias"], ["cam_bias"]),
        node("ReduceL2", ["pooled"], ["length"], axes=[1], keepdims=1),
        node("Max", ["length", "tiny"], ["divisor"]),
        node("Div", ["pooled", "divisor"], ["direction"]),
        node("MatMul", ["direction", "centre"], ["cosine"]),
        node("Sub", ["one", "cosine"], ["familiarity"]),
    ]
    shapes = {
        "logits": ["N", 2],
        "probabilities": ["N", 2],
        "features": ["N", 4, 4, 3],
        "fc_weights": ["N", 2, 3],
        "cam": ["N", 2, 4, 4],
        "cam_bias": ["N", 2],
        "familiarity": ["N", 1],
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="session")
def tiny_model(tiny_contract: Contract) -> Callable[..., bytes]:
    """Write the tiny model as the bytes of an ONNX file.

    `contract` is a Contract, which gets the file's digest, the text to store in its place, or None for none.
    `off_logits` is added to the logits and not to their maps: a number breaks what ties them together, NaN gives an
    engine that fails.
    """

    def build(contract: Contract | str | None = tiny_contract, off_logits: float = 0.0) -> bytes:
        temperature = contract.decision.temperature if isinstance(contract, Contract) else 1.0
        proto = tiny_graph(off_logits, temperature)
        if contract is not None:
            own = isinstance(contract, Contract)
            text = json_from_struct(replace(contract, digest=PLACEHOLDER)) if own else contract
            entry = proto.metadata_props.add()
            entry.key, entry.value = METADATA_KEY, text
            return with_digest(bytes(proto.SerializeToString())) if own else bytes(proto.SerializeToString())
        return bytes(proto.SerializeToString())

    return build


@pytest.fixture(scope="session")
def model_folder(
    tiny_model: Callable[..., bytes], tiny_contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A model folder as export leaves it: `tiny/model.onnx` with golden answers, and `latest` beside it."""
    from edgecad.inference.replaying import golden_answers
    from edgecad.system.folders import point_latest

    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    path = folder / "model.onnx"
    path.write_bytes(tiny_model())
    path.write_bytes(tiny_model(replace(tiny_contract, golden=golden_answers(path))))
    point_latest(folder)
    return folder


@pytest.fixture
def folder_of(model_folder: Path, tiny_model: Callable[..., bytes], tmp_path: Path) -> Callable[..., Path]:
    """Write a folder with those precisions; `wrong` ones have golden answers that no runtime gives."""
    from edgecad import Classifier
    from edgecad.modelfiles.file import FILES
    from edgecad.modelfiles.sums import write_sums

    with Classifier(model_folder, device="cpu") as classifier:
        contract = classifier.contract

    def write(*precisions: str, wrong: str | tuple[str, ...] = ()) -> Path:
        folder = tmp_path / "-".join(precisions)
        folder.mkdir()
        moved = tuple(replace(entry, logits=(9.0, -9.0)) for entry in contract.golden)
        for precision in precisions:
            golden = moved if precision in ((wrong,) if isinstance(wrong, str) else wrong) else contract.golden
            own = replace(contract, precision=precision, golden=golden)
            (folder / FILES[precision]).write_bytes(tiny_model(own))  # type: ignore[index]
        write_sums(folder)
        return folder

    return write


# --- disks -------------------------------------------------------------------------------------------------


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a file system in memory with some options, such as `size=64k` or `ro`, where this user may."""
    mount, places = shutil.which("mount"), []

    def file_system(options: str) -> Path:
        place = tmp_path / f"disk {len(places)}"
        place.mkdir()
        command = [str(mount), "-t", "tmpfs", "-o", options, "edgecad-test", str(place)]
        if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a file system is mounted for this test, and that is not allowed here")
        places.append(place)
        return place

    yield file_system
    for place in places:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def closed_folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder that this user cannot write into."""
    if os.name == "nt" or os.geteuid() == 0:  # for root no permission is missing
        yield request.getfixturevalue("mounted")("ro")
        return
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


# --- the program, run as a user runs it --------------------------------------------------------------------

PROBE = """
import atexit, json, os, pathlib, sys

def report():
    status = pathlib.Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    pathlib.Path(os.environ["EDGECAD_PROBE"]).write_text(json.dumps([sorted(sys.modules), peak]))

atexit.register(report)
sys.argv[0] = "edgecad"
{before}
from edgecad.cli import main
main()
"""


@dataclass(frozen=True)
class Finished:
    """A command that has ended: what it said, the modules it had loaded and the memory it took at most."""

    code: int
    stdout: str
    stderr: str
    modules: frozenset[str]
    peak_mib: float


class Warm:
    """An interpreter that forks itself for each command: what every command imports is imported once; see `warm.py`."""

    def __init__(self) -> None:
        words = [sys.executable, str(Path(__file__).with_name("warm.py"))]
        self._server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, order: dict[str, Any], seconds: float) -> int:
        """Exit code of a command; one that takes longer than so many seconds is killed, and fails the test."""
        server = self._server
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(order).encode() + b"\n")
        server.stdin.flush()
        pid = int(server.stdout.readline())
        timer = threading.Timer(seconds, os.kill, (pid, signal.SIGKILL))
        timer.start()
        code = int(server.stdout.readline())
        timer.cancel()
        return code

    def close(self) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm | None]:
    """What runs commands quickly, on systems that fork."""
    if not hasattr(os, "fork"):
        yield None
        return
    server = Warm()
    yield server
    server.close()


@pytest.fixture(scope="session")
def edgecad_in(warm: Warm | None, users_cache: Path) -> Callable[[Path], Callable[..., Finished]]:
    """Run `edgecad ARGUMENTS` as `edgecad` does, in `place` of a folder that is given."""
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is read from /proc, which this system does not have")

    def within(folder: Path) -> Callable[..., Finished]:
        probe, place = folder / "probe.json", folder / "place"
        streams = [folder / f"standard-{name}" for name in ("in", "out", "err")]
        place.mkdir()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGECAD_")}
        environment |= {"EDGECAD_PROBE": str(probe), "EDGECAD_CACHE": str(users_cache)}

        def run(*arguments: object, stdin: bytes = b"", before: str = "", fresh: bool = False) -> Finished:
            probe.unlink(missing_ok=True)
            for file, content in zip(streams, (stdin, b"", b""), strict=True):
                file.write_bytes(content)
            program, words = PROBE.replace("{before}", before), [*map(str, arguments)]
            if fresh or warm is None:
                with streams[0].open("rb") as given, streams[1].open("wb") as out, streams[2].open("wb") as err:
                    command = [sys.executable, "-c", program, *words]
                    code = subprocess.run(
                        command,
                        stdin=given,
                        stdout=out,
                        stderr=err,
                        cwd=place,
                        env=environment,
                        timeout=120,
                        check=False,
                    ).returncode
            else:
                order = {"program": program, "words": words, "folder": str(place), "environment": environment}
                code = warm.run({**order, "streams": [str(file) for file in streams]}, 120)
            modules, peak = json.loads(probe.read_text())
            said, told = (file.read_bytes().decode() for file in streams[1:])
            return Finished(code, said, told, frozenset(modules), peak / 1024)

        return run

    return within


@pytest.fixture
def edgecad(tmp_path: Path, edgecad_in: Callable[[Path], Callable[..., Finished]]) -> Callable[..., Finished]:
    """Run `edgecad ARGUMENTS` in a process of its own and an empty folder, without a model in the environment.

    `before` is Python to run first, inside that process. It has what judges a scan loaded already, unless `fresh`.
    """
    return edgecad_in(tmp_path)


@pytest.fixture(scope="session")
def quick_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """Words that run Python as `sys.executable` does, but with TensorFlow imported already; see `forks/server.py`.

    Where the memory or the time of a process is looked at, or what it loads, take `sys.executable`.
    """
    if sys.platform != "linux":  # elsewhere libraries do not outlive a fork
        yield (sys.executable,)
        return
    with tempfile.TemporaryDirectory(prefix="edgecad-") as folder:  # a socket's path has at most 107 characters
        place, room = Path(folder) / "forks", Path(__file__).with_name("forks")
        words, pipe = [sys.executable, str(room / "server.py"), str(place)], subprocess.PIPE
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGECAD_")}
        with subprocess.Popen(words, stdin=pipe, stdout=pipe, env=environment) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield sys.executable, str(room / "client.py"), str(place)


SHARED = {
    "kept_models": "kept models",
    "after_readme": "after the README",
    "outcome": "trained once",
    "folded": "trained once",
}
"""Fixtures that take long and that several files use: their tests share one worker, or each would make its own."""
FIRST = ("flow", "benchmarks", "docs", "export")
"""Folders of tests with groups that take minutes: these begin first, so that no worker is left alone with one."""
FIRST_UNTIL = 0.7
"""Share of a run after which none of them begins. Until then each is followed by others that wait more than they work:
two workers with a TensorFlow each, which uses all cores, take longer than one of them beside one that sleeps."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, on one worker, what shares costly fixtures: a file's tests; over files, one backbone's, and those
    of `SHARED`.

    The deep backbones share one worker: to convert one takes 5 GB for a moment, and two moments may meet. First,
    because the plugin that spreads the tests reads the groups in the same hook.
    """
    items.sort(key=lambda item: FIRST.index(_room(item)) if _room(item) in FIRST else len(FIRST))
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(_group(item), []).append(item)
    for group, own in groups.items():
        for item in own:
            item.add_marker(pytest.mark.xdist_group(group))
    if "PYTEST_XDIST_WORKER" in os.environ:
        items[:] = [item for own in _mixed([*groups.values()]) for item in own]


def _group(item: pytest.Item) -> str:
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    backbone = parameters.get("backbone_onnx")
    for fixture in getattr(item, "fixturenames", ()):
        if fixture in SHARED:
            return SHARED[fixture]
    if backbone is None:
        return item.path.name
    return "deep backbones" if backbone in DEEP_BACKBONES else f"backbone {backbone}"


def _mixed(groups: list[list[pytest.Item]]) -> list[list[pytest.Item]]:
    """Groups that take long evenly between the others, those of a kind in their order."""
    places: list[tuple[float, int]] = []
    for is_long in (True, False):
        own = [number for number, group in enumerate(groups) if (_room(group[0]) in FIRST) is is_long]
        until = FIRST_UNTIL if is_long else 1.0
        places += [(until * place / len(own), number) for place, number in enumerate(own)]
    return [groups[number] for _, number in sorted(places)]


def _room(item: pytest.Item) -> str:
    """The folder of tests in which a test lies."""
    return item.path.relative_to(Path(__file__).parent).parts[0]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long parameter by its length: the name of a test with 64 MiB of bytes took gigabytes in every process."""
    return f"{type(val).__name__}-of-{len(val)}" if isinstance(val, (bytes, str)) and len(val) > 80 else None
