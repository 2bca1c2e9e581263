"""Runs the tests of the project and counts them; scripts/test.sh sets up what they need and calls this.

Every step runs in a copy of the checkout (tracked and new files), because ansible-test accepts a collection only
below a folder `ansible_collections`. A step's output goes to .work/log/STEP.log; the last line printed is
`N passed, N failed`, in which a step of many tests counts each of them and any other step counts as one.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".work"
LOG = WORK / "log"
TROUBLES = WORK / "troubles.md"
FAULTS = WORK / "faults.md"
TEST = WORK / "test"
# What takes long to make and is kept between runs.
SERVED = WORK / "served"
VENV = TEST / "venv"
HOME = TEST / "home"
# One environment, HOME and copy of the checkout for each ansible-core beside the one that runs this.
CORES_DIR = TEST / "cores"
COLLECTION = Path("ansible_collections", "certwright", "cloud")
# ansible-test writes into its tree, so it has one of its own.
TREE = TEST / "tree"
SITE = TEST / "site"
TREE_ANSIBLE_TEST = TEST / "tree-ansible-test"
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
# Set to 1 to have everything tried that there is, however long it takes.
FULL = "CERTWRIGHT_FULL"
STEP_TIMEOUT = 20 * 60 * (12 if os.environ.get(FULL) == "1" else 1)
# What of the checkout ansible-core loads. (The roles' YAML has ansible-lint, their Python never meets ansible-core.)
INSTALLED = ("plugins/", "playbooks/", "meta/", "galaxy.yml")
# Tests of sanity that look at how files are written.
OF_TEXT = ("pep8", "yamllint")
# Words in a log that mean that something did not run although the exit code is 0.
NOT_RUN = ("All targets skipped", "Required program", "No tests to run", "no tests ran")
# Set by CI: what is left out counts as failed.
COMPLETE = "COMPLETE"
# Own network, mounts and processes for a command, gone with it whatever happens. The shell reaps what daemons leave.
ISOLATED = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
ISOLATED += ("sh", "-c", 'ip link set lo up && "$@"; exit $?', "sh")
LOCK = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Core:
    """A supported ansible-core: its series, the version that is pinned, and what it runs on.

    Arguments:
        pythons: of its controllers, best first.
        pip: what its ansible-test wants in the environments that it makes.
    """

    series: str
    version: str
    pythons: tuple[str, ...]
    pip: str

    @property
    def place(self) -> Path:
        """The folder with its environment, its HOME and its copy of the checkout."""
        return CORES_DIR / self.series

    @property
    def tree(self) -> Path:
        """The copy of the checkout that its ansible-test writes into."""
        return self.place / "tree"


CORES = (
    Core("2.18", "2.18.19", ("3.11", "3.12", "3.13"), "24.2"),
    Core("2.19", "2.19.14", ("3.11", "3.12", "3.13"), "24.2"),
    Core("2.20", "2.20.10", ("3.13", "3.12"), "25.2"),
    Core("2.21", "2.21.5", ("3.13", "3.12"), "25.2"),
)


@dataclasses.dataclass
class Result:
    """What one step counted, and remarks for the person who reads the summary."""

    passed: int = 0
    failed: int = 0
    notes: list[str] = dataclasses.field(default_factory=list)
    left_out: list[str] = dataclasses.field(default_factory=list)

    def add(self, other: Result) -> None:
        """Add another result to this one."""
        self.passed += other.passed
        self.failed += other.failed
        self.notes += other.notes
        self.left_out += other.left_out


class Step:
    """One step while it runs: its log, its environment, its commands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.log = LOG / f"{name}.log"
        self.log.write_text("", encoding="utf-8")

    def run(self, *command: str | Path, cwd: Path = TREE / COLLECTION, **env: str) -> int:
        """Run a command, its output to the log; return its exit code (124 when it took too long)."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(str(word) for word in command)}\n")
            log.flush()
            with subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env=environment(**env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process:
                try:
                    return process.wait(timeout=STEP_TIMEOUT)
                except BaseException as exc:
                    os.killpg(process.pid, signal.SIGKILL)
                    if not isinstance(exc, subprocess.TimeoutExpired):
                        raise
                    log.write(f"\nStopped after {STEP_TIMEOUT} s\n")
                    return 124

    def check(self, *command: str | Path, cwd: Path = TREE / COLLECTION, **env: str) -> Result:
        """Run a command that counts as one test."""
        return Result(passed=1) if self.run(*command, cwd=cwd, **env) == 0 else Result(failed=1)

    def text(self) -> str:
        """What the log says so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def environment(**more: str) -> dict[str, str]:
    """The environment of every command: own tools first, own HOME, loopback never through a proxy."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_", "MAKE"))}
    config = Path.home() / ".config" / "pip" / "pip.conf"
    if config.is_file():
        env.setdefault("PIP_CONFIG_FILE", str(config))
    path = [str(VENV / "bin"), str(TEST / "pythons")]
    # The shims of pyenv answer for Pythons that are not there.
    path += [folder for folder in env.get("PATH", os.defpath).split(":") if not is_shims(Path(folder))]
    env |= {
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_CONFIG": str(ROOT / "scripts" / "rehearse.cfg"),
        "ANSIBLE_HOME": str(HOME / ".ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(HOME),
        "NO_COLOR": "1",
        "PATH": ":".join(path),
        "PIP_CACHE_DIR": str(WORK / "cache" / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "TMPDIR": str(TEST / "tmp"),
    }
    return env | more


def is_shims(folder: Path) -> bool:
    """Whether a folder holds the shims of a version manager."""
    return folder.match("*pyenv/shims")


def git(*arguments: str, cwd: Path = ROOT) -> bytes:
    """Return what a git command prints."""
    identity = ("-c", "user.name=tests", "-c", "user.email=tests@localhost", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=cwd, check=False, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"'git {' '.join(arguments)}' failed: {done.stderr.decode().strip()}")
    return done.stdout


def copy_checkout(tree: Path) -> None:
    """Copy tracked and new files of the checkout to where a collection has to lie."""
    shutil.rmtree(tree, ignore_errors=True)
    for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard").decode().split("\0"):
        source, target = ROOT / name, tree / COLLECTION / name
        if not name or not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    # Several tools ask git which files count.
    git("init", "-q", cwd=tree / COLLECTION)
    git("add", "--all", cwd=tree / COLLECTION)
    git("commit", "-q", "-m", "tree", cwd=tree / COLLECTION)


# Several steps use the same copy.
copy_once = functools.cache(copy_checkout)


def link_pythons() -> list[str]:
    """Put every supported Python of the machine into one folder; return the versions found."""
    folder = TEST / "pythons"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The machine's own are the quickest. Version managers keep theirs side by side, so the others are neighbours of the
    # one that runs this, or of the shims that stand for them.
    search = [Path(place) for place in os.environ.get("PATH", "").split(":")]
    places = [Path("/usr/bin"), Path("/usr/local/bin"), *Path(sys.base_prefix).parent.glob("*/bin")]
    places += [real for place in search if is_shims(place) for real in place.parent.glob("versions/*/bin")]
    places += [place for place in search if not is_shims(place)]
    found = []
    for version in PYTHONS:
        for place in places:
            python = place / f"python{version}"
            if os.access(python, os.X_OK):
                (folder / python.name).symlink_to(python)
                found.append(version)
                break
    return found


def main_series() -> str:
    """The series of the ansible-core in the environment that runs this."""
    import ansible.release

    return ".".join(ansible.release.__version__.split(".")[:2])


def offer_pip(step: Step, version: str, home: Path) -> Result:
    """Leave pip where ansible-test looks for it, which would otherwise fetch it from a host of its own.

    It makes an environment for nearly each test of sanity. So pip is compiled once for each Python and copied from then
    on: to install it takes longer than all that is installed with it.
    """
    unpacked = unpacked_pip(version, home)
    cache = unpacked.parent
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(
        "import compileall, os, shutil, sysconfig\n"
        f'source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pip-{version}")\n'
        "compileall.compile_dir(source, quiet=2)\n"
        'shutil.copytree(source, sysconfig.get_path("purelib"), dirs_exist_ok=True)\n',
        encoding="utf-8",
    )
    if unpacked.is_dir():
        return Result(passed=1)
    command = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", cache, f"pip=={version}")
    result = step.check(*command)
    for wheel in cache.glob(f"pip-{version}-*.whl"):
        # Renamed when it is whole, because it is never looked at again.
        shutil.unpack_archive(wheel, cache / "new", "zip")
        (cache / "new").rename(unpacked)
    return result


def unpacked_pip(version: str, home: Path) -> Path:
    """Where offer_pip leaves pip."""
    return home / ".ansible" / "test" / "cache" / f"pip-{version}"


def make_core(step: Step, core: Core) -> Result:
    """Make the environment of an ansible-core, unless it is there, and a fresh copy of the checkout for it."""
    python = next((TEST / "pythons" / f"python{name}" for name in core.pythons if has_python(name)), None)
    if python is None:
        needed = " or ".join(sorted(core.pythons))
        return Result(left_out=[f"ansible-core {core.series} needs Python {needed}"])
    copy_once(core.tree)
    offered = offer_pip(step, core.pip, core.place / "home")
    venv, made_from = core.place / "venv", core.place / "made_from"
    # The same versions of everything else as in the environment that runs this.
    pins = [line for name in ("rehearse.txt", "test.txt") for line in (ROOT / ".ci" / name).read_text().splitlines()]
    text = "".join(f"{line}\n" for line in pins if not line.startswith("ansible-core"))
    wish = f"{core} {os.path.realpath(python)} {venv}\n{text}"
    if made_from.is_file() and made_from.read_text(encoding="utf-8") == wish:
        return offered
    shutil.rmtree(venv, ignore_errors=True)
    (core.place / "constraints.txt").write_text(text, encoding="utf-8")
    packages = (f"ansible-core=={core.version}", "pytest", "pytest-xdist", "-r", ROOT / "tests/unit/requirements.txt")
    install = (venv / "bin" / "python", "-m", "pip", "install", "-q", "-c", core.place / "constraints.txt")
    # The pip that ansible-test wants: a distribution's may be too old for another Python than its own.
    pip = str(unpacked_pip(core.pip, core.place / "home"))
    offered.add(step.check(python, "-m", "venv", "--without-pip", venv))
    offered.add(step.check(*install, *packages, PYTHONPATH=pip))
    if not offered.failed:
        made_from.write_text(wish, encoding="utf-8")
    return offered


def has_python(version: str) -> bool:
    """Whether a Python of this version was found on the machine."""
    return (TEST / "pythons" / f"python{version}").exists()


def on_core(core: Core) -> dict[str, str]:
    """What the environment of commands has to be for another ansible-core than the one that runs this."""
    home = core.place / "home"
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(core.tree),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "HOME": str(home),
        "PATH": f"{core.place / 'venv' / 'bin'}:{environment()['PATH']}",
    }


def setup(step: Step) -> Result:
    """Make the folders, the copies of the checkout and what ansible-test needs."""
    for folder in (TEST / "tmp", TEST / "dist"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    HOME.mkdir(parents=True, exist_ok=True)
    copy_checkout(TREE)
    copy_checkout(TREE_ANSIBLE_TEST)
    pythons = link_pythons()
    pips = {core.series: core.pip for core in CORES}
    result = offer_pip(step, pips[main_series()], HOME)
    result.notes.append(f"Pythons here: {', '.join(pythons)}")
    return result


def ruff(step: Step) -> Result:
    """Format and lint of all Python files."""
    result = step.check("ruff", "format", "--no-cache", "--check", "--diff", ".")
    result.add(step.check("ruff", "check", "--no-cache", "."))
    return result


def mypy(step: Step) -> Result:
    """Strict types of the shared code and of what runs inside the controller."""
    config, cache = ROOT / "mypy.ini", TEST / "mypy"
    folders = [COLLECTION / "plugins" / name for name in ("module_utils", "plugin_utils", "action")]
    return step.check("mypy", "--config-file", config, "--cache-dir", cache, *folders, cwd=TREE)


def lint(step: Step) -> Result:
    """ansible-lint, profile production (.ansible-lint)."""
    return step.check("ansible-lint", "--offline", "--strict", "--profile", "production")


def docs(step: Step) -> Result:
    """Documentation of plugins and roles, and the changelog's fragments."""
    result = step.check(
        "antsibull-docs",
        "lint-collection-docs",
        "--plugin-docs",
        "--validate-collection-refs",
        "self",
        "--check-extra-docs-refs",
        ".",
    )
    result.add(step.check("antsibull-changelog", "lint"))
    result.add(build_site(step))
    return result


def build_site(step: Step) -> Result:
    """Build the documentation site; a warning is an error."""
    shutil.rmtree(SITE, ignore_errors=True)
    # antsibull-docs refuses a folder that others may write to.
    SITE.mkdir(mode=0o755)
    layout = ("--use-current", "--squash-hierarchy", "--lenient", "--sphinx-theme", "sphinx_ansible_theme")
    result = step.check("antsibull-docs", "sphinx-init", *layout, "--dest-dir", SITE, "certwright.cloud")
    if result.failed:
        return result
    # What other sites describe is not looked up: building needs no network.
    with (SITE / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write('intersphinx_mapping = {}\nsuppress_warnings = ["ref.ref"]\n')
    build = SITE / "build.sh"
    text = build.read_text(encoding="utf-8")
    strict = re.sub(r"-c \.$", "-c . -W --keep-going", text, flags=re.MULTILINE)
    if strict == text:
        return Result(failed=1, notes=["build.sh has no place for -W"])
    build.write_text(strict, encoding="utf-8")
    result.add(step.check(build, cwd=SITE))
    return result


def ansible_test(step: Step, core: Core | None, *arguments: str) -> int:
    """Run ansible-test of this ansible-core (None: the one that runs this); return its exit code."""
    tree, env = (core.tree, on_core(core)) if core else (TREE_ANSIBLE_TEST, {})
    return step.run("ansible-test", *arguments, "--local", "--color", "no", cwd=tree / COLLECTION, **env)


def sanity(step: Step, core: Core | None = None) -> Result:
    """ansible-test sanity; every test of it, on every Python, counts.

    On the other cores only what the core loads, with the controller's own Python: how it fares on each Python, how it
    is written, and what the rest looks like, is the same for all of them. With CERTWRIGHT_FULL=1 everything on each.
    """
    only: tuple[str, ...] = ()
    if core and os.environ.get(FULL) != "1":
        skipped = [word for name in OF_TEXT for word in ("--skip-test", name)]
        only = (*skipped, "--python", next(name for name in core.pythons if has_python(name)), *INSTALLED)
    code = ansible_test(step, core, "sanity", *only)
    text = step.text()
    result = Result(passed=len(re.findall(r"^Running sanity test ", text, re.MULTILINE)))
    if code:
        failed = re.search(r"^FATAL: The (\d+) sanity test", text, re.MULTILINE)
        result.failed = int(failed[1]) if failed else 1
        result.passed = max(0, result.passed - result.failed)
    result.notes += sorted(set(re.findall(r"Skipping sanity test .*", text)))
    ignores = [path.name for path in (TREE / COLLECTION / "tests" / "sanity").glob("ignore*")]
    if ignores:
        result.add(Result(failed=1, notes=[f"There must be no ignore files: {', '.join(ignores)}"]))
    return result


def package(step: Step) -> Result:
    """Build the tarball, install it in an empty place, read the documentation of everything from there."""
    dist, inst = TEST / "dist", TEST / "dist" / "installed"
    only = {"ANSIBLE_COLLECTIONS_PATH": str(inst)}
    result = step.check("ansible-galaxy", "collection", "build", "--output-path", dist)
    tarball = next(dist.glob("*.tar.gz"), None)
    if tarball is None:
        return result
    result.add(step.check("ansible-galaxy", "collection", "install", "--offline", "-p", inst, tarball, **only))
    installed = inst / COLLECTION
    modules = sorted(path.stem for path in (TREE / COLLECTION / "plugins" / "modules").glob("*.py"))
    roles = sorted(path.parent.parent.name for path in installed.glob("roles/*/meta/argument_specs.yml"))
    for kind, names in (("module", modules), ("role", roles)):
        result.add(read_documentation(step, kind, names, inst))
    result.add(import_as_galaxy(step, dist))
    for playbook in sorted(installed.glob("playbooks/*.yml")):
        name = f"certwright.cloud.{playbook.stem}"
        result.add(step.check("ansible-playbook", "--syntax-check", name, **only))
    return result


def import_as_galaxy(step: Step, dist: Path) -> Result:
    """Check the collection as Galaxy does with an upload; a warning or an error is a failure.

    Galaxy demands the address of a repository. There is none yet, so one that belongs to nobody stands in for it, in a
    tarball of its own.
    """
    place, tree = dist / "galaxy", dist / "galaxy" / "tree"
    shutil.copytree(TREE / COLLECTION, tree, symlinks=True)
    with (tree / "galaxy.yml").open("a", encoding="utf-8") as metadata:
        metadata.write("repository: https://example.com/certwright.cloud\n")
    # ansible-lint has a step of its own, stricter than the importer's and without its time limit.
    config = "[galaxy-importer]\nCHECK_REQUIRED_TAGS = True\nRUN_ANSIBLE_LINT = False\n"
    (place / "importer.cfg").write_text(config, encoding="utf-8")
    result = step.check("ansible-galaxy", "collection", "build", "--output-path", place, cwd=tree)
    tarballs = list(place.glob("*.tar.gz"))
    before = len(step.text())
    importer = ("python", "-m", "galaxy_importer.main", *tarballs)
    result.add(step.check(*importer, cwd=place, GALAXY_IMPORTER_CONFIG=str(place / "importer.cfg")))
    complaints = re.findall(r"^(?:WARNING|ERROR): .*", step.text()[before:], re.MULTILINE)
    result.add(Result(failed=len(complaints), notes=[f"galaxy-importer: {line}" for line in complaints]))
    return result


def read_documentation(step: Step, kind: str, names: Sequence[str], place: Path) -> Result:
    """Ask ansible-doc for all names at once; each that it knows counts as a test."""
    if not names:
        return Result(failed=1, notes=[f"No {kind} in the tarball"])
    full = [f"certwright.cloud.{name}" for name in names]
    output = TEST / "dist" / f"{kind}.json"
    script = 'out=$1; shift; exec ansible-doc --json "$@" >"$out"'
    step.run("sh", "-c", script, "sh", output, "-t", kind, *full, ANSIBLE_COLLECTIONS_PATH=str(place))
    try:
        known = json.loads(output.read_text(encoding="utf-8"))
    except ValueError:
        known = {}
    missing = [name for name in full if not known.get(name)]
    return Result(len(full) - len(missing), len(missing), [f"ansible-doc does not know {name}" for name in missing])


def pytest(
    step: Step, folder: str, *options: str | Path, within: Sequence[str] = (), core: Core | None = None, **more: str
) -> Result:
    """Run the tests of one folder and count them. A skipped test did not show anything, so it counts as failed."""
    report = TEST / f"{step.name}.xml"
    report.unlink(missing_ok=True)
    base = ("-q", "-p", "no:cacheprovider", "--strict-markers", "-o", "xfail_strict=true", "--durations", "15")
    command = (*within, "pytest", *base, "--junitxml", report, *options, COLLECTION / folder)
    tree, env = (core.tree, on_core(core)) if core else (TREE, {})
    code = step.run(*command, cwd=tree, PYTHONPATH=str(tree), **env, **more)
    if not report.is_file():
        return Result(failed=1)
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    total, failures, errors, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors + skipped
    result = Result(passed=max(0, total - failed), failed=failed)
    if skipped:
        result.notes.append(f"{skipped} skipped")
    if code and not failed:
        result.failed = 1
    return result


def units(step: Step) -> Result:
    """Unit tests."""
    return pytest(step, "tests/unit", "-n", "2")


def coverage(step: Step) -> Result:
    """Unit tests, with the coverage of the shared code, file by file. Watching takes as long as the tests."""
    config = f"--cov-config={COLLECTION / 'tests' / 'coverage.ini'}"
    watched = ("--cov", str(COLLECTION / "plugins" / "module_utils"), config, "--cov-report", "term")
    result = pytest(step, "tests/unit", "-n", "2", *watched)
    total = re.search(r"^TOTAL\s.*?(\d+%)$", step.text(), re.MULTILINE)
    files = re.findall(r"^\S+/(\S+\.py)\s+(\d+\s+\d+\s+\d+\s+\d+\s+\d+%.*)$", step.text(), re.MULTILINE)
    result.notes += [f"{name:<24} {figures}" for name, figures in files]
    result.notes.append(f"coverage of module_utils: {total[1] if total else 'unknown'}")
    return result


def units_of_core(step: Step, core: Core) -> Result:
    """The unit tests of what meets Ansible: modules and the code that runs them.

    The rest is Python that never sees which ansible-core it runs under; `units` has it. So are the tests that break an
    installation at each of its steps, which take longer than all others together.
    """
    folders = [COLLECTION / "tests/unit/plugins/modules"]
    choice = ("-n", "2", "-k", "not at_any_step")
    return pytest(step, "tests/unit/plugins/module_utils/_module", *folders, *choice, core=core)


def for_core(step: Step, core: Core, tests: Callable[[Step, Core], Result]) -> Result:
    """Run tests with another ansible-core, or leave them out where its Python is not there."""
    made = make_core(step, core)
    return made if made.failed or made.left_out else tests(step, core)


def integration(step: Step, core: Core | None = None) -> Result:
    """The targets of ansible-test integration; each counts as a test and has to have done something."""
    code = ansible_test(step, core, "integration", "--continue-on-error")
    text = step.text()
    ran = re.findall(r"^Running (\S+) integration test", text, re.MULTILINE)
    recaps = re.findall(r"^\S+\s+: ok=[1-9]\d*\s", text, re.MULTILINE)
    failed = re.search(r"^FATAL: The (\d+) integration test", text, re.MULTILINE)
    count = int(failed[1]) if failed else int(bool(code) or not ran or len(recaps) < len(ran))
    return Result(passed=max(0, len(ran) - count), failed=count)


def e2e(step: Step) -> Result:
    """The rehearsal and its kin, from start to end against the sandbox."""
    # Those that take longest first, so that no processor waits for them in the end. All of them wait now and then, so
    # there may be more of them than processors.
    longest = [f"test_{name}.py" for name in ("role_tls_certificate", "guides", "rehearsal", "make")]
    others = sorted(path.name for path in (TREE / COLLECTION / "tests" / "e2e").glob("test_*.py"))
    *files, last = [*longest, *(name for name in others if name not in longest)]
    order = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
    return pytest(step, f"tests/e2e/{last}", *order, *(COLLECTION / "tests" / "e2e" / name for name in files))


def paths(step: Step, core: Core | None = None) -> Result:
    """Every case of the cloud and DNS modules inside the controller and as a module: it has to come to the same.

    On the other cores those in which the core has a part. With CERTWRIGHT_FULL=1 all of them on each.
    """
    if core and os.environ.get(FULL) != "1":
        return pytest(step, "tests/paths/test_both_paths.py", core=core, CERTWRIGHT_BRIEF="1")
    return pytest(step, "tests/paths", core=core)


def judges(step: Step) -> Result:
    """The vendors' own SDKs against the sandbox, and their requests against ours; the table of what they judged."""
    result = pytest(step, "tests/judges", "-n", "2", "--dist", "loadfile")
    section = r"^=+ the judges' list of calls =+\n(.*?)(?=^=|^\d+ (?:passed|failed))"
    table = re.search(section, step.text(), re.DOTALL | re.MULTILINE)
    result.notes += table[1].splitlines() if table else ["There is no list of judged calls"]
    result.failed += table is None
    return result


def faults(step: Step) -> Result:
    """Every fault at every call of a run, in one process; the table of it goes to .work/faults.md."""
    FAULTS.unlink(missing_ok=True)
    result = pytest(step, "tests/faults", "-n", "2", "--faults-to", FAULTS)
    text = FAULTS.read_text(encoding="utf-8") if FAULTS.is_file() else ""
    summary = re.search(r"^\d+ cells: .*$", text, re.MULTILINE)
    result.notes.append(f"{summary[0]} ({FAULTS.relative_to(ROOT)})" if summary else "There is no fault matrix")
    result.failed += summary is None
    return result


def leaks(step: Step) -> Result:
    """Canaries through every module and the role, searched for wherever they could have stayed."""
    result = pytest(step, "tests/leaks")
    figures = re.findall(r"^canaries: .*$", step.text(), re.MULTILINE)
    result.notes += figures or ["Nothing was searched"]
    result.failed += not figures
    return result


def served(step: Step) -> Result:
    """Real servers: nginx on this machine, and hosts with systemd behind ssh."""
    result = Result()
    if step.run(sys.executable, TREE / COLLECTION / "tests" / "served" / "prepare.py", SERVED):
        result.add(Result(failed=1, notes=["prepare.py failed"]))
    result.left_out += re.findall(r"^left out: (.*)$", step.text(), re.MULTILINE)
    for folder in re.findall(r"^ready: (\w+)$", step.text(), re.MULTILINE):
        within = ISOLATED if folder == "hosts" else ()
        result.add(pytest(step, f"tests/served/{folder}", "--tools", SERVED, within=within))
    result.notes += re.findall(r"^probe of .*$", step.text(), re.MULTILINE)
    return result


def slices(step: Step) -> Result:
    """Jobs as AWX runs them, and what execution environments are made from."""
    result = pytest(step, "tests/slices")
    result.notes += re.findall(r"^told: (.*)$", step.text(), re.MULTILINE)
    return result


def crash(step: Step) -> Result:
    """The role under faults, and runs of it that are killed while nginx serves; the table and the figures of both."""
    result = Result()
    if step.run(sys.executable, TREE / COLLECTION / "tests" / "served" / "prepare.py", SERVED, "nginx"):
        result.add(Result(failed=1, notes=["prepare.py failed"]))
    result.left_out += [f"killed runs: {why}" for why in re.findall(r"^left out: (.*)$", step.text(), re.MULTILINE)]
    if re.search(r"^ready: nginx$", step.text(), re.MULTILINE):
        # Stories wait more than they work, so there may be more of them than processors.
        result.add(pytest(step, "tests/crash/nginx", "-n", "3", "--tools", SERVED))
    # One play makes the whole matrix, so one process has all of its tests.
    result.add(pytest(step, "tests/crash/test_role_under_faults.py", "--tools", SERVED))
    result.notes += re.findall(r"^told: (.*)$", step.text(), re.MULTILINE)
    return result


def properties(step: Step) -> Result:
    """The unit tests that try what hypothesis thinks of."""
    tests = sorted((TREE / COLLECTION / "tests" / "unit").rglob("test_*.py"))
    first, *others = [path for path in tests if "from hypothesis import" in path.read_text(encoding="utf-8")]
    return pytest(step, str(first.relative_to(TREE / COLLECTION)), "-n", "2", *others)


def troubles(step: Step) -> Result:
    """The tests of bad input and trouble once more, and what they were told as one table."""
    plugin = "ansible_collections.certwright.cloud.tests.troubles"
    return pytest(step, "tests/e2e", COLLECTION / "tests/unit/plugins/modules", "-p", plugin, "--troubles-to", TROUBLES)


STEPS: dict[str, Callable[[Step], Result]] = {
    "setup": setup,
    "ruff": ruff,
    "mypy": mypy,
    "lint": lint,
    "docs": docs,
    "package": package,
    "sanity": sanity,
    "units": units,
    "integration": integration,
    "e2e": e2e,
    "paths": paths,
    "served": served,
    "slices": slices,
    "judges": judges,
    "faults": faults,
    "leaks": leaks,
    "crash": crash,
    "coverage": coverage,
    "properties": properties,
    "troubles": troubles,
}
# Every other supported ansible-core: all of sanity, integration and paths, and the units that meet Ansible.
OF_CORES: dict[str, Callable[[Step, Core], Result]] = {
    "sanity": sanity,
    "units": units_of_core,
    "integration": integration,
    "paths": paths,
}
for core in CORES:
    if core.series != main_series():
        for kind, tests in OF_CORES.items():
            STEPS[f"{kind}-{core.series}"] = functools.partial(for_core, core=core, tests=tests)
# Steps that only run when they are named: all steps together have run their tests.
NAMED_ONLY = ("coverage", "properties", "troubles")
# Steps that are left out as long as the project has nothing for them.
FOLDERS = {"integration": "tests/integration/targets"}
FOLDERS |= {name: f"tests/{name}" for name in ("served", "slices", "crash")}
# Chains of steps that use one processor each, so that two of them run side by side; those that take long come first, so
# that no processor waits for them in the end. The steps of an ansible-core share its environment, so they follow each
# other.
CHAINS = (
    ("sanity",),
    *(tuple(f"{kind}-{core.series}" for kind in OF_CORES) for core in CORES if core.series != main_series()),
    ("paths",),
    ("integration", "served"),
    ("ruff", "mypy", "lint"),
    ("docs",),
    ("package",),
)
# In the end, side by side: runs that are killed wait more than they work.
LAST_CHAINS = (("crash", "slices"), ("faults", "leaks", "judges"))


def perform(name: str, total: Result) -> None:
    """Run one step, print its line, add what it counted to the total."""
    started = time.monotonic()
    step = Step(name)
    try:
        result = STEPS[name](step)
    except Exception as exc:
        # Whatever goes wrong in a step is that step's failure, not the end of the run.
        result = Result(failed=1, notes=[f"{type(exc).__name__}: {exc}"])
    said = [words for words in NOT_RUN if words in step.text()]
    if said and not result.failed:
        result.add(Result(failed=1, notes=[f"the log says '{words}'" for words in said]))
    result.notes += [f"left out: {what}" for what in result.left_out]
    if os.environ.get(COMPLETE):
        result.failed += len(result.left_out)
    if not result.passed and not result.failed and not result.left_out:
        result.add(Result(failed=1, notes=["no test was found"]))
    verdict = "FAIL" if result.failed else "ok"
    lines = [f"{name:<12} {verdict:<5} {result.passed:>5} passed {result.failed:>3} failed"]
    lines[0] += f" {time.monotonic() - started:>6.1f} s"
    lines += [f"             {note}" for note in result.notes]
    if result.failed:
        lines += ["", *step.text().splitlines()[-60:], f"({step.log.relative_to(ROOT)} has it all)", ""]
    with LOCK:
        print("\n".join(lines), flush=True)
        total.add(result)


def perform_chains(chains: list[list[str]], total: Result) -> None:
    """Run chains of steps, two side by side."""

    def lane() -> None:
        while True:
            with LOCK:
                if not chains:
                    return
                chain = chains.pop(0)
            for name in chain:
                perform(name, total)

    lanes = [threading.Thread(target=lane) for _unused in range(2)]
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()


def wanted(arguments: Sequence[str]) -> list[str]:
    """The steps to run: those named, or all for which the checkout has something."""
    unknown = [name for name in arguments if name not in STEPS]
    if unknown:
        sys.exit(f"There is no step {', '.join(unknown)}; there are {', '.join(STEPS)}.")
    every = [name for name in STEPS if name not in NAMED_ONLY]
    names = [name for name in STEPS if name in (arguments or every) or name == "setup"]
    return [name for name in names if name in arguments or name not in FOLDERS or (ROOT / FOLDERS[name]).is_dir()]


def main(arguments: Sequence[str]) -> int:
    """Run the steps; return 0 when nothing failed."""
    LOG.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    total = Result()
    names = wanted(arguments)
    perform("setup", total)
    names.remove("setup")
    if total.failed:
        names = []
    first, last = ([[name for name in chain if name in names] for chain in chains] for chains in (CHAINS, LAST_CHAINS))
    chained = [name for chain in (*first, *last) for name in chain]
    perform_chains([chain for chain in first if chain], total)
    for name in [name for name in names if name not in chained]:
        perform(name, total)
    perform_chains([chain for chain in last if chain], total)
    summary = f"{total.passed} passed, {total.failed} failed"
    (LOG / "summary").write_text(summary + "\n", encoding="utf-8")
    print(f"{time.monotonic() - started:.0f} s; logs in {LOG.relative_to(ROOT)}\n{summary}")
    return int(total.failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
