"""A small folder of tables with one row of every kind, and rows that would like to be more than text."""

import os
import subprocess
from pathlib import Path
from textwrap import dedent

from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.rows import Confidence, Relation
from wheelbridge.model.name import CondaName, NormalizedName

HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script> & </script><!-- "
"""A reason that must stay a text."""

_OVERRIDES = f"""\
    # Names that people decided.

    - pypi: hostile
      conda: hostile-conda
      relation: library
      reason: '{HOSTILE.replace("'", "''")}'
      evidence:
        - "javascript:document.title='run'"
        - https://host.example/a?b=1, read
        - "owner/repo@0123abc: recipe"
      reviewed: 2026-11-21

    - pypi: pyqt5
      conda: pyqt
      relation: dist
      specs: ["pyqt >=5,<6"]
      pypi_range: ">=5,<6"
      not: [pyqt5-sip]
      reason: conda says the version apart
      evidence: [conda-forge/pyqt-feedstock@0123abc]
      reviewed: 2026-11-21

    - pypi: tzdata
      conda: python-tzdata
      relation: dist
      not: [tzdata]
      reason: conda tzdata is the time zone database
      evidence: [parselmouth#82]
      reviewed: 2026-11-20

    - pypi: wget
      conda: null
      relation: none
      reason: conda wget is the program
      evidence: [looked]
      reviewed: 2026-11-21
    """
_EXTERNAL = """\
    - id: dep:generic/swift
      relation: none
      alternatives: []
      reason: nobody packaged it
      evidence: [looked]
      reviewed: 2026-11-21
    - id: dep:virtual/interface/blas
      relation: library
      alternatives:
        - name: unix
          when: ["linux-*", "osx-*"]
          host: [libblas, libcblas]
          run: []
          recipe: {host: ["libblas * *netlib"]}
        - name: windows
          when: ["win-*"]
          host: ["libblas >=3.9"]
      version: {scheme: reference-lapack, apply_to: [libblas]}
      reason: the interface of all implementations
      evidence: [conda-forge/blas-feedstock@0123abc]
      reviewed: 2026-11-21
    """
_REGISTRY = """\
    - id: dep:virtual/interface/blas
      what: basic linear algebra
    - id: dep:github/OpenMathLib/OpenBLAS
      provides: [dep:virtual/interface/blas]
    - id: dep:generic/openblas?repository_url=https://host.example/openblas
      provides: [dep:virtual/interface/blas]
    - id: dep:generic/swift
      what: a language
    """
_WHEELS = """\
    - pypi: pyqt5
      depends: ["libgl >=1"]
      when: ["linux-*"]
      relation: library
      reason: it loads libGL.so.1
      evidence: [looked]
      reviewed: 2026-11-21
    """
_SONAMES = """\
    - soname: libodbc.so.2
      when: ["linux-*"]
      conda: unixodbc
      specs: []
      relation: library
      reason: the driver manager
      evidence: [looked]
      reviewed: 2026-11-21
    """
_PROVIDERS = """\
    - package: provider-one
      namespace: one
      plugin_api: ["provider_one:Plugin"]
      rules: nvidia
      features:
        - {name: level, virtual_package: __cuda, exact: true, example: {values: ["1"], requires: "__cuda >=1"}}
      relation: library
      reason: its rules
      evidence: [looked]
      reviewed: 2026-11-21
    """
_RUNTIMES = """\
    - runtime: cuda-cudart-12
      kind: cuda
      pypi: [runtime-cu12]
      conda: ["cuda-cudart >=12,<13"]
      sonames: ["libcudart*.so.12"]
      relation: library
      reason: the runtime
      evidence: [looked]
      reviewed: 2026-11-21
    """
_BUNDLERS = """\
    - conda: finesse
      not_theirs: [numpy]
      reason: its builds installed their dependencies
      evidence: [looked]
      reviewed: 2026-11-21
    """


def write_tables(folder: Path, *, generated: int = 130) -> Path:
    """Write tables into *folder*, with that many generated rows beside the ones with a name; return the folder."""
    texts = {
        "names/overrides.yaml": _OVERRIDES,
        "names/bundlers.yaml": _BUNDLERS,
        "external/conda-forge.yaml": _EXTERNAL,
        "external/registry.yaml": _REGISTRY,
        "wheels/conda-forge.yaml": _WHEELS,
        "sonames/conda-forge.yaml": _SONAMES,
        "variants/providers.yaml": _PROVIDERS,
        "variants/runtimes.yaml": _RUNTIMES,
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    layer = render_layer(_generated(generated), map(CondaName, ("lonely", "tzdata", "libblas", "hostile-conda")))
    (folder / "names" / "generated").mkdir(exist_ok=True)
    (folder / "names" / "generated" / "conda-forge.tsv").write_text(layer.projects, encoding="utf-8")
    (folder / "names" / "generated" / "conda-forge.inverse.tsv").write_text(layer.packages, encoding="utf-8")
    return folder


def _generated(rows: int) -> list[TableRow]:
    same = [("numpy", "numpy"), ("constructor", "constructor"), ("zope-interface", "zope.interface")]
    same += [("torch", "pytorch"), *((f"filler-{number:03}", f"filler-{number:03}") for number in range(rows))]
    found = [_row(pypi, conda, Confidence.VERIFIED) for pypi, conda in same]
    found += [_row("claimant", "python-tzdata", Confidence.OBSERVED), _row("tzdata", "psycopg", Confidence.OBSERVED)]
    found += [_undecided("absolv", "absolv", "absolv-base"), _undecided("adversary", "artificial-adversary")]
    return found + [_undecided(f"unsure-{number:03}", f"unsure-{number:03}", "other") for number in range(60)]


def _row(pypi: str, conda: str, confidence: Confidence) -> TableRow:
    name = NormalizedName(pypi)
    return TableRow(pypi=name, conda=CondaName(conda), relation=Relation.DIST, confidence=confidence)


def _undecided(pypi: str, *candidates: str) -> TableRow:
    return TableRow(pypi=NormalizedName(pypi), alternatives=tuple(map(CondaName, candidates)))


def git(folder: Path, *arguments: str) -> str:
    """Run git in *folder* as somebody whose commits are all from one day."""
    who = {"NAME": "A Maintainer", "EMAIL": "maintainer@host.example", "DATE": "2026-11-20T12:00:00Z"}
    variables = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    run = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, env=os.environ | variables
    )
    return run.stdout


def commit(folder: Path, subject: str) -> None:
    """Record what is in *folder*, a checkout or about to be one."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", f"--message={subject}")
