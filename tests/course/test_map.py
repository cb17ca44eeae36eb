"""The map of the course in the first lesson lists what exists, by parts, in order."""

from pathlib import Path

from authoring.course import Course
from authoring.readme import MAP, PARTS, with_map

ROOT = Path(__file__).resolve().parents[2]


def test_every_number_has_one_part():
    assert [number for numbers in PARTS.values() for number in numbers] == list(range(23))


def test_the_map_names_every_lesson_once_and_no_other():
    lessons = list(Course.read(ROOT).lessons.values())
    lines = with_map(f"before\n{MAP}\nafter", lessons).splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    rows = lines[3:-1]
    assert [row.split("](")[1].split(")")[0] for row in rows] == [f"{lesson.slug}.ipynb" for lesson in lessons]
    assert all((ROOT / "notebooks" / f"{lesson.slug}.ipynb").exists() for lesson in lessons)
    assert any(row.startswith("| Deep learning | 10 ") for row in rows)


def test_the_first_lesson_holds_it():
    text = (ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    assert MAP not in text
    assert "10_autoencoders.ipynb" in text
