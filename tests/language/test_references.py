"""References: whole, cut, and where they cannot stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.model import value as model

START = 'from haplan import *\nfrom haplan.design import Site, Network\nprovider("mist")\na = Site("a")\n'


def test_a_reference_in_an_attribute_is_data_and_an_edge(loader: Any) -> None:
    block = loader(START + 'Data("d", input={"site": [a.id]})').blocks["record.d"]
    assert block.values["input"] == {"site": [model.Ref("site.a", ("id",))]}
    assert [(one.address, one.via) for one in block.references] == [("site.a", "input")]


def test_a_reference_in_an_f_string_is_found_again(loader: Any) -> None:
    block = loader(START + 'Data("d", input=f"<{a.id}>")').blocks["record.d"]
    assert block.values["input"] == model.Text(("<", model.Ref("site.a", ("id",)), ">"))
    assert [one.address for one in block.references] == ["site.a"]


def test_a_text_that_is_only_a_reference_is_that_reference(loader: Any) -> None:
    assert loader(START + 'Data("d", input=f"{a.id}")').blocks["record.d"].values["input"] == model.Ref(
        "site.a", ("id",)
    )


def test_a_derived_value_is_known_at_once_and_makes_no_edge(loader: Any) -> None:
    stack = loader(START + 'Data("d", input=f"it is {a.role}")\noutput("o", a.role)')
    assert stack.blocks["record.d"].values["input"] == "it is none"
    assert stack.blocks["record.d"].references == ()
    assert stack.outputs["o"].value == "none"


@pytest.mark.parametrize(
    "how",
    ["[1:]", "[:-1]", ".upper()", ".lower()", ".title()", ".capitalize()", '.replace("\\ue010", "\\ue011")', "[::-1]"],
)
def test_a_damaged_reference_is_a_mistake_with_its_line(how: str, loader: Any) -> None:
    (mistake,) = loader.mistakes(START + f'Data("d", input=f"{{a.id}}"{how})')
    assert mistake.startswith("stack.py:5: record.d: input: a reference in this text was cut or changed")


def test_a_resource_in_an_f_string_is_a_mistake_that_names_an_attribute(loader: Any) -> None:
    (mistake,) = loader.mistakes(START + 'Data("d", input=f"<{a}>")')
    assert mistake == "stack.py:5: site.a cannot be put into text: name an attribute, such as {….id}"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('Site(f"x{a.id}")', "site: a label cannot hold a reference"),
        ('Site("x", name=f"x{a.id}")', "site.x: name: a remote name cannot hold a reference"),
        ('output(f"{a.id}", 1)', "a name cannot hold a reference"),
        ('variable("v", default=f"{a.id}")', "variable 'v': its default cannot hold a reference"),
        ('Data("d", input={f"x{a.id}": 1})', "record.d: input: a key cannot hold a reference"),
        ('Data("d", input={a.id: 1})', "record.d: input: expected text as key, got a Ref"),
        ('moved(f"site.{a.id}", "site.a")', "moved: expected an address as text, such as 'site.branch', got text with"),
        ('removed(f"site.{a.id}")', "removed: expected an address as text"),
        ('imported("site.a", f"{a.id}")', "imported: expected the id of an existing object, got text with a reference"),
        ('imported("site.a", a.id)', "imported: expected the id of an existing object, got a Ref"),
        ('Data("d", input=secret(f"env:{a.id}"))', 'secret: expected a source such as "env:NAME", got text with'),
        ('Data("d", input=secret("env:X", version=a.id))', 'secret: version: expected text such as "2", got a Ref'),
        ('Data("d", input=secret("env:X", version=f"{a.id}"))', 'secret: version: expected text such as "2", got text'),
        ('with module(f"{a.id}"): pass', "module: expected a label, got text with a reference in it"),
        (
            'Data("d", lifecycle=lifecycle(ignore_changes=[f"{a.id}"]))',
            "text with a reference in it is no attribute of",
        ),
        (
            'Data("d", lifecycle=lifecycle(precondition=matches("x", f"{a.id}")))',
            "text with a reference in it is no regular",
        ),
    ],
)
def test_a_reference_cannot_make_a_name(line: str, says: str, loader: Any) -> None:
    (mistake,) = loader.mistakes(START + line)
    assert mistake.startswith("stack.py:5: ")
    assert says in mistake


@pytest.mark.parametrize(
    ("line", "how"),
    [
        ("if a.id: pass", "as a truth value"), ("x = not a.id", "as a truth value"),
        ('x = a.id == "x"', "in a comparison"),
        ('x = a.id != "x"', "in a comparison"), ("x = a.id < 3", "in a comparison"), ("x = int(a.id)", "as a number"),
        ("x = [1, 2][a.id]", "as a number"), ('x = a.id + "x"', "in a sum"), ("x = list(a.id)", "in a loop"),
        ("x = a.id[1:]", "with an index"), ("x = a.id[a.id]", "with an index"),
        ('x = f"{a.id:>8}"', "in an f-string with the format"), ("x = len(a.id)", "for its length"),
    ],
)  # fmt: skip
def test_a_reference_is_no_plain_value(line: str, how: str, loader: Any) -> None:
    (mistake,) = loader.mistakes(START + line)
    assert mistake.startswith(f"stack.py:5: site.a.id cannot be used {how}")
    assert "known only after apply" in mistake


def test_what_was_wrong_before_is_reported_with_it(loader: Any) -> None:
    found = loader.mistakes(START + 'Site("b", timezone=3)\nif a.id: pass')
    assert [line.split(": ")[0] for line in found] == ["stack.py:5", "stack.py:6"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('Network("n", subnet="10.0.0.0/24", vlan_id=a.id)', ""),
        (
            'Network("n", subnet="10.0.0.0/24", cloud_access=a.id)',
            "expected True or False, got site.a.id, which is text",
        ),
        ('Network("n", subnet=a.id)', ""),
        ('Thing("t", size=a.id)', "expected integer, got site.a.id, which is text"),
        ('Thing("t", size=Data("d").output)', ""),
    ],
)
def test_text_that_is_not_known_yet_is_no_number_and_no_flag(line: str, says: str, loader: Any) -> None:
    text = START + "from haplan.testing import Thing\n" + line
    if says:
        (mistake,) = loader.mistakes(text)
        assert mistake.startswith("stack.py:6: ")
        assert mistake.endswith(says)
    else:
        loader(text)


@given(st.text(st.characters(exclude_categories=["Cs", "Co"])))
def test_a_text_without_reference_stays_as_it_is(text: str) -> None:
    from haplan.language.refs import scan

    assert scan(text) == text


@given(st.text(st.characters(min_codepoint=0xE000, max_codepoint=0xE01F), min_size=1))
def test_private_characters_of_somebody_else_are_refused(text: str) -> None:
    from pathlib import Path

    from haplan.language.record import Recording, recording
    from haplan.language.refs import scan

    with recording(Recording(Path(), lambda *_: (None, ""), {})), pytest.raises(ValueError, match="cut or changed"):
        scan(text)


def test_the_kept_forms_come_back_from_json() -> None:
    tree = {
        "ref": model.Ref("site.a", ("id",)), "text": model.Text(("x", model.Ref("site.a", ("id",)))),
        "n": [1, None, True],
        "secret": model.Secret("env:X", "1", "hmac"), "unknown": model.Unknown("site.a.id"),
    }  # fmt: skip
    assert model.decode(model.encode(tree)) == tree


def test_a_reference_to_what_is_not_in_the_stack_names_both(loader: Any, tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "kept_by_python.py").write_text("from haplan import Data\nshared = Data('shared')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    text = "from haplan import Data, output\nfrom kept_by_python import shared\n"
    text += "Data('d', input=[shared.id])\noutput('o', f'{shared.output}')"
    loader(text)
    first, second = loader.mistakes(text)
    assert first.startswith("stack.py:3: record.d: input: refers to record.shared, which is not in this stack")
    assert second.startswith("stack.py:4: output o: refers to record.shared, which is not in this stack")
