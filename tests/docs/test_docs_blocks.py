"""What the pages say to type is run: each page's blocks in their order, in a reader's folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Follow, external_model
from .pages import LANGUAGES, Block, blocks_of, commands_in, pages
from .small import SMALL, small

FROM_NOTHING = "docs/quickstart.md"
"""The page that draws its own scans and trains its own model."""
QUICK = tuple(page for page in pages() if any(block.runs and not block.soak for block in blocks_of(page)))
LONG = tuple(page for page in pages() if any(block.runs and block.soak for block in blocks_of(page)))
BLOCKS = tuple(block for page in pages() for block in blocks_of(page))


@pytest.mark.slow
@pytest.mark.parametrize("page", QUICK)
def test_a_page_does_what_it_says(page: str, after_readme: Path, follow: Follow, tmp_path: Path) -> None:
    if page == "README.md":
        assert list(after_readme.glob("runs/*/report.html"))
        assert list(after_readme.glob("models/*/model.fp16.onnx"))
        assert list(after_readme.glob("answers/*.png"))
        return
    folder = shutil.copytree(after_readme, tmp_path / "a reader")
    follow(folder, [block for block in blocks_of(page) if block.runs and not block.soak])


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("page", LONG)
def test_a_page_does_what_it_says_with_all_that_trains(
    page: str, after_readme: Path, follow: Follow, tmp_path: Path
) -> None:
    folder = tmp_path / "a reader"
    if page == FROM_NOTHING:
        folder.mkdir()
    else:
        shutil.copytree(after_readme, folder)
        external_model(folder / "model.keras")
    follow(folder, [block for block in blocks_of(page) if block.runs])


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_names_its_language_and_why_it_is_not_run(block: Block) -> None:
    assert block.language in LANGUAGES
    assert block.not_run is None or len(block.not_run.split()) >= 3


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "bash"], ids=str)
def test_the_program_knows_every_option_of_a_block(block: Block) -> None:
    """Also of those that are not run."""
    import typer.main

    from edgecad.cli.program import app

    program = typer.main.get_command(app)
    for words in commands_in(block):
        context, command, rest = program.make_context("edgecad", [], resilient_parsing=True), program, words
        while hasattr(command, "list_commands"):
            name, *rest = rest
            if name.startswith("-"):
                break
            command = command.get_command(context, name)  # type: ignore[assignment]
            assert command is not None, f"{block}: edgecad has no command {name}"
            if not hasattr(command, "list_commands"):
                command.make_context(name, list(rest), parent=context)


# --- what holds the pages, held itself ---------------------------------------------------------------------


def of(text: str) -> list[Block]:
    return list(blocks_of("page.md", text))


def test_comments_above_a_block_belong_to_it_alone() -> None:
    page = "<!-- not run: it needs a GPU -->\n```bash\nedgecad a\n```\n\n```python\nb\n```\n"
    first, second = of(page)
    assert (first.not_run, first.runs) == ("it needs a GPU", False)
    assert (second.not_run, second.runs, second.soak, second.codes) == (None, True, False, (0,))


def test_a_block_may_be_for_the_long_tests_and_end_with_other_codes() -> None:
    (block,) = of("<!-- exit codes: 0 5 -->\n<!-- run by: make soak -->\n```bash\na\n```\n")
    assert (block.soak, block.codes) == (True, (0, 5))


@pytest.mark.parametrize("comment", ["<!-- skip -->", "<!-- run by: somebody -->", "<!-- not run: -->"])
def test_a_comment_that_excuses_nothing_is_an_error(comment: str) -> None:
    with pytest.raises(ValueError, match=r"page\.md:2"):
        of(f"{comment}\n```bash\na\n```\n")


def test_a_block_without_an_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="without an end"):
        of("```bash\na\n")


def test_a_page_that_fails_is_found_out(follow: Follow, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:1 ended with 2"):
        follow(tmp_path, of("```bash\nedgecad infer --no-such-option\n```\n"))
    with pytest.raises(AssertionError, match=r"page\.md:1 ended with 1"):
        follow(tmp_path, of("```bash\nfalse | cat\ntrue\n```\n"))
    with pytest.raises(AssertionError, match=r"page\.md:1 ended with 1"):
        follow(tmp_path, of("```python\nimport no_such_module\n```\n"))


def test_commands_are_found_in_pipes_and_over_lines() -> None:
    (block,) = of(
        "```bash\nls *.jpg | edgecad infer \\\n  --json > a.txt   # words\necho edgecad; edgecad doctor\n```\n"
    )
    assert list(commands_in(block)) == [["infer", "--json"], ["doctor"]]


def test_sizes_are_made_small_only_where_a_page_leaves_them_open() -> None:
    assert small(["train", "--backbone", "vgg16"])[:3] == ["train", "--backbone", "vgg16"]
    assert small(["train", "--backbone", "vgg16"]).count("--backbone") == 1
    assert "--folds" not in small(["train", "--protocol", "folds"])
    assert small(["train", "--resume"]) == ["train", "--resume"]
    assert small(["verify"]) == ["verify"]
    assert set(SMALL) <= {words[0] for block in BLOCKS if block.language == "bash" for words in commands_in(block)}
