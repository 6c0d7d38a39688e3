"""The ``wheelbridge:`` table of an environment file."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wheelbridge.api.manifests.settings import _DOCUMENT, _OWN, _VARIANTS, combine_settings, read_settings
from wheelbridge.configuration.errors import InvalidConfigurationError

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "reference" / "environment.schema.json").read_text(encoding="utf-8")
)
ALL: dict[str, Any] = {
    "indexes": ["pypi", "corp=https://corp.example/simple", {"url": "https://cu.example/simple", "explicit": True}],
    "claims": {"conda-forge": "strict"},
    "priority": "flexible",
    "routes": {"torch": [{"source": "corp", "marker": "sys_platform == 'linux'"}, "pypi"]},
    "target": {"__cuda": "12.8", "linux-64": {"__glibc": "2.28"}, "osx-arm64": {"__osx": 14}},
    "variants": {
        "prefer": ["nvidia"],
        "ban": "x86_64 :: level :: v4",
        "pins": {"Torch": "cu128"},
        "mode": "strict",
        "enable": ["intel"],
        "disable": False,
    },
    "exclude-newer": "2026-01-31",
    "channel-relations": False,
    "no-external": ["pyodbc"],
    "build": ["pygreet"],
}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"index": ["pypi"]}, "wheelbridge.index: there is no such key"),
    ({"indexes": "pypi"}, "wheelbridge.indexes: it must be a list"),
    ({"indexes": [7]}, "wheelbridge.indexes[0]: it must be what -i takes"),
    ({"indexes": ["pypi"], "sources": []}, "there are 'sources' as well"),
    ({"claims": {"pypi": "loose"}}, "wheelbridge.claims.pypi: 'loose' is none of"),
    ({"target": {"__cuda": 12.8}}, "wheelbridge.target.__cuda: it must be a text, or 12.10 would be 12.1"),
    ({"target": {"cuda": "12"}}, "wheelbridge.target.cuda"),
    ({"target": {"linux-64": {"cuda": "12"}}}, "wheelbridge.target.linux-64.cuda: it is no virtual package"),
    ({"target": {"linux-65": {"__cuda": "12"}}}, "wheelbridge.target.linux-65: it is no platform"),
    ({"variants": {"trust": ["x"]}}, "wheelbridge.variants.trust: a file cannot trust a provider"),
    ({"variants": {"mode": "loose"}}, "wheelbridge.variants: 'loose' is no way to choose variants"),
    ({"variants": {"prefers": []}}, "wheelbridge.variants.prefers: there is no such key"),
]


def test_every_key_is_read(tmp_path: Path) -> None:
    """All that the table may hold comes out as settings."""
    found = read_settings(ALL, "env.yml", tmp_path)

    assert [(entry.name, entry.text) for entry in found.configuration.sources] == [
        (None, "pypi"),
        ("corp", "https://corp.example/simple"),
        (None, "https://cu.example/simple"),
    ]
    assert [entry.explicit for entry in found.configuration.sources] == [None, None, True]
    assert all(entry.of_project for entry in found.configuration.sources), "a file's names are not the user's"
    assert found.configuration.claims == {"conda-forge": "strict"}
    assert found.configuration.priority == "flexible"
    assert found.configuration.channel_relations is False
    assert found.facts_of("linux-64") == ("__cuda=12.8", "__glibc=2.28")
    assert found.facts_of("osx-arm64") == ("__cuda=12.8", "__osx=14")
    assert str(found.variants.pins["torch"]) == "cu128"  # type: ignore[index]  # the key is normalized
    assert found.variants.mode == "strict"
    assert found.builds == ("pygreet",)


@pytest.mark.parametrize(("values", "message"), BAD, ids=lambda value: str(value)[:50])
def test_what_cannot_be_read_is_named_by_its_path(values: dict[str, Any], message: str, tmp_path: Path) -> None:
    """An error leads to the value, in the user's file."""
    with pytest.raises(InvalidConfigurationError) as caught:
        read_settings(values, "env.yml", tmp_path)

    assert "env.yml" in caught.value.message
    assert message in caught.value.message


def test_of_several_files_the_last_word_holds(tmp_path: Path) -> None:
    """Lists join; where two files speak of one thing, the last one decides, and a note names both."""
    one = {"claims": {"a": "strict"}, "target": {"__cuda": "13"}, "variants": {"pins": {"x": "l1"}}, "build": ["p"]}
    two = {
        "claims": {"a": "flexible", "b": "flexible"},
        "target": {"__cuda": "12", "__glibc": "2.28"},
        "variants": {"pins": {"x": "l2", "y": "l3"}},
        "exclude-newer": "2026-01-31",
        "priority": "strict",
        "routes": {"pypi:aa": "x"},
    }
    one |= {"exclude-newer": "2026-02-28", "priority": "flexible", "routes": {"pypi:aa": "y"}}
    found = combine_settings(
        [read_settings(values, f"{name}.yml", tmp_path) for name, values in (("two", two), ("one", one))]
    )

    assert found.configuration.claims == {"a": "strict", "b": "flexible"}
    assert dict(fact.split("=") for fact in found.facts_of("linux-64")) == {"__cuda": "13", "__glibc": "2.28"}
    assert {name: str(pin) for name, pin in found.variants.pins.items()} == {"x": "l1", "y": "l3"}
    last = read_settings({"exclude-newer": "2026-02-28"}, "one.yml", tmp_path).configuration
    assert found.configuration.exclude_newer == last.exclude_newer is not None
    assert found.configuration.priority == "flexible"
    assert found.configuration.routes[0].choices[0].source == "y"
    assert found.builds == ("p",)
    assert [note.partition(" is ")[0] for note in found.notes] == [
        *("priority", "exclude-newer", "The route of pypi:aa", "The claim of a", "__cuda", "The variant of x")
    ]
    assert found.notes[0].startswith("priority is flexible (one.yml), not strict (two.yml): the last file")


class TestSchema:
    """The JSON schema for editors says what the reader takes."""

    def test_it_knows_every_key(self) -> None:
        """A key that is added to the reader is added to the schema."""
        table = SCHEMA["$defs"]["wheelbridge"]["properties"]

        assert set(table) == {*_DOCUMENT, *_OWN}
        assert set(table["variants"]["properties"]) == set(_VARIANTS)

    def test_it_takes_what_is_read(self) -> None:
        """The example that has every key is valid."""
        found = jsonschema.Draft202012Validator(SCHEMA).iter_errors({"dependencies": [], "wheelbridge": ALL})

        assert [error.json_path for error in found] == []

    @pytest.mark.parametrize(
        ("values", "_message"),
        [case for case in BAD if not {"indexes", "sources"} <= case[0].keys()],  # it judges one key at a time
        ids=lambda value: str(value)[:50],
    )
    def test_it_refuses_what_is_refused(self, values: dict[str, Any], _message: str) -> None:
        """An editor underlines what the reader would refuse, but for what only two keys together show."""
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"dependencies": [], "wheelbridge": values}, SCHEMA)
