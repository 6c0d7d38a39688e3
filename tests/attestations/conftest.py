from hashlib import sha256
from pathlib import Path

import pytest

from tests.sigstoremaker import Sigstore
from wheelbridge.index.provenance import ProvenanceVerifier
from wheelbridge.model.attestation import Subject

WHEEL = "lib-1.0-py3-none-any.whl"
DIGEST = sha256(b"the wheel").hexdigest()
SUBJECT = Subject(project="lib", file=WHEEL, sha256=DIGEST, source="corp")


@pytest.fixture(scope="session")
def sigstore() -> Sigstore:
    """A sigstore of our own: its authority, its two logs."""
    return Sigstore()


@pytest.fixture(scope="session")
def trusted_root(sigstore: Sigstore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that verifies what this sigstore signs."""
    path = tmp_path_factory.mktemp("sigstore") / "trusted_root.json"
    path.write_text(sigstore.trusted_root, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def verifier(trusted_root: Path) -> ProvenanceVerifier:
    """The verifier of wheels, the real libraries behind it."""
    return ProvenanceVerifier(trusted_root, source="corp")
