"""The reference of the ``map`` commands has the JSON that they print."""

import json
import re
from pathlib import Path
from typing import Any

from wheelbridge.api.mapping.verify import PackageReport, VerifyReport
from wheelbridge.mapping.carried import find_carried, judge
from wheelbridge.mapping.rows import Confidence, NameAnswer, NameRow, Relation
from wheelbridge.mapping.verdicts import compare_all
from wheelbridge.model.name import CondaName, NormalizedName

REFERENCE = Path(__file__).parents[1] / "docs" / "reference" / "map.md"
PLACE = "https://host.example/c/noarch/redis-py-5.0.1-pyhd8ed1ab_0.conda"


def section(title: str) -> str:
    """Return a section of the reference."""
    _, _, rest = REFERENCE.read_text("utf-8").partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0]


def without_texts(value: Any) -> Any:
    """Leave out the sentences, which may change."""
    if isinstance(value, dict):
        return {key: without_texts(item) for key, item in value.items() if key != "text"}
    return [without_texts(item) for item in value] if isinstance(value, list) else value


def test_the_example_of_verify_is_what_it_prints() -> None:
    """The same package, made here, has the same fields and values."""
    (example,) = re.findall(r"```json\n(.*?)```", section("map verify"), re.DOTALL)
    directory = "site-packages/redis-5.0.1.dist-info"
    carried = find_carried([f"{directory}/METADATA"])
    evidence = judge(CondaName("redis-py"), "5.0.1", carried, {f"{directory}/METADATA": "redis"})
    row = NameRow(
        pypi=NormalizedName("redis"),
        conda=CondaName("redis-py"),
        relation=Relation.DIST,
        confidence=Confidence.VERIFIED,
        layer="generated",
    )
    report = PackageReport(
        asked="redis-py",
        place=PLACE,
        build="pyhd8ed1ab_0",
        subdir="noarch",
        access="sparse",
        evidence=evidence,
        verdicts=compare_all([row], {NormalizedName("redis"): NameAnswer(rows=(row,))}, evidence),
    )

    assert without_texts(json.loads(example)) == without_texts(report.as_json())
    assert {f"`{key}`" for key in VerifyReport((report,)).as_json()} - {"`packages`"} <= set(
        re.findall(r"`[a-z_]+`", section("map verify"))
    )
