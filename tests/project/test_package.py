"""The package as users meet it: its version, its names, a light import, and what a wheel holds."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import minigrad as mg
from tests.processes import ROOT

PACKAGES = ("minigrad", "gans")

NAMES = {
    "": """
        Tensor tensor grad no_grad check_finite NonFiniteError gradcheck save load CheckpointError
        capture CaptureError modify require_finite
        ops nn optim random
    """,
    "Tensor": """
        data shape dtype ndim size device version saved detach numpy item to astype changed
        __dlpack__ __array__
    """,
    "ops": """
        add sub mul div neg power exp log sqrt tanh sigmoid relu leaky_relu leaky_gate softplus abs maximum
        sum mean max reshape transpose concatenate getitem pad matmul softmax log_softmax broadcast_to sum_to
        conv2d conv_transpose2d conv2d_weight standardize standardize_grad
    """,
    "nn": """
        Module Parameter Sequential Flatten Unflatten Linear Conv2d ConvTranspose2d BatchNorm1d BatchNorm2d
        LeakyReLU ReLU Tanh Sigmoid Dropout
    """,
    "nn.Module": """
        parameters named_parameters buffers named_buffers register_buffer state_dict load_state_dict
        train eval to apply modules named_modules forward
    """,
    "optim": "SGD RMSprop Adam StepLR ExponentialLR CosineAnnealingLR LinearLR LambdaLR",
    "optim.SGD": "step state_dict load_state_dict",
    "optim.RMSprop": "step state_dict load_state_dict",
    "optim.Adam": "step state_dict load_state_dict",
    "random": "manual_seed generator get_state set_state uniform normal Philox Generator",
}
PUBLIC = [(owner, name) for owner in NAMES for name in NAMES[owner].split()]


def fresh_python(code: str) -> str:
    """What a new interpreter prints when it runs ``code``."""
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_version_is_the_installed_distributions() -> None:
    try:
        installed = importlib.metadata.version("minigrad-gans")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("minigrad-gans is not installed here")
    assert mg.__version__ == installed


@pytest.mark.parametrize(("owner", "name"), PUBLIC)
def test_public_names(owner: str, name: str) -> None:
    holder: object = mg
    for part in filter(None, owner.split(".")):
        holder = getattr(holder, part)
    assert hasattr(holder, name)


def test_all_lists_names_that_exist() -> None:
    for module in (mg, mg.ops, mg.nn, mg.optim):
        missing = [name for name in module.__all__ if not hasattr(module, name)]
        assert not missing, f"{module.__name__}.__all__ lists {missing}"


@pytest.mark.parametrize("package", PACKAGES)
def test_import_is_light(package: str) -> None:
    heavy = ("numba", "llvmlite", "matplotlib", "PIL", "torch", "cupy", "scipy")
    loaded = fresh_python(
        f"import sys, {package}; print(*sorted(m for m in sys.modules if '.' not in m))"
    ).split()
    assert package in loaded
    assert not set(heavy) & set(loaded)


def test_numpy_ops_do_not_load_numba() -> None:
    code = "import sys, minigrad as mg; mg.ops.add(mg.tensor([1.0]), 2.0); print('numba' in sys.modules)"
    assert fresh_python(code).strip() == "False"


def test_only_ops_optim_and_random_reach_kernels() -> None:
    """The layers that import-linter cannot see: kernels are modules handed out by a function."""
    allowed = {"minigrad/dispatch.py"}
    users = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
            names = {node.id for node in nodes if isinstance(node, ast.Name)}
            names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            if "kernels_of" in names:
                users.add(path.relative_to(ROOT).as_posix())
    assert users, "nothing calls kernels_of: this test looks for the wrong name"
    callers = ("minigrad/ops/", "minigrad/optim", "minigrad/random")
    strangers = {u for u in users - allowed if not u.startswith(callers)}
    assert not strangers, f"only {', '.join(callers)} may call kernels, not {sorted(strangers)}"


def runtime_imports(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports when it runs, not those for the type checker."""
    branches = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    guarded = [branch for branch in branches if "TYPE_CHECKING" in ast.unparse(branch.test)]
    skipped = {id(child) for branch in guarded for statement in branch.body for child in ast.walk(statement)}
    nodes = [node for node in ast.walk(tree) if id(node) not in skipped]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in names}


def test_every_import_is_a_declared_dependency() -> None:
    declared = {"numpy", "numba", "llvmlite", "matplotlib", "PIL", "safetensors", "msgspec", "rich", "cupy"}
    declared |= {"tomli"}  # on Python 3.10
    declared |= {"mpi4py"}  # of the extra mpi
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in runtime_imports(ast.parse(path.read_text("utf-8")))
        if name not in declared | set(PACKAGES) | sys.stdlib_module_names
    }
    assert not undeclared


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in a wheel built from a copy of the sources."""
    for tool in ("pip", "setuptools"):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed here")
    if int(importlib.metadata.version("setuptools").split(".")[0]) < 77:
        pytest.skip("the build needs setuptools 77 or later")
    source = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in (*PACKAGES, "tools"):
        shutil.copytree(ROOT / folder, source / folder, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(out)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built).namelist()


def test_wheel_holds_every_source_and_data_file(wheel: list[str]) -> None:
    skipped = {".nbi", ".nbc", ".pyc", ".tmp"}
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in skipped
    }
    assert expected <= set(wheel)


def test_wheel_holds_packages_and_licence_alone(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert tops == {*PACKAGES, f"minigrad_gans-{mg.__version__}.dist-info"}
    assert any(name.endswith("/licenses/LICENSE") for name in wheel)
    assert not [name for name in wheel if name.endswith((".nbi", ".nbc", ".pyc"))]
    assert {"minigrad/py.typed", "gans/py.typed"} <= set(wheel)


def test_errors_of_the_library_do_not_speak_of_flags() -> None:
    found = [
        f"{name}: {node.value}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if not (name := path.relative_to(ROOT).as_posix()).startswith("gans/cli/")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.search(r"(^|[\s`(])--[a-z]", node.value)
    ]
    assert found == []
