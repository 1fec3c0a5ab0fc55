"""Keras models that cannot be explained, files that are none, and words that do not fit: one line each, in time."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from edgecad.errors import EdgecadError, GateFailed, ModelInvalid, UsageError
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.run import external_run

layers = keras.layers
SIZE = 32
ABOUT = ExternalModel("CAD,nonCAD", "CAD", "tf", linear_end="logits")
Build = Callable[[], Any]


def _map(size: int | None = SIZE, channels: int = 3) -> tuple[Any, Any]:
    image = keras.Input((size, size, channels))
    return image, layers.Conv2D(4, 3, strides=4, padding="same", activation="relu")(image)


def _with(*head: Any) -> Any:
    """A model of a map of 8 x 8 and some head."""
    image, x = _map()
    for layer in head:
        x = layer(x)
    return keras.Model(image, x)


def _pool() -> Any:
    return layers.GlobalAveragePooling2D()


def _refused(kind: type[EdgecadError], path: Path, *words: str, about: ExternalModel = ABOUT) -> None:
    with pytest.raises(kind) as told:
        external_run(path, about)
    message = str(told.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def _saved(model: Any, folder: Path, name: str = "model.keras") -> Path:
    model.save(folder / name)
    return folder / name


# --- models of another form ----------------------------------------------------------------------------------


def _attention() -> Any:
    image, x = _map()
    cells = layers.Reshape((64, 4))(x)
    return keras.Model(
        image, layers.Dense(2)(layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(1, 4)(cells, cells)))
    )


def _gated() -> Any:
    image, x = _map()
    x = _pool()(x)
    return keras.Model(image, layers.Dense(2)(layers.Multiply()([x, layers.Dense(4, activation="sigmoid")(x)])))


def _two_inputs() -> Any:
    image, x = _map()
    age = keras.Input((1,))
    return keras.Model([image, age], layers.Dense(2)(layers.Concatenate()([_pool()(x), age])))


def _two_outputs() -> Any:
    image, x = _map()
    x = _pool()(x)
    return keras.Model(image, [layers.Dense(2)(x), layers.Dense(1)(x)])


def _channels_first_inside() -> Any:
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.AveragePooling2D(2, data_format="channels_first")(layers.Conv2D(4, 3, strides=2)(image))
    return keras.Model(image, layers.Dense(2)(_pool()(x)))


def _shaped(*shape: int | None) -> Any:
    image = keras.Input(shape)
    return keras.Model(image, layers.Dense(2)(_pool()(layers.Conv2D(4, 3, padding="same")(image))))


FORMS: dict[str, tuple[Build, tuple[str, ...]]] = {
    "flatten": (lambda: _with(layers.Flatten(), layers.Dense(2)), ("Flatten", "8x8", "average pooling over the whole")),
    "max pooling": (lambda: _with(layers.GlobalMaxPooling2D(), layers.Dense(2)), ("GlobalMaxPooling2D", "wanted")),
    "part pooling": (
        lambda: _with(layers.AveragePooling2D(4), layers.Flatten(), layers.Dense(2)),
        ("Flatten", "map of 2x2"),
    ),
    "part pooling, then all": (
        lambda: _with(layers.AveragePooling2D(4), layers.GlobalMaxPooling2D(), layers.Dense(2)),
        ("GlobalMaxPooling2D",),
    ),
    "no pooling": (lambda: _with(layers.Dense(2)), ("Conv2D",)),
    "tanh": (lambda: _with(_pool(), layers.Dense(3, activation="tanh"), layers.Dense(2)), ("tanh", "ReLU")),
    "gelu": (lambda: _with(_pool(), layers.Dense(3, activation="gelu"), layers.Dense(2)), ("gelu",)),
    "leaky": (lambda: _with(_pool(), layers.Dense(3), layers.LeakyReLU(), layers.Dense(2)), ("LeakyReLU",)),
    "relu6": (lambda: _with(_pool(), layers.Dense(3), layers.ReLU(6.0), layers.Dense(2)), ("bend of its own",)),
    "relu on the pooled": (
        lambda: _with(_pool(), layers.ReLU(), layers.Dense(2)),
        ("activation relu", "nothing but pooling"),
    ),
    "layer norm": (lambda: _with(_pool(), layers.LayerNormalization(), layers.Dense(2)), ("LayerNormalization",)),
    "attention": (_attention, ("GlobalAveragePooling1D",)),
    "gate": (_gated, ("Multiply", "joins 2 branches")),
    "three classes": (lambda: _with(_pool(), layers.Dense(3, activation="softmax")), ("3 units, softmax",)),
    "two sigmoids": (lambda: _with(_pool(), layers.Dense(2, activation="sigmoid")), ("2 units, sigmoid",)),
    "softmax of one": (lambda: _with(_pool(), layers.Dense(1, activation="softmax")), ("1 units, softmax",)),
    "layers after softmax": (
        lambda: _with(_pool(), layers.Dense(2, activation="softmax"), layers.Dense(2)),
        ("follows the softmax",),
    ),
    "ends in ReLU": (lambda: _with(_pool(), layers.Dense(2, activation="relu")), ("an activation",)),
    "no dense layer": (lambda: _with(_pool()), ("no dense layer",)),
    "two inputs": (_two_inputs, ("2 inputs and 1 outputs",)),
    "two outputs": (_two_outputs, ("1 inputs and 2 outputs",)),
    "channels first": (lambda: _shaped(3, SIZE, SIZE), ("(3, 32, 32)", "channels last")),
    "channels first inside": (_channels_first_inside, ("channels first", "channels_last")),
    "grey": (lambda: _shaped(SIZE, SIZE, 1), ("(32, 32, 1)", "(size, size, 3)")),
    "not square": (lambda: _shaped(SIZE, 48, 3), ("(32, 48, 3)", "square")),
    "too small": (lambda: _shaped(16, 16, 3), ("16 pixels", "32 to 1024")),
}


@pytest.mark.parametrize("form", FORMS)
def test_another_form_is_refused_with_what_was_found_and_what_is_wanted(form: str, tmp_path: Path) -> None:
    build, words = FORMS[form]
    _refused(ModelInvalid, _saved(build(), tmp_path), *words)


@keras.saving.register_keras_serializable("tests")
class OwnModel(keras.Model):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.conv, self.pool, self.last = layers.Conv2D(4, 3), _pool(), layers.Dense(2)

    def call(self, image: Any) -> Any:
        return self.last(self.pool(self.conv(image)))


@keras.saving.register_keras_serializable("tests")
class OwnLayer(layers.Layer):
    def call(self, values: Any) -> Any:
        return values


def test_a_subclassed_model_is_told_how_to_become_functional(tmp_path: Path) -> None:
    model = OwnModel()
    model(np.zeros((1, SIZE, SIZE, 3), np.float32))
    _refused(ModelInvalid, _saved(model, tmp_path), "class OwnModel", "keras.Model(input, output)")


def test_a_layer_of_somebodys_own_code_is_not_looked_up_even_where_it_could_be(tmp_path: Path) -> None:
    _refused(
        ModelInvalid, _saved(_with(OwnLayer(), _pool(), layers.Dense(2)), tmp_path), "OwnLayer", "no code of others"
    )


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_lambda_layer_is_code(name: str, tmp_path: Path) -> None:
    model = _with(layers.Lambda(lambda values: values * 2.0), _pool(), layers.Dense(2))
    _refused(ModelInvalid, _saved(model, tmp_path, name), "Lambda", "no code of others is run")


# --- files that are none -------------------------------------------------------------------------------------


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return _saved(_with(_pool(), layers.Dense(2)), tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_that_was_cut_short(name: str, share: float, tmp_path: Path) -> None:
    path = _saved(_with(_pool(), layers.Dense(2)), tmp_path, name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    _refused(ModelInvalid, path, name, "model.save('model.keras')")


def _flipped_inside(path: Path, name: str) -> None:
    """Change one byte of a member, whose checksum stays."""
    with zipfile.ZipFile(path) as archive:
        begin = archive.getinfo(name).header_offset
        length = archive.getinfo(name).compress_size
    content = bytearray(path.read_bytes())
    content[begin + 30 + len(name) + length // 2] ^= 0xFF
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_changed_byte_in_a_keras_file_is_found_by_its_checksum(name: str, good: Path) -> None:
    _flipped_inside(good, name)
    _refused(ModelInvalid, good, "model.keras", "save the whole model")


def test_a_zip_archive_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "dear reader")
    _refused(ModelInvalid, path, "without a Keras model's config.json")


@pytest.mark.parametrize("description", ["[]", "{}", "{", '{"class_name": "Functional"}', "\u2028nonsense"])
def test_an_archive_whose_description_is_none(description: str, good: Path) -> None:
    with zipfile.ZipFile(good) as archive:
        weights, metadata = archive.read("model.weights.h5"), archive.read("metadata.json")
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr("config.json", description)
        archive.writestr("model.weights.h5", weights)
        archive.writestr("metadata.json", metadata)
    _refused(ModelInvalid, good, "model.keras")


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        ("os", "system", ("system of os", "no code of others")),
        ("keras.layers", "TFSMLayer", ("TFSMLayer", "code")),
        ("keras.layers", "TorchModuleWrapper", ("TorchModuleWrapper", "code")),
        ("kerasy", "Dense", ("Dense of kerasy",)),
    ],
)
def test_a_description_that_names_code_is_refused_before_keras_reads_it(
    module: str, name: str, words: tuple[str, ...], good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("it was loaded"))
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", lambda *_, **__: pytest.fail("it was loaded"))
    with zipfile.ZipFile(good) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    description = json.loads(members["config.json"])
    description["config"]["layers"][1] = {"module": module, "class_name": name, "config": {"command": "true"}}
    members["config.json"] = json.dumps(description).encode()
    with zipfile.ZipFile(good, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    _refused(ModelInvalid, good, *words)


def test_weights_alone_do_not_tell_the_layers(tmp_path: Path) -> None:
    _with(_pool(), layers.Dense(2)).save_weights(tmp_path / "model.weights.h5")
    _refused(ModelInvalid, tmp_path / "model.weights.h5", "weights alone")


@pytest.mark.parametrize("way", ["link", "storage", "virtual"])
def test_hdf5_whose_weights_lie_in_another_file_is_not_followed(way: str, tmp_path: Path) -> None:
    """Keras looks for this; the test holds it to that."""
    path = _saved(_with(_pool(), layers.Dense(2, name="last")), tmp_path, "model.h5")
    with h5py.File(tmp_path / "elsewhere.h5", "w") as file:
        file["bias"] = np.zeros(2, np.float32)
    (tmp_path / "elsewhere.bin").write_bytes(bytes(8))
    with h5py.File(path, "a") as file:
        group = file["model_weights/last/last"]
        del group["bias"]
        if way == "link":
            group["bias"] = h5py.ExternalLink(str(tmp_path / "elsewhere.h5"), "/bias")
        elif way == "storage":
            group.create_dataset("bias", (2,), "f4", external=[(str(tmp_path / "elsewhere.bin"), 0, 8)])
        else:
            layout = h5py.VirtualLayout((2,), "f4")
            layout[:] = h5py.VirtualSource(str(tmp_path / "elsewhere.h5"), "bias", (2,))
            group.create_virtual_dataset("bias", layout)
    _refused(ModelInvalid, path, "cannot be loaded", "Not allowed", "save the whole model")


def test_a_saved_model_folder_gets_the_next_step(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"\x08\x01")
    _refused(ModelInvalid, folder, "SavedModel", "model.save('model.keras')")


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95pickle", b"\x08\x08onnx", b"text"])
def test_other_kinds_of_file_are_never_opened(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    _refused(ModelInvalid, path, "neither a .keras archive nor HDF5")


def test_the_name_must_be_that_of_the_content(good: Path) -> None:
    _refused(ModelInvalid, good.rename(good.with_suffix(".h5")), "by its content", "rename")


def test_no_file_at_all(tmp_path: Path) -> None:
    _refused(ModelInvalid, tmp_path / "none.keras", "no model at")


# --- words that do not fit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"classes": "CAD"}, "two names wanted"),
        ({"classes": "CAD,CAD"}, "two names wanted"),
        ({"classes": "CAD,nonCAD,other"}, "two names wanted"),
        ({"classes": "CAD,"}, "two names wanted"),
        ({"positive": "cad"}, "--positive 'cad' is not one of CAD, nonCAD"),
        ({"unit": "x"}, "--unit 'x'"),
        ({"threshold": 1.0}, "--threshold 1.0"),
        ({"threshold": float("nan")}, "--threshold nan"),
        ({"prevalence": 0.0}, "--prevalence 0.0"),
        ({"size": 16}, "--size 16"),
        ({"name": "../up"}, "--name '../up'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_any_file_is_opened(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word.replace("(", r"\(").replace(".", r"\.")):
        replace(ABOUT, **changes)


@pytest.mark.parametrize(
    ("model", "changes", "word"),
    [
        (lambda: _with(_pool(), layers.Dense(1, activation="sigmoid")), {"linear_end": None}, "--unit nonCAD"),
        (lambda: _with(_pool(), layers.Dense(1)), {}, "--unit nonCAD"),
        (lambda: _with(_pool(), layers.Dense(2, activation="softmax")), {}, "leave --linear-end out"),
        (lambda: _with(_pool(), layers.Dense(2)), {"unit": "CAD"}, "leave --unit out"),
        (lambda: _with(_pool(), layers.Dense(2)), {"size": 64}, "leave --size out"),
        (lambda: _shaped(None, None, 3), {}, "--size 224"),
        (lambda: _with(_pool(), layers.Dense(2)), {"images": Path("nowhere")}, "--images nowhere holds no"),
    ],
)
def test_what_does_not_fit_the_model(model: Build, changes: dict[str, Any], word: str, tmp_path: Path) -> None:
    _refused(UsageError, _saved(model(), tmp_path), word, about=replace(ABOUT, **changes))


def test_a_model_of_uint8_scales_by_itself(tmp_path: Path) -> None:
    image = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    x = layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(image))
    model = keras.Model(image, layers.Dense(2)(_pool()(x)))
    _refused(UsageError, _saved(model, tmp_path), "--scaling none is wanted, not tf")


def test_weights_that_are_not_finite(tmp_path: Path) -> None:
    model = _with(_pool(), layers.Dense(2))
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.full_like(kernel, np.nan), bias])
    _refused(GateFailed, _saved(model, tmp_path), "not finite")


def test_a_rebuilt_model_that_answers_otherwise_is_not_exported(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edgecad_export.external import rebuilt

    honest = rebuilt.head_of

    def off(output: Any) -> Any:
        head = honest(output)
        last = head.layers[-1]
        return replace(head, layers=(replace(last, bias=last.bias + np.array([0.001, 0.0])),))

    monkeypatch.setattr(rebuilt, "head_of", off)
    _refused(GateFailed, good, "answers otherwise", "nothing was written")


def test_scans_that_the_runtime_would_refuse_cannot_prove_a_model(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"no picture")
    _refused(UsageError, good, "none of 1 scans", about=replace(ABOUT, images=folder))
