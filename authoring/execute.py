"""Execute a notebook the way a learner's Jupyter does, and clean what it leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from authoring.source import Cell, SourceError

CELL_TIMEOUT = 300  # seconds, the same limit as the tests of the notebooks


def execute(notebook: NotebookNode, cells: Sequence[Cell], folder: Path, name: str) -> None:
    """Run every code cell in a fresh kernel and store the outputs in `notebook`.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    cells : sequence of Cell
        What the notebook was made from, for line numbers in messages.
    folder : Path
        The notebook's folder, where Jupyter starts its kernel.
    name : str
        The source's name, for messages.

    Raises
    ------
    SourceError
        At the first cell that raises, takes longer than `CELL_TIMEOUT` seconds, or ends the kernel.
    """
    running = 0

    def note(cell: NotebookNode, cell_index: int) -> None:
        nonlocal running
        running = cell_index

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        on_cell_start=note,
    )
    folder.mkdir(parents=True, exist_ok=True)
    metadata = dict(notebook.metadata)
    try:
        client.execute()
    except CellExecutionError as error:
        reason = f"{error.ename}: {error.evalue}"
        raise SourceError(f"{_place(name, cells[running])} stops with {reason}") from error
    except CellTimeoutError as error:
        raise SourceError(f"{_place(name, cells[running])} takes longer than {CELL_TIMEOUT} s.") from error
    except DeadKernelError as error:
        raise SourceError(f"{_place(name, cells[running])} ended the kernel: not enough memory?") from error
    notebook.metadata = type(notebook.metadata)(metadata)  # the client adds this machine's Python version
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = clean(cell.outputs)


def clean(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in pieces, and drop progress bars; other text on stderr stays for the guard to refuse.

    The pieces in which a stream arrives depend on timing, so that joining them keeps diffs small.
    """
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    joined = [output for output in joined if not _is_progress(output)]
    for output in joined:
        if output.get("name") == "stdout":
            output.text = _as_seen(output.text)
    return [output for output in joined if output.output_type != "stream" or output.text.strip()]


def _is_progress(output: NotebookNode) -> bool:
    """Whether an output is nothing but progress bars: each line rewrites itself with carriage returns."""
    if output.get("name") != "stderr" or "Warning" in output.text:
        return False
    lines = [line for line in output.text.split("\n") if line.strip()]
    return all("\r" in line for line in lines)


def _as_seen(text: str) -> str:
    """What a screen shows of a text in which progress bars rewrite their line with carriage returns."""
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


def _place(name: str, cell: Cell) -> str:
    """Where a cell stands in its source; generated cells stand nowhere."""
    return f"{name}, line {cell.line}: the cell" if cell.line else f"{name}: the generated set-up cell"
