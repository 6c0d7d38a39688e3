"""CEP 27, verified by py-rattler; what it verifies is signed by a sigstore of our own."""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from rattler import PackageRecord, RepoDataRecord
from rattler.package import BuildString

from tests.sigstoremaker import NOW, PYPI_PUBLISH, Sigstore, conda_statement, github, gitlab, google, statement
from wheelbridge.installer.attestations import Claim, check_advertised, load_trusted_root, verify_packages
from wheelbridge.model.attestation import AttestationInvalidError, AttestationMissingError, Subject, TrustedRootError

FILE = "lib-1.0-0.conda"
DIGEST = sha256(b"the package").hexdigest()
LIB = github("Octo/Lib")


def claim(folder: Path, bundles: Sequence[Mapping[str, Any]] | None, digest: str | None = DIGEST) -> Claim:
    """Put a package's attestations beside where it would be; return what is to be verified."""
    record = RepoDataRecord(
        PackageRecord(
            "lib", "1.0", BuildString("0"), 0, "noarch", None, sha256=bytes.fromhex(digest) if digest else None
        ),
        FILE,
        f"{folder.as_uri()}/noarch/{FILE}",
        folder.as_uri(),
    )
    if bundles is not None:
        sidecar = json.dumps(bundles).encode()
        record.attestations_sha256 = sha256(sidecar).digest()
        path = folder / "noarch" / f"{FILE}.sigs.{sha256(sidecar).hexdigest()}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(sidecar)
    return Claim(record, Subject(project="lib", file=FILE, sha256=DIGEST, source="corp"))


def verify(item: Claim, root: Path) -> str:
    """Return the publisher."""
    publishers = asyncio.run(verify_packages([item], load_trusted_root(root, offline=True)))
    assert [*publishers] == [item.record.url]
    return publishers[item.record.url]


def refusal(item: Claim, root: Path) -> str:
    """Return why it does not verify."""
    with pytest.raises(AttestationInvalidError) as failed:
        verify(item, root)
    assert (failed.value.file, failed.value.source) == (FILE, "corp")
    return failed.value.reason


@pytest.mark.parametrize(
    ("signer", "publisher"),
    [
        (LIB, "github:octo/lib"),
        (gitlab("Group/Sub/Lib"), "gitlab:group/sub/lib"),
        (google("robot@host.example"), "google:robot@host.example"),
        (
            replace(google("me@host.example"), claims={"issuer": "https://login.example"}),
            "https://login.example:me@host.example",
        ),
    ],
    ids=["GitHub", "GitLab", "Google", "another one"],
)
def test_a_valid_attestation(
    tmp_path: Path, sigstore: Sigstore, trusted_root: Path, signer: Any, publisher: str
) -> None:
    """The publisher is read off the certificate, and named as policies name it."""
    bundle = sigstore.bundle(conda_statement(FILE, DIGEST, tmp_path.as_uri()), signer)

    assert verify(claim(tmp_path, [bundle]), trusted_root) == publisher


def test_one_of_several_is_enough(tmp_path: Path, sigstore: Sigstore, trusted_root: Path) -> None:
    """Attestations for other channels may lie beside that of this one."""
    bundles = [
        sigstore.bundle(conda_statement(FILE, DIGEST, channel), LIB)
        for channel in ("https://host.example/other", tmp_path.as_uri())
    ]

    assert verify(claim(tmp_path, bundles), trusted_root) == "github:octo/lib"


def test_a_statement_without_a_channel(tmp_path: Path, sigstore: Sigstore, trusted_root: Path) -> None:
    """CEP 27: "``predicate`` MAY be present"."""
    signed = {**conda_statement(FILE, DIGEST, ""), "predicate": None}

    assert verify(claim(tmp_path, [sigstore.bundle(signed, LIB)]), trusted_root) == "github:octo/lib"


@pytest.mark.parametrize(
    ("file", "digest", "channel", "reason"),
    [
        ("bil-1.0-0.conda", DIGEST, None, 'subject is "bil-1.0-0.conda"'),
        (FILE, "ab" * 32, None, "does not match any subject"),
        (FILE, DIGEST, "https://host.example/other", "targets channel https://host.example/other"),
    ],
    ids=["name", "digest", "channel"],
)
def test_an_attestation_of_something_else(  # noqa: PLR0917 - a column for each part of the statement
    tmp_path: Path,
    sigstore: Sigstore,
    trusted_root: Path,
    file: str,
    digest: str,
    channel: str | None,
    reason: str,
) -> None:
    """CEP 27: name, digest and channel must match."""
    bundle = sigstore.bundle(conda_statement(file, digest, channel or tmp_path.as_uri()), LIB)

    assert reason in refusal(claim(tmp_path, [bundle]), trusted_root)


def test_another_predicate(tmp_path: Path, sigstore: Sigstore, trusted_root: Path) -> None:
    """CEP 27: "``predicateType`` MUST be" conda's own; PyPI's says nothing of a channel."""
    bundle = sigstore.bundle(statement(FILE, DIGEST, PYPI_PUBLISH), LIB)

    assert "predicate" in refusal(claim(tmp_path, [bundle]), trusted_root)


def test_no_attestation_is_advertised(tmp_path: Path) -> None:
    """A record that names none is one without."""
    with pytest.raises(AttestationMissingError) as failed:
        check_advertised(claim(tmp_path, None))

    assert failed.value.file == FILE


def test_what_is_advertised_is_not_there(tmp_path: Path, sigstore: Sigstore, trusted_root: Path) -> None:
    """Nor is it if it was changed, since its hash is in its name, or if the list is empty."""
    bundle = sigstore.bundle(conda_statement(FILE, DIGEST, tmp_path.as_uri()), LIB)
    item = claim(tmp_path, [bundle])
    (sidecar,) = tmp_path.rglob("*.sigs.*")
    sidecar.write_bytes(sidecar.read_bytes() + b" ")

    changed = refusal(item, trusted_root)
    sidecar.unlink()

    assert "hash" in changed
    assert "failed to read" in refusal(item, trusted_root)
    assert "empty" in refusal(claim(tmp_path, []), trusted_root)


def test_a_tampered_statement(tmp_path: Path, sigstore: Sigstore, trusted_root: Path) -> None:
    """Under a true hash of the sidecar, too."""
    bundle = sigstore.bundle(conda_statement(FILE, DIGEST, "https://host.example/other"), LIB)
    wanted = json.dumps(conda_statement(FILE, DIGEST, tmp_path.as_uri())).encode()
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(wanted).decode()

    assert "verification failed" in refusal(claim(tmp_path, [bundle]), trusted_root)


def test_another_sigstore(tmp_path: Path, trusted_root: Path) -> None:
    """What strangers sign proves nothing."""
    bundle = Sigstore().bundle(conda_statement(FILE, DIGEST, tmp_path.as_uri()), LIB)

    assert "verification failed" in refusal(claim(tmp_path, [bundle]), trusted_root)


def test_a_certificate_that_did_not_hold(tmp_path: Path, sigstore: Sigstore, trusted_root: Path) -> None:
    """Ten minutes are its time."""
    late = replace(LIB, logged_at=NOW.replace(hour=4))
    bundle = sigstore.bundle(conda_statement(FILE, DIGEST, tmp_path.as_uri()), late)

    assert "verification failed" in refusal(claim(tmp_path, [bundle]), trusted_root)


def test_a_package_without_a_hash(tmp_path: Path, sigstore: Sigstore, trusted_root: Path) -> None:
    """Nothing ties an attestation to it."""
    bundle = sigstore.bundle(conda_statement(FILE, DIGEST, tmp_path.as_uri()), LIB)

    assert "no sha256" in refusal(claim(tmp_path, [bundle], digest=None), trusted_root)


def test_a_trusted_root_that_is_none(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "root.json").write_text("{", encoding="utf-8")

    with pytest.raises(TrustedRootError) as failed:
        load_trusted_root(tmp_path / "root.json", offline=True)

    assert failed.value.origin == str(tmp_path / "root.json")


def test_the_keys_that_come_with_rattler_do_not_know_ours(tmp_path: Path, sigstore: Sigstore) -> None:
    """Offline and with no file named, the public instance's keys are taken, not none."""
    bundle = sigstore.bundle(conda_statement(FILE, DIGEST, tmp_path.as_uri()), LIB)
    keys = load_trusted_root(None, offline=True)

    with pytest.raises(AttestationInvalidError):
        asyncio.run(verify_packages([claim(tmp_path, [bundle])], keys))
    assert load_trusted_root(None, offline=False) is None
