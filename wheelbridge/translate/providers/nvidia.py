"""The NVIDIA provider: what follows from the CUDA version of the driver and the compute capability of the GPU."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from packaging.version import InvalidVersion, Version

from wheelbridge.model.target import GPU_LIST, Target, VirtualPackage
from wheelbridge.model.variant import Features, NamespaceSupport, no_features
from wheelbridge.translate.providers.known import absent, found

Release = tuple[int, int]

LOWER_BOUND = "cuda_version_lower_bound"
UPPER_BOUND = "cuda_version_upper_bound"
SM_ARCH = "sm_arch"

_OLDEST_DRIVER: Release = (11, 0)
_NEWEST_DRIVER: Release = (15, 20)
_OLDEST_GPU = 5
_LAST_MINOR = 9

_BOUND = re.compile(r"(1[1-5])(?:\.(\d|1\d|20))?")
_SM = re.compile(r"([5-9]|[1-9]\d)(\d)_(real|virtual)")
_CAPABILITY = re.compile(r"([1-9]\d?)(?:\.(\d{1,2}))?")
_LISTED_CAPABILITY = re.compile(r"([1-9]\d?)\.(\d)")


class NvidiaProvider:
    """``nvidia-variant-provider``: bounds on the driver, then the architectures whose code the GPU runs."""

    namespace = "nvidia"

    def find_support(self, target: Target) -> NamespaceSupport:
        """List as the provider does; it knows drivers from CUDA 11.0 to 15.20 and lists nothing for others."""
        driver = target.virtual_package("__cuda")
        if driver is None:
            return absent(self.namespace, "there is no NVIDIA driver (no __cuda)")
        release = _read_driver(driver.version)
        if release is None:
            known = f"CUDA {_text(_OLDEST_DRIVER)} to {_text(_NEWEST_DRIVER)}"
            return absent(self.namespace, f"its provider knows drivers for {known}, this target has {driver.version}")
        architectures = _list_architectures(_read_gpu(target))
        read_from = ", ".join([f"__cuda {driver.version}", *_name_gpu(target)])
        return found(self.namespace, MappingProxyType({**_list_bounds(release), **architectures}), read_from)

    def require(self, feature: str, values: Collection[str], target: Target) -> str | None:
        """Bound the driver, or put the GPU into the intervals of capability that run one of the architectures."""
        if feature == SM_ARCH:
            return _require_gpu(_read_intervals(values), target)
        if feature == LOWER_BOUND and (bounds := _read_bounds(values)):
            return f'__cuda[version=">={bounds[min(bounds)]}"]'
        if feature == UPPER_BOUND and (bounds := _read_bounds(values)) and max(bounds) > _OLDEST_DRIVER:
            return f'__cuda[version="<{bounds[max(bounds)]}"]'
        return None

    def explain(self, feature: str, values: Collection[str], target: Target) -> str:
        """Name the bound or the capabilities, then what the target has."""
        if feature == SM_ARCH:
            gpu = _read_gpu(target)
            present = f"has {_text(gpu)}" if gpu else "names none (no __cuda_arch)"
            return (
                f"needs a GPU of compute capability {_name_intervals(_read_intervals(values))}, this target {present}"
            )
        driver = target.virtual_package("__cuda")
        bounds = _read_bounds(values)
        bound = f">= {bounds[min(bounds)]}" if feature == LOWER_BOUND else f"< {bounds[max(bounds)]}"
        return f"needs CUDA driver {bound}, this target has {driver.version if driver else 'none'}"


def _text(release: Release) -> str:
    return f"{release[0]}.{release[1]}"


def _read_driver(text: str) -> Release | None:
    try:
        version = Version(text)
    except InvalidVersion:
        return None
    known = Version(_text(_OLDEST_DRIVER)) <= version <= Version(_text(_NEWEST_DRIVER))
    return (version.major, version.minor) if known else None


def _gpu_package(target: Target) -> VirtualPackage | None:
    return target.virtual_package(GPU_LIST) or target.virtual_package("__cuda_arch")


def _name_gpu(target: Target) -> Iterator[str]:
    if package := _gpu_package(target):
        yield f"{package.name} {package.build if package.name == GPU_LIST else package.version}"


def _read_gpu(target: Target) -> Release | None:
    """Return the compute capability that decides, the highest of different GPUs; None where none can be read."""
    package = _gpu_package(target)
    if package is None:
        return None
    if package.name == GPU_LIST:
        matches = [_LISTED_CAPABILITY.fullmatch(text) for text in package.build.split("+")]
    else:
        matches = [_CAPABILITY.fullmatch(package.version)]
    releases = [(int(match[1]), int(match[2] or 0)) for match in matches if match]
    return max(releases) if len(releases) == len(matches) else None


@lru_cache(maxsize=256)
def _list_bounds(driver: Release) -> Features:
    """List the bounds that hold for *driver*: lower ones from its own version downwards, upper ones from the top.

    ``12`` stands for ``12.0`` and follows it.
    """
    lower = [text for release, text in _catalogue() if release <= driver]
    upper = [text for release, text in _catalogue() if release > driver]
    lists = {LOWER_BOUND: tuple(lower), UPPER_BOUND: tuple(upper)}
    return MappingProxyType({feature: values for feature, values in lists.items() if values})


def _catalogue() -> Iterator[tuple[Release, str]]:
    """Yield every bound that the provider knows, the newest first."""
    for major in range(_NEWEST_DRIVER[0], _OLDEST_DRIVER[0] - 1, -1):
        for minor in range(_NEWEST_DRIVER[1], -1, -1):
            yield (major, minor), _text((major, minor))
        yield (major, 0), str(major)


def _list_architectures(gpu: Release | None) -> Features:
    """List the architectures whose code *gpu* runs: the same major version, up to its own minor version.

    Of the portable ones the provider lists the first of the major version alone.
    """
    if gpu is None or gpu[0] < _OLDEST_GPU:
        return no_features()
    major, minor = gpu
    real = [f"{major}{number}_real" for number in range(min(minor, _LAST_MINOR), -1, -1)]
    return MappingProxyType({SM_ARCH: (*real, f"{major}0_virtual")})


def _read_bounds(values: Iterable[str]) -> dict[Release, str]:
    """Return version -> text of the bounds that the provider knows; of two spellings the shorter."""
    bounds: dict[Release, str] = {}
    for value in sorted(values):
        if match := _BOUND.fullmatch(value):
            bounds.setdefault((int(match[1]), int(match[2] or 0)), value)
    return bounds


def _read_intervals(values: Iterable[str]) -> dict[int, int]:
    """Return major -> the lowest minor version of the GPUs that run one of the architectures, ascending.

    The last digit is the minor version. What the provider never lists is left out: ``90a_real``, ``86_virtual``.
    """
    matches = [match for match in map(_SM.fullmatch, values) if match]
    listed = [match for match in matches if match[3] == "real" or match[2] == "0"]
    intervals: dict[int, int] = {}
    for major, minor in sorted((int(match[1]), int(match[2])) for match in listed):
        intervals.setdefault(major, minor)
    return intervals


def _require_gpu(intervals: Mapping[int, int], target: Target) -> str | None:
    if not intervals:
        return None
    if target.virtual_package(GPU_LIST):
        alternatives = "|".join(_match_list(*interval) for interval in intervals.items())
        return f'{GPU_LIST}[build="^({alternatives})$"]'
    alternatives = "|".join(f">={major}.{minor},<{major + 1}" for major, minor in intervals.items())
    return f'__cuda_arch[version="{alternatives}"]'


def _match_list(major: int, minor: int) -> str:
    """Match the lists of capabilities, in any order, whose highest has this major and at least this minor version."""
    others = f"({'|'.join(map(str, range(1, major + 1)))})[.][0-9]"
    return f"({others}[+])*{major}[.][{minor}-{_LAST_MINOR}]([+]{others})*"


def _name_intervals(intervals: Mapping[int, int]) -> str:
    """Write the intervals for people, neighbours as one.

    >>> _name_intervals({7: 5, 8: 0, 12: 0})
    '7.5 to 8.9 or 12.0 to 12.9'
    """
    runs: list[list[int]] = []
    for major, minor in intervals.items():
        if runs and runs[-1][-1] == major - 1 and minor == 0:
            runs[-1].append(major)
        else:
            runs.append([major])
    names = [f"{run[0]}.{intervals[run[0]]} to {run[-1]}.{_LAST_MINOR}" for run in runs]
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
