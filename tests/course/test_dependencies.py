"""One place for dependencies, one set of exact versions, and proof that what was installed works."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from authoring import environment

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BASE = {canonicalize_name(r.name): r for r in map(Requirement, PROJECT["dependencies"])}
GROUPS = [r for group in PROJECT["optional-dependencies"].values() for r in map(Requirement, group)]
# What conda-forge calls a package, where the name differs.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch-cpu"}
SYSTEMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
    "macos": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
    "windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
}
OURS = {"authoring", "benchmarks", "bootstrap", "course_lib", "tests"}
STAMP = environment.read_stamp(Path(sys.prefix))


def pins(path="constraints.txt"):
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    content = [line for line in lines if not line.startswith("#")]
    malformed = [line for line in content if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line)]
    assert malformed == [], f"{path} holds lines that are not name==version: {malformed}"
    names = [canonicalize_name(line.partition("==")[0]) for line in content]
    assert sorted(names) == sorted(set(names)), f"{path} pins a package twice"
    return {name: line.partition("==")[2] for name, line in zip(names, content, strict=True)}


PINS = pins()


@pytest.mark.parametrize("requirement", [*BASE.values(), *GROUPS], ids=str)
def test_each_direct_dependency_has_a_lower_bound_and_a_pin_within_it(requirement):
    assert requirement.url is None
    assert [s.operator for s in requirement.specifier] == [">="], "a lower bound and no cap"
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


def test_what_the_dependencies_pull_in_is_pinned_on_every_system():
    unpinned = set()
    for distribution in metadata.distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        if PINS.get(name) != distribution.version.partition("+")[0]:
            continue  # another version may ask for other packages
        required = distribution.requires or []
        for requirement in map(Requirement, required):
            for system, markers in SYSTEMS.items():
                for python in ("3.11", "3.13"):
                    variables = {**markers, "python_version": python, "python_full_version": f"{python}.1", "extra": ""}
                    if requirement.marker is None or requirement.marker.evaluate(variables):
                        unpinned |= {(canonicalize_name(requirement.name), system)} - {(n, system) for n in PINS}
    assert {(name, system) for name, system in unpinned if name != "setuptools"} == set()


def test_torch_and_torchvision_are_a_pair():
    if metadata.version("torchvision").partition("+")[0] != PINS["torchvision"]:
        pytest.skip(f"torchvision {metadata.version('torchvision')} is installed, not the pinned one")
    (asked,) = [r for r in map(Requirement, metadata.requires("torchvision")) if r.name == "torch"]
    # Some releases name one torch exactly, others a lower bound; a torchvision without either would prove nothing.
    assert len(asked.specifier) > 0
    assert asked.specifier.contains(PINS["torch"]), f"torchvision asks for {asked}"


def test_torchvision_works_with_the_torch_that_is_installed():
    # Its compiled part is what breaks beside another torch: pip succeeds and the operators are not there.
    code = (
        "import torch, torchvision\n"
        "boxes = torch.tensor([[0., 0., 10., 10.], [0., 0., 9., 9.], [20., 20., 30., 30.]])\n"
        "print(torchvision.ops.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.stdout.strip() == "[0, 2]", result.stderr


@pytest.mark.skipif(
    STAMP.get("constraints") != "constraints.txt",
    reason="this environment was not made by bootstrap.py from constraints.txt",
)
def test_what_is_installed_is_what_is_pinned():
    installed = {canonicalize_name(d.metadata["Name"]): d.version.partition("+")[0] for d in metadata.distributions()}
    wrong = {n: (v, PINS[n]) for n, v in installed.items() if n in PINS and Version(v) != Version(PINS[n])}
    assert wrong == {}, "installed and pinned versions differ"
    extra = set(installed) - set(PINS) - {"pip", "setuptools", "wheel", canonicalize_name(PROJECT["name"])}
    assert extra == set(), "packages came in that constraints.txt does not pin"


def test_the_oldest_versions_are_the_lower_bounds():
    for name, version in pins(".github/oldest.txt").items():
        (bound,) = BASE[name].specifier
        oldest, lowest = Version(version).release[:2], Version(bound.version).release[:2]
        assert oldest == lowest, f"{name}: oldest.txt has {version}, pyproject.toml asks for {bound}"


def test_conda_environment_agrees_with_pyproject():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert content["name"] == PROJECT["name"]
    assert content["channels"] == ["conda-forge", "nodefaults"]
    *packages, last = content["dependencies"]
    assert last == {"pip": ["-e ."]}, "the course itself comes last, when pip has nothing else left to install"
    found = {name: bound for name, bound in (re.fullmatch(r"([\w-]+)(.*)", line).groups() for line in packages)}
    python = found.pop("python").lstrip("=")
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python)
    del found["pip"]
    extras = [line for group in ("lab", "explain") for line in PROJECT["optional-dependencies"][group]]
    learner = {canonicalize_name(r.name): r for r in map(Requirement, extras)}
    assert found == {CONDA_NAMES.get(name, name): str(r.specifier) for name, r in {**BASE, **learner}.items()}


def test_the_package_itself_asks_for_no_jupyter():
    """Colab keeps its own: what the set-up cell installs there must not replace it."""
    assert not BASE.keys() & {"ipykernel", "jupyterlab", "notebook", "jupyter-server", "nbval", "pytest"}


def test_the_package_is_light_to_import():
    code = (
        "import sys, time; before = set(sys.modules); start = time.perf_counter(); import course_lib\n"
        "seconds = time.perf_counter() - start\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'pandas', 'scipy', 'matplotlib'} & (set(sys.modules) - before)\n"
        "print(seconds, sorted(heavy))"
    )
    seconds = []
    for _ in range(5):
        result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        first, _, heavy = result.stdout.strip().partition(" ")
        assert heavy == "[]"
        seconds.append(float(first))
    assert min(seconds) < 0.15


def test_the_version_is_written_once():
    import course_lib

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert PROJECT["dynamic"] == ["version"]
    assert citation["version"] == course_lib.__version__
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert citation["repository-code"] == tool["course"]["repository"]
    assert tool["course"]["branch"] == "main"


@pytest.mark.parametrize(
    ("folders", "groups"),
    [
        (["course_lib"], ["lab", "fast"]),
        (["authoring", "tests"], ["lab", "explain", "dev"]),
        (["benchmarks"], ["bench"]),
    ],
    ids="+".join,
)
def test_whatever_is_imported_is_declared(folders, groups):
    chosen = [Requirement(line) for group in groups for line in PROJECT["optional-dependencies"][group]]
    declared = {*BASE, *(canonicalize_name(requirement.name) for requirement in chosen)}
    packages = metadata.packages_distributions()
    known, undeclared = OURS | set(sys.stdlib_module_names), set()
    for path in (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))):
        beside = {script.stem for script in path.parent.glob("*.py")}  # what a script may import without a package
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for name in {name.partition(".")[0] for name in names} - known - beside:
                if not declared & {canonicalize_name(package) for package in packages.get(name, [name])}:
                    undeclared.add(f"{path.relative_to(ROOT)} imports {name}")
    assert undeclared == set()
