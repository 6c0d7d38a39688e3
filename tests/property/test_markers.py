"""Markers on a grid of targets and pythons, with `packaging` and rattler as the oracles."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from tests.oracle import ENVIRONMENTS, PYTHONS, evaluate, holds, python_record
from wheelbridge.model.target import Target
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.markers import translate_marker

_OPERATORS = st.sampled_from(["<", "<=", "==", "!=", ">=", ">", "~="])
_MINORS = st.sampled_from(["2.7", "3", "3.9", "3.10", "3.11", "3.13", "3.14", "4"])
_FULL = st.sampled_from(["3.9.0", "3.10.4", "3.11", "3.11.0rc1", "3.12.1", "3.14.0a2", "3.14.0"])
_TEXTS = st.sampled_from(["==", "!="])
_ATOMS = st.one_of(
    st.builds('python_version {} "{}"'.format, _OPERATORS, _MINORS.filter(lambda text: "." in text)),
    st.builds('"{}" {} python_version'.format, _MINORS, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"])),
    st.builds('python_version {} "{}"'.format, st.sampled_from(["in", "not in"]), st.just("3.9, 3.10, 3.13")),
    st.builds('python_full_version {} "{}"'.format, _OPERATORS, _FULL),
    st.builds('sys_platform {} "{}"'.format, _TEXTS, st.sampled_from(["linux", "darwin", "win32"])),
    st.builds('platform_machine {} "{}"'.format, _TEXTS, st.sampled_from(["x86_64", "arm64", "AMD64"])),
    st.builds('platform_python_implementation {} "{}"'.format, _TEXTS, st.sampled_from(["CPython", "PyPy"])),
    st.builds('extra == "{}"'.format, st.sampled_from(["a", "B_c"])),
)
_MARKERS = st.recursive(
    _ATOMS, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner), max_leaves=5
)


class TestPep508:
    """PEP 508: markers "are evaluated … against the current environment", whatever their and/or structure."""

    @settings(max_examples=400, deadline=None)
    @given(text=_MARKERS, subdir=st.sampled_from(sorted(ENVIRONMENTS)))
    def test_a_translation_says_what_packaging_says(self, text: str, subdir: str) -> None:
        """For every python and extra, what rattler matches is what packaging evaluates; else it was refused."""
        marker = Marker(text)
        translation = translate_marker(text, Target(subdir=subdir))

        for python in PYTHONS:
            record = python_record(python)
            assert holds(translation.base, record) == evaluate(marker, subdir, python)
            for extra in ("a", "b-c"):
                condition = translation.extras.get(canonicalize_name(extra), translation.base)
                assert holds(condition, record) == evaluate(marker, subdir, python, extra)

    @given(extra=st.sampled_from(["a", "b"]), python=_MINORS)
    def test_an_extra_never_takes_away(self, extra: str, python: str) -> None:
        """CEP 44: the group's list "MUST be unioned with the regular `depends` field"; nothing can be taken out."""
        text = f'extra != "{extra}" and python_version < "{python}"'
        with pytest.raises(MarkerNotExpressibleError, match=f"the extra '{extra}' takes the requirement away"):
            translate_marker(text, Target(subdir="linux-64"))
