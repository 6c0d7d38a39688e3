from tests.solver.test_records import make_record
from wheelbridge.solver.soundness import asked_extras


def test_only_groups_that_somebody_asks_for_ask_for_extras() -> None:
    """What stands in a group that nobody wants is asked of nobody: a record that is kept has all of its groups."""
    records = [
        make_record("app-1-py3-none-any.whl", ["lib[extras=[fast]]"], {"all": ["app[extras=[a]]", "b[extras=[x]]"]}),
        make_record("lib-1-py3-none-any.whl", [], {"fast": ["core[extras=[simd]]"], "doc": ["core[extras=[html]]"]}),
    ]

    assert asked_extras(records, ["app"]) == {"lib": {"fast"}, "core": {"simd"}}
    assert asked_extras(records, ["app[extras=[all]]"])["app"] == {"all", "a"}


def test_extras_that_ask_for_each_other_end() -> None:
    """A circle of groups is followed once."""
    records = [make_record("tool-1-py3-none-any.whl", [], {"a": ["tool[extras=[b]]"], "b": ["tool[extras=[a]]"]})]

    assert asked_extras(records, ["tool[extras=[a]]"]) == {"tool": {"a", "b"}}
