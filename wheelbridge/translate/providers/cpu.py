"""The CPU providers: what follows from the microarchitecture that ``__archspec`` names (CEP 30).

They decide by the name alone, so that what a property needs is exactly a set of names. `archspec` knows the names; its
own answers are used, where the providers differ from it their rules are.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from wheelbridge.model.target import Target
from wheelbridge.model.variant import Features, NamespaceSupport, no_features
from wheelbridge.translate.providers.known import absent, found

if TYPE_CHECKING:
    from archspec.cpu import Microarchitecture

_ON = ("on",)
_X86_LEVEL = re.compile(r"x86_64_v(\d+)")
_NEWEST_X86_LEVEL = 4
_NEWEST_ARM = "armv9.0a"

_X86_FLAGS = """
    avx_vnni cppc ibrs_enhanced tsc_adjust flush_l1d movdir64b movdiri avx512_bf16 avx512_bitalg avx512_vbmi2
    avx512_vnni avx512_vp2intersect avx512_vpopcntdq avx512ifma avx512vbmi rdpid sha_ni vaes vpclmulqdq clwb clzero
    avx512bw avx512cd avx512dq avx512f avx512vl clflushopt gfni rdseed xsavec xsaveopt adx avx2 avx bmi2 bmi1 abm f16c
    fma movbe xsave rdrand aes pclmulqdq sse4a fsgsbase sse4_2 sse4_1 ssse3 sse3 cx16 lahf_lm popcnt sse2 sse mmx
"""
_ARM_FLAGS = """
    sve2 flagm2 frint sb btiecv paca pacg ssbs asimdfhm bf16 dcpodp dgh dit flagm i8mm ilrcpc jscvt rng sha3 sha512
    svebf16 svei8mm uscat asimddp lrcpc asimdhp dcpop fcma fphp sve asimdrdmatomics aes asimd cpuid crc32 evtstrm fp
    pmull sha1 sha2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuProvider:
    """A provider for one family of CPUs.

    Attributes:
        namespace: as archspec calls the family, too.
        machines: what follows the system in the subdirs of the family.
        ladder: the feature whose values stand for sets of instructions, each holding the lower ones.
        ladder_name: the same, for people.
        steps: the values of *ladder* on a CPU, best first.
        flags: instruction sets, features with the value ``on``, in the provider's order.
    """

    namespace: str
    machines: frozenset[str]
    ladder: str
    ladder_name: str
    steps: Callable[["Microarchitecture"], tuple[str, ...]]
    flags: tuple[str, ...]

    def find_support(self, target: Target) -> NamespaceSupport:
        """List what the CPU that ``__archspec`` names has, the ladder first."""
        if target.subdir.partition("-")[2] not in self.machines:
            return absent(self.namespace, f"{target.subdir} is no {self.namespace} platform")
        package = target.virtual_package("__archspec")
        if package is None:
            return absent(self.namespace, "nothing says which CPU it has (no __archspec)")
        if features := _list_features(self, package.build):
            return found(self.namespace, features, f"__archspec {package.build}")
        return absent(self.namespace, _explain_nothing(self.namespace, package.build))

    def require(self, feature: str, values: Collection[str], target: Target) -> str | None:  # noqa: ARG002 -- the same for all
        """Require one of the names that have the feature.

        An ``__archspec`` has one name and no order, so that they are all written out.
        """
        names = _find_names(self, feature, frozenset(values))
        return f'__archspec[build="^({"|".join(names)})$"]' if names else None

    def explain(self, feature: str, values: Collection[str], target: Target) -> str:
        """Name the step or the instructions, then what the CPU has."""
        package = target.virtual_package("__archspec")
        name = package.build if package else "none"
        if feature != self.ladder:
            return f"needs the CPU feature {feature}, which {name} lacks"
        needed = min((value for value in values if _find_names(self, feature, frozenset([value]))), key=_height)
        best = max(_list_features(self, name)[self.ladder], key=_height)
        if _height(best) > _height(needed):
            return f"needs {self.ladder_name} {needed}, which its provider does not list for {name} ({best})"
        return f"needs {self.ladder_name} {needed}, this target's CPU ({name}) has {best} at most"


def _x86_levels(cpu: "Microarchitecture") -> tuple[str, ...]:
    """Return the levels from the CPU's own down to v1; the provider lists nothing for what has v1 alone."""
    match = _X86_LEVEL.fullmatch(str(cpu.generic))
    return tuple(f"v{level}" for level in range(min(int(match[1]), _NEWEST_X86_LEVEL), 0, -1)) if match else ()


def _arm_versions(cpu: "Microarchitecture") -> tuple[str, ...]:
    """Return the versions from the CPU's own down to 8a; whatever is above 9.0a counts as that."""
    generic = cpu.generic
    if _NEWEST_ARM in map(str, generic.ancestors):
        generic = _read_cpus()[_NEWEST_ARM]
    return tuple("8a" if name == "aarch64" else name.removeprefix("armv") for name in map(str, _lineage(generic)))


X86_64 = CpuProvider(
    namespace="x86_64",
    machines=frozenset({"64"}),
    ladder="level",
    ladder_name="x86-64 level",
    steps=_x86_levels,
    flags=tuple(_X86_FLAGS.split()),
)
AARCH64 = CpuProvider(
    namespace="aarch64",
    machines=frozenset({"aarch64", "arm64"}),
    ladder="version",
    ladder_name="Arm version",
    steps=_arm_versions,
    flags=tuple(_ARM_FLAGS.split()),
)


@lru_cache(maxsize=1)
def _read_cpus() -> Mapping[str, "Microarchitecture"]:
    from archspec.cpu import TARGETS  # noqa: PLC0415 -- 10 to 40 ms that only CPU variants need

    return dict(TARGETS)


def _lineage(cpu: "Microarchitecture") -> "list[Microarchitecture]":
    return [cpu, *cpu.ancestors]


@lru_cache(maxsize=256)
def _list_features(provider: CpuProvider, name: str) -> Features:
    """List what the provider does for the CPU called *name*; nothing for a name of another family."""
    cpu = _read_cpus().get(name)
    if cpu is None or str(cpu.family) != provider.namespace or not (steps := provider.steps(cpu)):
        return no_features()
    flags = {flag: _ON for flag in provider.flags if flag in cpu}
    return MappingProxyType({provider.ladder: steps, **flags})


@lru_cache(maxsize=1024)
def _find_names(provider: CpuProvider, feature: str, values: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the CPUs that have one of *values*, sorted."""
    return tuple(
        sorted(name for name in _read_cpus() if values.intersection(_list_features(provider, name).get(feature, ())))
    )


def _explain_nothing(family: str, name: str) -> str:
    cpu = _read_cpus().get(name)
    if cpu is None:
        return f"no CPU called {name} is known to archspec {_archspec_version()}"
    return f"its provider lists nothing for {name}" if str(cpu.family) == family else f"{name} is no {family} CPU"


def _archspec_version() -> str:
    from archspec import __version__  # noqa: PLC0415 - only CPU variants need it, as above

    return str(__version__)


def _height(step: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", step)))
