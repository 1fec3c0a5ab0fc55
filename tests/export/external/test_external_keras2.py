"""Files of Keras 2, written here as Keras 2.15 writes them: read with the same scores, or refused with the reason."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from edgecad.errors import ModelInvalid, UsageError
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.keras2_weights import snake_case
from edgecad_export.external.keras_file import open_external
from edgecad_export.external.run import external_run

layers = keras.layers
SIZE = 32
ABOUT = ExternalModel("CAD,nonCAD", "CAD", "tf")
FUNCTIONS = {
    "TrueDivide": ("math.truediv", "y"), "Subtract": ("math.subtract", "y"), "Multiply": ("math.multiply", "y"),
    "Add": ("nn.bias_add", "bias"), "GetItem": ("__operators__.getitem", "slice_spec"), "Power": ("math.pow", "y"),
    "Cast": ("cast", "dtype"),
}  # fmt: skip
SUFFIXES = ("h5", "keras")
Build = Callable[[], Any]


# --- what Keras 2 would have written ---------------------------------------------------------------------------


def _entry(operation: Any) -> dict[str, Any]:
    """A layer in the words of Keras 2: its arguments, and the calls by which it is linked."""
    if isinstance(operation, keras.Model):
        return {"module": "keras.src.engine.functional", **_described(operation)}
    kind = type(operation).__name__
    if not isinstance(operation, layers.Layer):
        function = FUNCTIONS[kind][0]
        kind = "SlicingOpLambda" if kind == "GetItem" else "TFOpLambda"
        return {"class_name": kind, "config": {"name": operation.name, "dtype": "float32", "function": function}}
    config = {name: value for name, value in operation.get_config().items() if not name.endswith("_initializer")}
    config["dtype"] = "float32"
    if kind == "InputLayer":
        config = {
            "batch_input_shape": config["batch_shape"],
            "dtype": "float32",
            "ragged": False,
            "name": operation.name,
        }
    if kind == "BatchNormalization":
        config["axis"] = [3]
    if kind in ("DepthwiseConv2D", "SeparableConv2D"):
        config["groups"] = 1
    if kind == "LeakyReLU":
        config["alpha"] = config.pop("negative_slope")
    if kind == "Conv2D":
        config["kernel_initializer"] = {"class_name": "OfAnOlderKeras", "config": {}}
        own = {"module": None, "class_name": "Own", "config": {}, "registered_name": "theirs>Own"}
        config["kernel_regularizer"] = config["bias_constraint"] = own
    return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}


def _described(model: Any) -> dict[str, Any]:
    if isinstance(model, keras.Sequential):
        return {"class_name": "Sequential", "config": {"name": model.name, "layers": list(map(_entry, model._layers))}}
    entries = []
    for operation in model.operations:
        nodes = [] if isinstance(operation, layers.InputLayer) else list(map(_call, operation._inbound_nodes))
        if isinstance(operation, keras.Model):
            nodes = nodes[-1:]
        entries.append({**_entry(operation), "name": operation.name, "inbound_nodes": nodes})
    ends = {"input_layers": [_link(model.inputs[0])], "output_layers": [_link(model.outputs[0])]}
    return {"class_name": "Functional", "config": {"name": model.name, "trainable": True, "layers": entries, **ends}}


def _link(tensor: Any) -> list[Any]:
    """Layer, number of the call, number of the tensor; the own input of a model is its first call."""
    history = tensor._keras_history
    of_model = isinstance(history.operation, keras.Model)
    return [history.operation.name, 1 if of_model else history.node_index, history.tensor_index]


def _call(node: Any) -> list[Any]:
    kind = type(node.operation).__name__
    options = {}
    if kind in FUNCTIONS and not isinstance(node.operation, layers.Layer):
        second = node.operation.dtype if kind == "Cast" else node.arguments.args[1]
        second = second.tolist() if isinstance(second, np.ndarray) else second
        options = {FUNCTIONS[kind][1]: list(map(_slice, second)) if kind == "GetItem" else second, "name": None}
        return [*_link(node.input_tensors[0]), options]  # a call on a single tensor stands without its list
    return [[*_link(tensor), options] for tensor in node.input_tensors]


def _slice(part: Any) -> Any:
    return (
        {"class_name": "__ellipsis__"} if part is ... else {"start": part.start, "stop": part.stop, "step": part.step}
    )


def _leaves(model: Any) -> list[Any]:
    return [leaf for layer in model.layers for leaf in (_leaves(layer) if isinstance(layer, keras.Model) else [layer])]


def _write_h5(model: Any, path: Path, version: str, loss: Any) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version, "tensorflow"
        file.attrs["model_config"] = json.dumps(_described(model))
        if loss is not None:
            file.attrs["training_config"] = json.dumps({"loss": loss, "metrics": None})
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [layer.name for layer in model.layers]
        for layer in model.layers:
            own, inside = group.create_group(layer.name), _leaves(layer) if isinstance(layer, keras.Model) else [layer]
            # What is trained comes first, and what is frozen or never trained after it.
            pairs = [(leaf, weight) for kept in (True, False) for leaf in inside for weight in leaf.weights
                     if (leaf.trainable and weight.trainable) == kept]  # fmt: skip
            names = [f"{leaf.name}/{_old_name(leaf, weight)}:0" for leaf, weight in pairs]
            own.attrs["weight_names"] = names
            for name, (_, weight) in zip(names, pairs, strict=True):
                own[name] = np.asarray(weight)


def _old_name(layer: Any, weight: Any) -> str:
    return "depthwise_kernel" if isinstance(layer, layers.DepthwiseConv2D) and weight.name == "kernel" else weight.name


def _write_keras(model: Any, path: Path, version: str, loss: Any) -> None:
    weights = path.with_suffix(".part")
    with h5py.File(weights, "w") as file:
        _store(model, file)
    description = {"module": "keras.src.engine.functional", **_described(model), "compile_config": {"loss": loss}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(description))
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.write(weights, "model.weights.h5")


def _store(model: Any, group: Any) -> None:
    """Layers lie at the place of their class and their number in it, whatever their names are."""
    counts: Counter[str] = Counter()
    for layer in [each for each in model._layers if isinstance(each, layers.Layer)]:
        kind = "functional" if isinstance(layer, keras.Model) else snake_case(type(layer).__name__)
        kind = "sequential" if isinstance(layer, keras.Sequential) else kind
        place = group.require_group(f"layers/{kind}_{counts[kind]}" if counts[kind] else f"layers/{kind}")
        counts[kind] += 1
        if isinstance(layer, keras.Model):
            _store(layer, place)
        for number, value in enumerate(layer.get_weights() if not isinstance(layer, keras.Model) else ()):
            place.require_group("vars")[str(number)] = value


def _written(model: Any, folder: Path, suffix: str, version: str = "2.15.0", loss: Any = None) -> Path:
    path = folder / f"model.{suffix}"
    (_write_h5 if suffix == "h5" else _write_keras)(model, path, version, loss)
    return path


# --- models -----------------------------------------------------------------------------------------------------


def _randomised(model: Any) -> Any:
    draw = np.random.default_rng(3)
    for layer in _leaves(model):
        low = 0.5 if isinstance(layer, layers.BatchNormalization) else -0.3
        layer.set_weights([draw.uniform(low, low + 0.65, value.shape) for value in layer.get_weights()])
    return model


def _base(name: str = "base") -> Any:
    """Several layers of one shape, so that weights in a wrong order would fit."""
    image = x = keras.Input((SIZE, SIZE, 3))
    x = layers.LeakyReLU(0.2)(layers.Conv2D(6, 3, strides=4, padding="same", name=f"{name}_7")(x))
    for _ in range(2):
        x = layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same", activation="relu")(x))
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.SeparableConv2D(6, 3, padding="same", activation="swish")(x)
    return keras.Model(image, x, name=name)


def _head(x: Any, units: int = 2, activation: str | None = "softmax") -> Any:
    return layers.Dense(units, activation=activation)(layers.GlobalAveragePooling2D()(x))


def _flat() -> Any:
    base = _base()
    return keras.Model(base.inputs[0], _head(base.outputs[0]))


def _nested(frozen: bool = False, half: bool = False) -> Any:
    base, image = _base(), keras.Input((SIZE, SIZE, 3))
    base.trainable = not frozen
    for layer in base.layers[:5] if half else ():
        layer.trainable = False
    return keras.Model(image, _head(base(image)))


def _sequential() -> Any:
    return keras.Sequential([keras.Input((SIZE, SIZE, 3)), _base(), layers.GlobalAveragePooling2D(),
                             layers.Dropout(0.3), layers.Dense(2, activation="softmax")])  # fmt: skip


def _by_arithmetic() -> Any:
    """What `mobilenet_v2.preprocess_input` becomes, and then `vgg16.preprocess_input` less its means."""
    image = keras.Input((SIZE, SIZE, 3))
    x = keras.ops.subtract(keras.ops.true_divide(image, 127.5), 1.0)
    x = keras.ops.cast(x, "float32")
    x = keras.ops.add(x[..., ::-1], np.array([0.1, 0.2, 0.3], np.float32))
    return keras.Model(image, _head(_base()(x)))


def _twice() -> Any:
    image = keras.Input((SIZE, SIZE, 3))
    conv = layers.Conv2D(3, 3, padding="same", activation="relu")
    x = layers.Add()([conv(image), conv(conv(image))])
    return keras.Model(image, _head(layers.Conv2D(6, 3, strides=4, activation="relu")(x)))


MODELS: dict[str, Build] = {
    "flat": _flat,
    "nested": _nested,
    "frozen": lambda: _nested(frozen=True),
    "partly frozen": lambda: _nested(half=True),
    "sequential": _sequential,
    "arithmetic": _by_arithmetic,
    "called twice": _twice,
}


def _images() -> Any:
    return np.random.default_rng(1).uniform(-1, 1, (4, SIZE, SIZE, 3)).astype(np.float32)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", MODELS)
def test_a_file_of_keras_2_has_the_scores_of_its_model(kind: str, suffix: str, tmp_path: Path) -> None:
    model = _randomised(MODELS[kind]())
    images = _images() * (255 if kind == "arithmetic" else 1)
    wanted = np.asarray(model(images))
    assert np.ptp(wanted[:, 0]) > 1e-5
    opened = open_external(_written(model, tmp_path, suffix))
    assert opened.keras_2 == "2.15.0"
    np.testing.assert_allclose(np.asarray(opened.model(images)), wanted, atol=1e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("theta", [0.02, 0.0, None])
def test_a_thresholded_relu_is_the_relu_of_keras_3_with_a_threshold(
    suffix: str, theta: float | None, tmp_path: Path
) -> None:
    model, images = _randomised(_flat()), _images()
    told = {} if theta is None else {"theta": theta}
    theirs = {"class_name": "ThresholdedReLU", "config": {"name": "thresholded_re_lu", "dtype": "float32", **told}}
    path = _changed(_written(model, tmp_path, suffix), lambda entries: _one(entries, "LeakyReLU").update(theirs))
    before = keras.Model(
        model.inputs[0], next(each for each in model.layers if isinstance(each, layers.LeakyReLU)).input
    )
    after = keras.Model(model.layers[3].input, model.outputs[0])
    values = np.asarray(before(images))
    limit = np.float32(1.0 if theta is None else theta)
    wanted = np.asarray(after(np.where(values > limit, values, np.float32(0))))  # what Keras 2 computes
    assert ((values > 0) & (values <= limit)).any() == (limit > 0)
    np.testing.assert_allclose(np.asarray(open_external(path).model(images)), wanted, atol=1e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_layer_that_keras_3_lacks_is_named_with_what_helps(suffix: str, tmp_path: Path) -> None:
    path = _written(_flat(), tmp_path, suffix)
    theirs = {"class_name": "LocallyConnected2D", "config": {"name": "local", "filters": 6}}
    _changed(path, lambda entries: _one(entries, "LeakyReLU").update(theirs))
    _refused(path, "'local' is a LocallyConnected2D, which Keras 3 does not have; put layers in its place")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_advice_for_a_layer_that_keras_3_lacks_gives_the_weights(suffix: str, tmp_path: Path) -> None:
    model, images = _randomised(_flat()), _images()
    path = _written(model, tmp_path, suffix)
    _changed(path, lambda entries: _one(entries, "LeakyReLU").update(class_name="OldLeakyReLU"))
    _refused(path, "OldLeakyReLU", f"model.load_weights('model.{suffix}')")
    again = _flat()
    again.load_weights(path)
    np.testing.assert_allclose(np.asarray(again(images)), np.asarray(model(images)), atol=1e-6)


@pytest.mark.parametrize("version", ["2.15.0", "2.2.4-tf", "2.21.0"])
def test_the_whole_way_says_who_wrote_it(version: str, tmp_path: Path) -> None:
    told: list[str] = []
    model = _randomised(_nested())
    run = external_run(_written(model, tmp_path, "h5", version), ABOUT, told.append)
    assert any(f"written by Keras {version} and is read here by Keras {keras.__version__}" in line for line in told)
    assert run.contract.head == "GAP - Dense(2, softmax)"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_its_loss_tells_logits(suffix: str, tmp_path: Path) -> None:
    image = keras.Input((SIZE, SIZE, 3))
    model = _randomised(keras.Model(image, _head(_base()(image), 1, None)))
    loss = {"class_name": "BinaryCrossentropy", "config": {"reduction": "auto", "from_logits": True}}
    run = external_run(_written(model, tmp_path, suffix, loss=loss), replace(ABOUT, unit="CAD"))
    assert run.contract.head == "GAP - Dense(1, linear)"
    with pytest.raises(UsageError, match="loss is MeanSquaredError, which makes no logits"):
        external_run(_written(model, tmp_path, suffix, loss="mse"), replace(ABOUT, unit="CAD"))


# --- what is refused --------------------------------------------------------------------------------------------


def _refused(path: Path, *words: str) -> str:
    with pytest.raises(ModelInvalid) as told:
        open_external(path)
    message = str(told.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message
    return message


def _changed(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> Path:
    """Change a functional model's list of layers in the file."""
    if path.suffix == ".h5":
        with h5py.File(path, "a") as file:
            description = json.loads(file.attrs["model_config"])
            change(description["config"]["layers"])
            file.attrs["model_config"] = json.dumps(description)
        return path
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    description = json.loads(members["config.json"])
    change(description["config"]["layers"])
    members["config.json"] = json.dumps(description).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _one(entries: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["class_name"] == kind)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_keras_own_reason_is_told_in_full_with_a_way_on(suffix: str, tmp_path: Path) -> None:
    path = _written(_flat(), tmp_path, suffix)
    _changed(path, lambda entries: _one(entries, "DepthwiseConv2D")["config"].update(groups=3))
    said = _refused(path, "was written by Keras 2.15.0", "'groups': 3", f"load_weights('model.{suffix}')")
    assert "kernel_size" not in said  # the reason, and not the layer


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_function_that_means_another_one_in_keras_3_is_refused(suffix: str, tmp_path: Path) -> None:
    path = _written(_flat(), tmp_path, suffix)
    _changed(path, lambda entries: _one(entries, "Conv2D")["config"].update(activation="hard_sigmoid"))
    _refused(path, "hard_sigmoid", "clip(0.2 x + 0.5, 0, 1) in Keras 2", "keras.ops.hard_sigmoid(1.2 * x)")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_function_of_tensorflow_that_is_not_known_is_never_looked_up(suffix: str, tmp_path: Path) -> None:
    image = keras.Input((SIZE, SIZE, 3))
    model = keras.Model(image, _head(_base()(keras.ops.power(image, 2.0))))
    _refused(_written(model, tmp_path, suffix), "tf.math.pow", "no code of others is run")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"class_name": "Lambda", "config": {"name": "x"}}, ("Lambda", "no code of others")),
        ({"class_name": "Custom>Own", "config": {"name": "x"}}, ("Custom>Own", "no code of others")),
        ({"class_name": "Own", "config": {"name": "x"}}, ("Own", "was written by Keras 2.15.0")),
    ],
)
def test_code_is_refused(suffix: str, entry: dict[str, Any], words: tuple[str, ...], tmp_path: Path) -> None:
    path = _written(_flat(), tmp_path, suffix)
    _changed(path, lambda entries: _one(entries, "LeakyReLU").update(entry))
    _refused(path, *words)


def _damaged(path: Path, change: Callable[[Any], None]) -> Path:
    """Change the weights of a file."""
    if path.suffix == ".h5":
        with h5py.File(path, "a") as file:
            change(file)
        return path
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    part = path.with_suffix(".part")
    part.write_bytes(members["model.weights.h5"])
    with h5py.File(part, "a") as file:
        change(file)
    members["model.weights.h5"] = part.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


LAST = {"h5": "model_weights/{0}/{0}/bias:0", "keras": "layers/dense/vars/1"}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("way", ["missing", "shape", "link", "declared"])
def test_weights_that_are_not_the_models_are_found(way: str, suffix: str, tmp_path: Path) -> None:
    model = _flat()
    path = _written(model, tmp_path, suffix)
    (tmp_path / "elsewhere.h5").write_bytes(b"")
    last = model.layers[-1].name

    def change(file: Any) -> None:
        place = LAST[suffix].format(last)
        del file[place]
        if way == "shape":
            file[place] = np.zeros(3, np.float32)
        elif way == "link":
            file[place] = h5py.ExternalLink(str(tmp_path / "elsewhere.h5"), "/bias")
        elif way == "declared":
            file.create_dataset(place, (2**40,), "f4", chunks=(2**20,))
        elif suffix == "h5":
            file[f"model_weights/{last}"].attrs["weight_names"] = [f"{last}/kernel:0"]

    words = {"missing": "has weights", "shape": "has weights", "link": "ExternalLink", "declared": "declares"}
    _refused(_damaged(path, change), words[way])


def test_a_layer_without_weights_is_missed(tmp_path: Path) -> None:
    model = _flat()
    path = _written(model, tmp_path, "h5")
    with h5py.File(path, "a") as file:
        file["model_weights"].attrs["layer_names"] = [layer.name for layer in model.layers[:-1]]
    _refused(path, f"no weights of layer {model.layers[-1].name!r}")


def test_two_weights_that_changed_places_are_found_by_their_names(tmp_path: Path) -> None:
    path = _written(_flat(), tmp_path, "h5")
    with h5py.File(path, "a") as file:
        name = next(name for name in file["model_weights"].attrs["layer_names"] if "batch" in name)
        group = file["model_weights"][name]
        first, second, *rest = group.attrs["weight_names"]
        group.attrs["weight_names"] = [second, first, *rest]
    _refused(path, "where 'gamma' is wanted")
