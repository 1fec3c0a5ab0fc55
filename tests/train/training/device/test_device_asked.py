"""The words of `--device` for training: the runtime's own, as far as they train."""

from __future__ import annotations

import pytest

from edgecad.errors import UsageError
from edgecad.runners.devices import DEVICES, device_words
from edgecad_train.training.device.asked import WORDS, check_device, gpu_asked
from edgecad_train.training.settings import Settings


@pytest.mark.parametrize(
    ("word", "index"), [("auto", None), ("cpu", None), ("cuda", 0), ("cuda:0", 0), ("cuda:7", 7), ("cuda:15", 15)]
)
def test_a_word_names_a_device_and_a_gpu_by_its_number(word: str, index: int | None) -> None:
    check_device(word)
    assert gpu_asked(word) == index
    assert Settings(device=word).device == word


def test_the_words_are_those_of_the_runtime() -> None:
    assert set(WORDS) <= set(device_words())
    indexed = {row.word: row.indexed for row in DEVICES}
    assert (indexed["cpu"], indexed["cuda"]) == (False, True)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("gpu", "a GPU is called cuda here"),
        ("gpu:1", "a GPU is called cuda here"),
        ("GPU:0", "choose auto, cpu, cuda or cuda:N"),
        ("cud", r"did you mean cuda\?"),
        ("cuda:", "called 'cuda:'; choose auto, cpu, cuda or cuda:N"),
        ("cuda:-1", "called 'cuda:-1'; choose"),
        ("cuda:100", "called 'cuda:100'; choose"),
        ("cuda:١", "choose auto, cpu, cuda or cuda:N"),
        ("cpu:0", "called 'cpu:0'; choose"),
        ("cuda\n", "choose auto, cpu"),
        ("", "choose auto, cpu"),
        *((row.word, f"{row.word} answers scans and trains nothing") for row in DEVICES if row.word not in WORDS),
    ],
)
def test_any_other_word_is_refused_with_those_that_there_are(word: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Settings(device=word)
    assert UsageError.exit_code == 2
