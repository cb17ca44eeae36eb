"""How a check's outcome looks in a notebook: green when it passed, and no alarm while a task is only open."""

from __future__ import annotations

# White on a green of its own, because one green for letters is too pale on white paper or too dark on black.
_GREEN, _PLAIN = "\x1b[1;38;2;255;255;255;48;2;27;122;67m", "\x1b[0m"

# JupyterLab shows every error on the red of its theme. The rule reaches one output: the error below this style sheet.
# Other front ends know none of these classes and stay as they are.
_CALM = """\
<style class="course-open">
.jp-OutputArea-child:has(style.course-open) { display: none; }
.jp-OutputArea-child:has(style.course-open) + .jp-OutputArea-child .jp-RenderedText {
  background: var(--jp-layout-color2); border-left: 4px solid var(--jp-brand-color1);
}
</style>"""


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this code; a terminal has nothing to render Markdown or colours with."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def print_passed(number: str, sentence: str) -> None:
    """The line of a task that is solved, with the learner's gain in one sentence."""
    passed = f"Task {number} passed."
    print(f"{_GREEN} ✓ {passed} {_PLAIN} {sentence}" if in_notebook() else f"{passed} {sentence}")


def calm_next_error() -> None:
    """Let the error that is raised next look like a note, because its task is not wrong, only open."""
    if in_notebook():
        from IPython.display import display

        display({"text/html": _CALM, "text/plain": ""}, raw=True)
