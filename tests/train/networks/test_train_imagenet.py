"""ImageNet weights: cached, to be fetched, or not to be had, which is known in a moment and without Keras."""

from __future__ import annotations

import errno
import http.client
import shlex
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest
from keras.src.utils import file_utils

from edgecad.errors import NotAvailable
from edgecad_train.networks import imagenet
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.imagenet import (
    HOST,
    LOOK_S,
    check_imagenet,
    imagenet_file,
    imagenet_path,
    is_cached,
)

MOBILENET, VGG16 = backbone_named("mobilenetv2"), backbone_named("vgg16")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of our own, and no proxy, nor one that an earlier test had."""
    monkeypatch.setattr(urllib.request, "_opener", None)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def _cached(backbone: Any) -> Path:
    path = imagenet_path(backbone)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.create_dataset("layer", data=[1.0] * 1000)
    return path


def _no_name(*words: object, **more: object) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _asked(*words: object, **more: object) -> Any:
    raise AssertionError("nothing is to be asked of the network")


def test_what_is_cached_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _asked)
    _cached(MOBILENET)
    assert is_cached(MOBILENET)
    check_imagenet([MOBILENET])
    assert imagenet_file(MOBILENET) == imagenet_path(MOBILENET)


def test_a_part_of_a_file_in_the_cache_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    path = _cached(MOBILENET)
    path.write_bytes(path.read_bytes()[:-500])
    monkeypatch.setattr(socket, "getaddrinfo", _no_name)
    assert not is_cached(MOBILENET)
    with pytest.raises(NotAvailable, match=f"are not whole in {path.parent}, and"):
        check_imagenet([MOBILENET])


def test_without_a_network_three_ways_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _no_name)
    with pytest.raises(NotAvailable) as caught:
        check_imagenet([MOBILENET])
    words, folder = str(caught.value), imagenet_path(MOBILENET).parent
    assert "\n" not in words
    for part in (
        f"ImageNet weights of mobilenetv2 are not in {folder}",
        "(Name or service not known)",
        "(1) give this machine a network and run the same command",
        f"(2) copy {MOBILENET.imagenet_file} into {folder}, from ~/.keras/models of one that ran: python -c ",
        "(3) name the file: --weights FILE",
        "--weights none, or --strategy scratch",
    ):
        assert part in words
    assert not folder.exists()


def test_the_command_that_fetches_asks_keras_for_the_very_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the backbone whose file depends on the size of its input."""
    asked = []

    def get_file(name: str, *words: object, **more: object) -> str:
        asked.append(name)
        raise InterruptedError

    monkeypatch.setattr(file_utils, "get_file", get_file)
    words = str(imagenet._not_to_be_had([MOBILENET], "x")).partition("that ran: ")[2].partition("; (3)")[0]
    python, option, program = shlex.split(words)
    assert (python, option) == ("python", "-c")
    with pytest.warns(UserWarning, match="default"), pytest.raises(InterruptedError):
        exec(program, {})  # noqa: S102 - what the message tells people to run
    assert asked == [MOBILENET.imagenet_file]
    assert keras.applications.MobileNetV2


def test_several_networks_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _no_name)
    _cached(backbone_named("resnet50"))
    with pytest.raises(NotAvailable) as caught:
        check_imagenet([MOBILENET, backbone_named("resnet50"), VGG16])
    words = str(caught.value)
    assert "weights of mobilenetv2, vgg16 are" in words
    assert "keras.applications.MobileNetV2(include_top=False); keras.applications.VGG16(include_top=False)" in words
    assert f"{MOBILENET.imagenet_file}, {VGG16.imagenet_file}" in words


def test_a_cache_that_cannot_be_written_is_told_before_the_network_is_asked(
    closed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _asked)
    monkeypatch.setenv("KERAS_HOME", str(closed_folder / "keras"))
    with pytest.raises(NotAvailable, match=r"nothing can be fetched into that folder \(.*closed|.*disk") as caught:
        check_imagenet([MOBILENET])
    assert "(3) name the file" in str(caught.value)


def test_a_name_server_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is slow may be an honest network: the fetch itself will say."""
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *words, **more: release.wait(60) and [])
    began = time.monotonic()
    check_imagenet([MOBILENET])
    assert time.monotonic() - began < LOOK_S + 1
    release.set()


@pytest.mark.parametrize(
    ("error", "certain"),
    [
        (urllib.error.URLError(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")), True),
        (urllib.error.URLError(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")), True),
        (urllib.error.URLError(OSError(errno.ENETUNREACH, "Network is unreachable")), True),
        (urllib.error.URLError(OSError(errno.EHOSTUNREACH, "No route to host")), True),
        (urllib.error.URLError(OSError("Tunnel connection failed: 403 Forbidden")), True),
        (urllib.error.URLError(ssl.SSLCertVerificationError(1, "certificate verify failed")), True),
        (urllib.error.URLError(TimeoutError("timed out")), False),
        (urllib.error.URLError(ConnectionResetError(errno.ECONNRESET, "reset")), False),
        (urllib.error.URLError(ssl.SSLEOFError(8, "EOF occurred")), False),
        (urllib.error.HTTPError(f"https://{HOST}", 403, "Forbidden", Message(), None), False),
        (http.client.RemoteDisconnected("closed"), False),
        (TimeoutError("read timed out"), False),
    ],
)
def test_only_what_is_certain_ends_a_training(error: Exception, certain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def raised(*words: object, **more: object) -> Any:
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", raised)
    assert bool(imagenet._unreachable()) is certain


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that lets nobody through, and what was asked of it."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                with server.accept()[0] as client:
                    asked.append(client.recv(4096))
                    client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked


def test_a_proxy_is_asked_where_one_is_set(proxy: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", proxy[0])
    with pytest.raises(NotAvailable, match="Tunnel connection failed: 403 Forbidden"):
        check_imagenet([MOBILENET])
    assert proxy[1][0].startswith(f"CONNECT {HOST}:443".encode())


def test_a_fetch_that_fails_names_the_three_ways_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(backbone: object) -> None:
        raise RuntimeError("URL fetch failure on https://host: 404\nmore")

    monkeypatch.setattr(imagenet, "_fetch", failed)
    with pytest.raises(
        NotAvailable, match=r"could not be fetched \(URL fetch failure on https://host: 404\); three ways"
    ):
        imagenet_file(MOBILENET)
    monkeypatch.setattr(imagenet, "_fetch", lambda backbone: None)
    with pytest.raises(NotAvailable, match="Keras put none there; three ways"):
        imagenet_file(MOBILENET)
