"""Answers of the name tables as JSON has them, one shape for all commands."""

from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.rows import NameAnswer, NameRow


def answer_json(answer: NameAnswer, world: str) -> dict[str, object]:
    """Return *answer* to a question about a name of *world*, ``pypi`` or ``conda``.

    >>> answer_json(NameAnswer(ambiguous=("a-base", "a-core")), "pypi")
    {'answers': [], 'ambiguous': True, 'candidates': ['a-base', 'a-core']}
    """
    answers = [
        {
            "name": row.conda if world == "pypi" else row.pypi,
            "relation": row.relation.value,
            "role": row.role.value,
            "confidence": row.confidence.name.lower(),
            "layer": row.layer,
            **_account(row),
        }
        for row in answer.rows
    ]
    return {"answers": answers, "ambiguous": bool(answer.ambiguous), "candidates": list(answer.ambiguous)}


def row_json(row: TableRow) -> dict[str, object]:
    """Return what one layer says; without a relation, nobody decided between the candidates."""
    return {
        "pypi": row.pypi,
        "conda": row.conda,
        "relation": row.relation.value if row.relation else None,
        "confidence": row.confidence.name.lower() if row.confidence else None,
        "alternatives": list(row.alternatives),
        **_account(row),
    }


def _account(row: NameRow | TableRow) -> dict[str, object]:
    return {
        "reason": row.reason,
        "specs": list(row.specs),
        "pypi_range": row.pypi_range,
        "not": list(row.rejected),
        "evidence": list(row.evidence),
        "reviewed": row.reviewed or None,
    }
