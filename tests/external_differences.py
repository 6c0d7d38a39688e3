"""How our answers for external dependencies differ from those of pyproject-external 0.1.17, each with its reason."""

from collections.abc import Mapping

from wheelbridge.mapping.external.rows import CATEGORIES

UNMAPPED = ("(unmapped)",)

NOT_LINKED = "A library is linked with, not run on the machine that builds; their mapping lists it there as well."
ALIASES = (
    "They compare ids as written, after lowering only one side, and read a `provides` that is a text letter by letter."
)
MISSING = "Their mapping has nothing, although conda-forge has packages."
NONE = "conda-forge has no such package; they answer with an empty list, which looks as if nothing were needed."
JPEG = "conda-forge builds with libjpeg-turbo."
BLAS = (
    "The netlib pin is a trick of recipes; what is installed are libblas and libcblas, with headers where linked. A "
    "library is not run on the machine that builds."
)
OPENBLAS = "A pin of libblas by its build is for recipes; OpenBLAS itself has packages in its own versions."
NETLIB = "The package called lapack takes any implementation; the reference one is netlib's builds."
COMPILER_TO_LINK = "A compiler runs on the machine that builds, or later; nothing is linked with it."
SPLIT = "The package is split: headers or tools to build with, the library to run with."
REPACK = "They cross to the next alternative where a category is empty: a repack of msys2, for Windows."

DIFFERENT_PACKAGES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    NOT_LINKED: {
        "dep:generic/arrow build": ("libarrow-all", ""),
        "dep:generic/freetype build": ("freetype", ""),
        "dep:generic/gmp build": ("gmp", ""),
        "dep:generic/lcms2 build": ("lcms2", ""),
        "dep:generic/libffi build": ("libffi", ""),
        "dep:generic/libimagequant build": ("libimagequant", ""),
        "dep:generic/libsodium build": ("libsodium", ""),
        "dep:generic/libtiff build": ("libtiff", ""),
        "dep:generic/libxcb build": ("libxcb", ""),
        "dep:generic/libyaml build": ("yaml", ""),
        "dep:generic/openjpeg build": ("openjpeg", ""),
        "dep:generic/zlib build": ("zlib", ""),
        "dep:github/apache/arrow build": ("libarrow-all", ""),
    },
    ALIASES: {
        "dep:generic/cmake?repository_url=https://gitlab.kitware.com/cmake/cmake build": ("", "cmake"),
        "dep:generic/cmake?repository_url=https://gitlab.kitware.com/cmake/cmake host": ("", "cmake"),
        "dep:generic/cmake?repository_url=https://gitlab.kitware.com/cmake/cmake run": ("", "cmake"),
        "dep:github/Kitware/CMake build": ("", "cmake"),
        "dep:github/Kitware/CMake host": ("", "cmake"),
        "dep:github/Kitware/CMake run": ("", "cmake"),
        "dep:github/llvm/llvm-project build": ("", "llvm-tools"),
        "dep:github/llvm/llvm-project host": ("", "llvmdev"),
        "dep:github/llvm/llvm-project run": ("", "llvm"),
    },
    MISSING: {
        "dep:generic/libraqm host": ("", "libraqm"),
        "dep:generic/libraqm run": ("", "libraqm"),
        "dep:generic/llvm build": ("", "llvm-tools"),
        "dep:virtual/compiler/c-sharp build": ("", "dotnet-sdk"),
        "dep:virtual/compiler/c-sharp run": ("", "dotnet-sdk"),
        "dep:virtual/compiler/cuda build": ("", "cuda-compiler"),
        "dep:virtual/compiler/cuda run": ("", "cuda-compiler"),
        "dep:virtual/compiler/go build": ("", "go-cgo"),
        "dep:virtual/compiler/go run": ("", "go-cgo"),
        "dep:virtual/compiler/javascript build": ("", "nodejs"),
        "dep:virtual/compiler/javascript run": ("", "nodejs"),
        "dep:virtual/compiler/ocaml build": ("", "ocaml"),
        "dep:virtual/compiler/ocaml run": ("", "ocaml"),
        "dep:virtual/compiler/typescript build": ("", "typescript"),
        "dep:virtual/compiler/typescript run": ("", "typescript"),
        "dep:virtual/compiler/zig build": ("", "zig"),
        "dep:virtual/compiler/zig run": ("", "zig"),
        "dep:virtual/interface/mpi build": ("", "mpich"),
        "dep:virtual/interface/mpi host": ("", "mpich"),
        "dep:virtual/interface/mpi run": ("", "mpich"),
        "dep:virtual/interface/openmp host": ("", "libgomp"),
        "dep:virtual/interface/openmp run": ("", "_openmp_mutex"),
    },
    NONE: {
        f"dep:virtual/compiler/{language} {category}": ("", UNMAPPED[0])
        for language in ("obj-c", "obj-cxx", "swift")
        for category in CATEGORIES
    },
    JPEG: {
        "dep:generic/libjpeg build": ("jpeg", ""),
        "dep:generic/libjpeg host": ("jpeg", "libjpeg-turbo"),
        "dep:generic/libjpeg run": ("jpeg", "libjpeg-turbo"),
    },
    BLAS: {
        "dep:virtual/interface/blas build": ("libblas * *_netlib", ""),
        "dep:virtual/interface/blas host": ("libblas * *_netlib", "libblas; libcblas; blas-devel"),
        "dep:virtual/interface/blas run": ("libblas", "libblas; libcblas"),
        "dep:virtual/interface/lapack build": ("liblapack; liblapacke", ""),
        "dep:virtual/interface/lapack host": ("liblapack; liblapacke", "liblapack; liblapacke; blas-devel"),
    },
    OPENBLAS: {
        "dep:generic/openblas build": ("libblas * *_openblas", ""),
        "dep:generic/openblas host": ("libblas * *_openblas", "openblas"),
        "dep:generic/openblas run": ("libblas * *_openblas", "libopenblas"),
        "dep:github/OpenMathLib/OpenBLAS build": ("libblas * *_openblas", ""),
        "dep:github/OpenMathLib/OpenBLAS host": ("libblas * *_openblas", "openblas"),
        "dep:github/OpenMathLib/OpenBLAS run": ("libblas * *_openblas", "libopenblas"),
    },
    NETLIB: {
        "dep:github/Reference-LAPACK/lapack build": ("lapack", ""),
        "dep:github/Reference-LAPACK/lapack host": ("lapack", "blas-devel * *_netlib"),
        "dep:github/Reference-LAPACK/lapack run": (
            "lapack",
            "libblas * *_netlib; libcblas * *_netlib; liblapack * *_netlib",
        ),
    },
    COMPILER_TO_LINK: {
        "dep:virtual/compiler/c host": ("c-compiler", ""),
        "dep:virtual/compiler/cxx host": ("cxx-compiler", ""),
        "dep:virtual/compiler/fortran host": ("fortran-compiler", ""),
        "dep:virtual/compiler/rust host": ("rust", ""),
    },
    SPLIT: {
        "dep:generic/clang run": ("clangdev", "clang; clangxx"),
        "dep:generic/libwebp run": ("libwebp", "libwebp-base"),
        "dep:generic/libxml2 host": ("libxml2; libxml2-devel", "libxml2-devel"),
        "dep:generic/llvm host": ("llvm; llvmdev", "llvmdev"),
        "dep:generic/llvm run": ("llvmdev", "llvm"),
        "dep:generic/zlib run": ("zlib", "libzlib"),
    },
    REPACK: {"dep:generic/libxml2 build": ("m2-libxml2", "libxml2")},
}
"""Reason -> id and category -> their packages and ours, where no version is asked for."""

FORMS = {
    "": (None, None),
    "@2.0": ("==2.0", "==2.0"),
    "@>=2.0": (">=2.0", ">=2.0"),
    "@>=2.0,<3.0": (">=2.0,<3.0", ">=2.0,<3dev0"),
    "@==2.0": ("2.0.*", "==2.0"),
    "@<3": ("<3", "<3dev0"),
}
"""What is behind an id -> their version spec and ours.

``==2.0`` becomes ``=2.0`` with them, which is fuzzy, although PEP 725 lets ``2.0`` and ``==2.0`` mean the same.
PEP 440: "The exclusive ordered comparison <V MUST NOT allow a pre-release of the specified version", hence ours.
"""

NO_BOUND = frozenset(
    {f"dep:virtual/compiler/{name}" for name in ("c", "cxx", "fortran", "c-sharp", "javascript")}
    | {"dep:virtual/interface/mpi", "dep:virtual/interface/openmp"}
    | {"dep:generic/libjpeg"}
)
"""Ids whose versions are not those of the packages: a bound is left out, and said to be."""

BEHIND_QUALIFIERS = "dep:generic/cmake?repository_url=https://gitlab.kitware.com/cmake/cmake@"
"""Not well-formed: a version stands before the qualifiers. It is a part of the qualifier, or an error; no version."""

GRAMMAR = "They cannot read what earlier drafts wrote; we can, refuse it, and say what to write."
MISSPELLED = "Example of the PEP for what is invalid; both refuse it."
EXTENSIONS = "The registry does not know the id; our tables do, as an extension."
WORDS = "PEP 725's own word for C++ is not the registry's; we know what is meant."
PARSED = {
    (GRAMMAR, "parse_error", "outdated"): 111,
    (MISSPELLED, "parse_error", "invalid"): 1,
    ("", "read", "read"): 121,
}
"""Reason, their outcome and ours -> how many tables."""

FAILING = {
    WORDS: frozenset({"dep:virtual/compiler/cpp"}),
    EXTENSIONS: frozenset(
        {
            "dep:generic/bliss",
            "dep:generic/boost",
            "dep:generic/cddlib",
            "dep:generic/cliquer",
            "dep:generic/ecl",
            "dep:generic/eclib",
            "dep:generic/ecm",
            "dep:generic/flint",
            "dep:generic/git",
            "dep:generic/givaro",
            "dep:generic/glpk",
            "dep:generic/gsl",
            "dep:generic/highs",
            "dep:generic/iml",
            "dep:generic/libgd",
            "dep:generic/mpc",
            "dep:generic/nauty",
        }
    ),
    "": frozenset(
        {
            "dep:cargo/ripgrep",
            "dep:generic/XCB",
            "dep:generic/benzene",
            "dep:generic/brial",
            "dep:generic/buckygen",
            "dep:generic/coxeter3",
            "dep:generic/fricas",
            "dep:generic/frobby",
            "dep:generic/gap",
            "dep:generic/gfan",
            "dep:generic/giac",
            "dep:generic/glucose",
            "dep:generic/kenzo",
            "dep:generic/kissat",
            "dep:generic/latte_int",
            "dep:generic/lcalc",
            "dep:generic/libbraiding",
            "dep:generic/libhomfly",
            "dep:generic/lrslib",
            "dep:generic/macaulay2",
            "dep:generic/mcqd",
            "dep:generic/meataxe",
            "dep:generic/msolve",
            "dep:generic/palp",
            "dep:generic/plantri",
            "dep:generic/polymake",
            "dep:generic/qepcad",
            "dep:generic/rubiks",
            "dep:generic/rw",
            "dep:generic/sagemath-elliptic-curves",
            "dep:generic/sirocco",
            "dep:generic/sympow",
            "dep:generic/tachyon",
            "dep:generic/tdlib",
            "dep:generic/topcom",
            "dep:github/abiword/enchant",
        }
    ),
}
"""Reason -> the ids that their answer for a list stops at; without a reason: we have no package either."""

HEADERS = {(True, True): 98, (False, True): 1, (False, False): 4}
"""Whether theirs has python, and ours -> how many tables.

They look for the very words ``compiler/c`` and ``compiler/cxx``: what needs Rust alone gets no headers, and they are
with what runs on the machine that builds, where ours are with what is linked.
"""
