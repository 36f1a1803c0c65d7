"""Plugins: each is looked at, none is asked for more than a stack needs, and two that claim one name are both named."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from haplan import builtin, design, engine
from haplan.builtin import StateOnly
from haplan.contracts import Provider
from haplan.errors import HaplanError, PluginError, ProviderError
from haplan.hookspecs import hookimpl
from haplan.plugins import Plugins, load_plugins
from haplan.testing import Cloud, MemPlugin, Point, Project
from tests.a_rule import a_rule

STACK = "from haplan import Data, output\na = Data('a', input=1)\noutput('id', a.id)\n"
NEEDLESS = ("haplan_mist.provider", "haplan_srx.provider", "haplan_ssr.provider", "haplan_postgres.backend",
            "haplan.design.sites", "haplan.design.rules", "haplan.design.order", "networkx", "httpx", "rich", "cattrs",
            "asyncio", "asyncssh", "lxml")  # fmt: skip


class Strange:
    """A plugin that brings providers of given names."""

    haplan_api = 2

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked = 0

    @hookimpl
    def haplan_providers(self) -> Iterable[type[Provider]]:
        self.asked += 1
        return [type("Own", (StateOnly,), {"name": name}) for name in self.names]


def installed(**given: Any) -> Plugins:
    """Plugins from elsewhere than haplan itself."""
    return Plugins([Point(name.replace("_", "-"), one, f"elsewhere.{name}") for name, one in given.items()])  # type: ignore[arg-type]


OF_AN_APPLY = ("haplan.steps.apply.run", "concurrent.futures.thread", "tomllib")


@pytest.mark.parametrize("command", ["plan", "validate", "apply --auto-approve", "destroy --auto-approve"])
def test_a_stack_of_records_loads_no_provider_and_no_vocabulary(tmp_path: Path, command: str) -> None:
    (tmp_path / "stack.py").write_text(STACK)
    needless = NEEDLESS if "apply" in command or "destroy" in command else (*NEEDLESS, *OF_AN_APPLY)
    script = (
        "import sys\nfrom haplan.cli.main import run\n"
        f"code = run({command.split()!r})\n"
        f"print('needless:', [name for name in {needless!r} if name in sys.modules], code, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "needless: [] 0"


def test_a_plugin_is_asked_for_its_provider_when_a_stack_names_it() -> None:
    pond, lake = Strange("pond", "pond_deep"), Strange("lake")
    plugins = installed(pond=pond, lake=lake)
    assert plugins.provider("pond_deep").name == "pond_deep"
    assert plugins.provider("pond").name == "pond"
    assert (pond.asked, lake.asked) == (1, 0)
    assert sorted(plugins.providers) == ["lake", "pond", "pond_deep"]
    assert (pond.asked, lake.asked) == (1, 1)


def test_what_is_installed_is_looked_for_once_and_again_where_a_distribution_came_or_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(**group: str) -> Any:
        looked.append(group["group"])
        return entry_points(**group)

    monkeypatch.setattr("haplan.plugins.entry_points", look)
    monkeypatch.syspath_prepend(tmp_path)
    told = [*load_plugins({}).broken, *load_plugins({}).broken]
    assert (told, looked) == ([], ["haplan"])
    (tmp_path / "haplan_mud-1.dist-info").mkdir()
    (tmp_path / "haplan_mud-1.dist-info" / "entry_points.txt").write_text("[haplan]\nmud = haplan_mud\n")
    assert load_plugins({}).broken == {"mud": "ModuleNotFoundError: No module named 'haplan_mud'"}
    shutil.rmtree(tmp_path / "haplan_mud-1.dist-info")
    assert load_plugins({}).broken == {}
    assert looked == ["haplan"] * 3


def test_two_plugins_of_one_name_are_refused_and_both_are_named() -> None:
    points: Any = [Point("pond", Strange("pond"), "pond_a"), Point("pond", Strange("pond"), "pond_b")]
    with pytest.raises(PluginError, match="two plugins claim the name 'pond': pond_a and pond_b; uninstall one"):
        Plugins(points)


@pytest.mark.parametrize("look", [lambda found: found.provider("pond_deep"), lambda found: list(found.providers)])
def test_two_plugins_that_claim_one_provider_are_both_named(look: Any) -> None:
    with pytest.raises(PluginError, match="plugins 'pond' and 'pond-deep' both claim 'pond_deep'; uninstall one"):
        look(installed(pond=Strange("pond", "pond_deep"), pond_deep=Strange("pond_deep")))


def test_what_a_plugin_brings_has_its_name_so_none_can_stand_in_for_another() -> None:
    thief = installed(lake=Strange("pond"), pond=Strange("pond"))
    assert thief.provider("pond").__module__
    with pytest.raises(PluginError, match="plugin 'lake' claims 'pond': the names it brings begin with its own"):
        thief.provider("lake")
    with pytest.raises(PluginError, match="plugin 'lake' claims 'pond'"):
        list(thief.providers)
    types = installed(lake=MemPlugin(Cloud()))
    with pytest.raises(PluginError, match="plugin 'lake' claims 'mem_thing'"):
        list(types.types)


def test_a_broken_plugin_disturbs_only_who_needs_it(tmp_path: Path) -> None:
    class Broken:
        haplan_api = 2

        @hookimpl
        def haplan_providers(self) -> Iterable[type[Provider]]:
            raise OSError("no such library")

    with pytest.raises(PluginError, match="plugin 'bad': haplan_providers broke: OSError: no such library"):
        installed(bad=Broken()).provider("bad")
    assert installed(bad=Broken(), pond=Strange("pond")).provider("pond").name == "pond"


@pytest.mark.parametrize("version", [None, 1, 3])
def test_a_plugin_of_another_api_gets_one_line_that_says_what_moved(version: int | None) -> None:
    """Nothing of it is called, and the others go on."""
    old = Strange("old")
    old.haplan_api = version  # type: ignore[assignment]  # what a plugin says is its own
    found = installed(old=old, pond=Strange("pond"))
    said = found.broken["old"]
    assert "\n" not in said
    assert said.startswith(
        "it was made for another haplan: haplan_api must be 2, since which placements, assess, facts "
    )
    assert said.endswith("and constructors of over four fields take them by name")
    with pytest.raises(PluginError, match="haplan_api must be 2"):
        found.provider("old")
    assert (found.provider("pond").name, old.asked) == ("pond", 0)


def test_a_misspelt_hook_is_an_error() -> None:
    class Misspelt:
        haplan_api = 2

        @hookimpl
        def haplan_provider(self) -> None: ...

    with pytest.raises(Exception, match="haplan_provider"):
        installed(bad=Misspelt())


def test_a_type_that_no_plugin_brings_is_told_with_the_line_that_wants_it(tmp_path: Path) -> None:
    own = "from haplan.language.resource import resource\n@resource('pond_fish')\nclass Fish(Resource):\n    pass\n"
    project = Project(tmp_path / "edge", f"{own}Fish('a')\nFish('b')\nThing('c')\n")
    with pytest.raises(HaplanError) as error:
        project.plan()
    assert str(error.value) == "stack.py:8: pond_fish.a: no plugin that is installed brings the type pond_fish"


def test_an_unknown_provider_is_told_with_those_there_are() -> None:
    with pytest.raises(PluginError, match="there are: lake, pond; install the package that brings it, unless HAPLAN"):
        installed(pond=Strange("pond"), lake=Strange("lake")).provider("sea")


def test_the_design_says_what_it_is_about() -> None:
    assert set(design.haplan_types) == {cls.haplan_type.name for cls in design.haplan_resources()}  # type: ignore[attr-defined]
    plugins = load_plugins({})
    assert {rule.id for rule in plugins.rules_about({"site"})} == {*plugins.rules}
    assert {rule.source for rule in plugins.rules_about({"record"})} == {"haplan itself"}
    assert plugins.order_about({"record"}) == ()
    assert len(plugins.order_about({"record", "cluster"})) == 1


def test_every_name_of_the_design_is_there() -> None:
    for name in design.__all__:
        assert getattr(design, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Sight'"):
        design.Sight  # type: ignore[attr-defined]  # noqa: B018


def test_rules_look_at_what_only_state_still_has(tmp_path: Path) -> None:
    asked: list[str] = []

    def check(view: Any) -> Iterable[Any]:
        asked.append(",".join(change.type for change in view.changes))
        return ()

    rule = a_rule("T1", "P", check)
    about = SimpleNamespace(haplan_api=2, haplan_types=("mem_thing",), haplan_checks=hookimpl(lambda: [rule]))
    project = Project(tmp_path / "edge", 'Thing("a")\nData("d", input=1)', more=[about])
    project.apply()
    project.write('Data("d", input=1)').apply()
    assert asked == ["record,mem_thing", "mem_thing"] or asked == ["mem_thing,record", "mem_thing"]
    project.plan()
    assert len(asked) == 2


def test_an_observer_that_breaks_is_named_once_and_cuts_no_run_short(tmp_path: Path) -> None:
    told: list[str] = []

    class Watching:
        haplan_api = 2

        @hookimpl
        def haplan_event(self, event: Any) -> None:
            told.append(event.kind)
            if event.kind == "step":
                raise OSError("no such wall to write on")

    project = Project(tmp_path / "edge", 'Thing("a")\nThing("b")', more=[Watching()])
    assert project.apply(parallelism=1).exit_code == 0
    assert told.count("step") == 1
    assert [event.text for event in project.events if event.kind == "warning"] == [
        "plugin 'more0' is told nothing more of this run: OSError: no such wall to write on"
    ]


def test_a_plugin_that_breaks_at_a_plan_is_named_and_keeps_nobody_from_it(tmp_path: Path) -> None:
    broken = SimpleNamespace(haplan_api=2, haplan_plan_made=hookimpl(lambda plan: plan.nothing))
    project = Project(tmp_path / "edge", 'Thing("a")', more=[broken])
    assert len(project.plan().changes) == 1
    (warning,) = [event.text for event in project.events if event.kind == "warning"]
    assert warning.startswith("plugin 'more0': haplan_plan_made broke: AttributeError: ")


def test_two_plugins_that_claim_one_scheme_are_both_named() -> None:
    pawn = SimpleNamespace(haplan_api=2, haplan_secret_sources=hookimpl(lambda: {"vault": str}))
    safe = SimpleNamespace(haplan_api=2, haplan_secret_sources=hookimpl(lambda: {"vault": str}))
    with pytest.raises(PluginError, match="plugins 'pawn' and 'safe' both claim 'vault'; uninstall one"):
        installed(pawn=pawn, safe=safe).secret_sources  # noqa: B018


def test_each_finding_of_the_engine_has_a_page() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in Path(engine.__file__).parent.glob("steps/**/*.py"))
    made = r'Finding(?:\(\s*rule=|\.at\(\s*[\w.]+,\s*)"(\w+)"'
    found = {*re.findall(made, text), *re.findall(r'^RULE = "(\w+)"', text, re.MULTILINE)}
    assert found == {rule.id for rule in builtin.PAGES}
    assert found <= {*load_plugins({}).rules}


def exemplary(files: Any) -> Plugins:
    class Own(StateOnly):
        name = "own"

        @classmethod
        def example(cls) -> Any:
            return files() if callable(files) else files

    plugin = SimpleNamespace(haplan_api=2, haplan_providers=hookimpl(lambda: [Own]))
    return installed(own=plugin)


def test_an_example_of_a_provider_is_a_stack_and_files_beside_it() -> None:
    files = {"stack.py": "", "lab.toml": ""}
    assert exemplary(files).example("own") == files
    assert load_plugins({}).example("haplan") == {}


@pytest.mark.parametrize(
    "files",
    [
        None,
        "stack.py",
        {},
        {"lab.toml": ""},
        {"stack.py": "", "../x": ""},
        {"stack.py": b""},
        {"stack.py": "", "/etc/x": ""},
    ],
)
def test_an_example_of_another_shape_is_refused_and_its_provider_is_named(files: Any) -> None:
    with pytest.raises(ProviderError, match=r"^provider 'own': example gave .*, where .* is due"):
        exemplary(files).example("own")


@pytest.mark.parametrize("files", [lambda: 1 / 0, lambda: exit("no")])
def test_an_example_that_breaks_names_its_provider(files: Any) -> None:
    with pytest.raises(ProviderError, match=r"^provider 'own': example broke: "):
        exemplary(files).example("own")
