"""PEP 740, verified by pypi-attestations and sigstore; what they verify is signed by a sigstore of our own."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from tests.attestations.conftest import DIGEST, SUBJECT, WHEEL
from tests.sigstoremaker import (
    NOW,
    PYPI_PUBLISH,
    Signer,
    Sigstore,
    circleci,
    github,
    gitlab,
    google,
    provenance,
    statement,
)
from wheelbridge.index.client import open_index
from wheelbridge.index.provenance import ProvenanceVerifier
from wheelbridge.model.attestation import (
    AttestationInvalidError,
    AttestationMissingError,
    Subject,
    TrustedRootError,
)
from wheelbridge.model.name import NormalizedName

LIB = github("Octo/Lib")


def encode(document: object) -> bytes:
    """Write a document as an index sends it."""
    return json.dumps(document).encode()


def refusal(verifier: ProvenanceVerifier, document: object, subject: Subject = SUBJECT) -> str:
    """Return why a document does not verify."""
    with pytest.raises(AttestationInvalidError) as failed:
        verifier.verify(encode(document), subject)
    assert (failed.value.file, failed.value.project, failed.value.source) == (subject.file, "lib", "corp")
    return failed.value.reason


class TestValid:
    """PEP 740: the certificate "identifies an appropriate signing subject, such as … the Trusted Publisher"."""

    @pytest.mark.parametrize(
        ("signer", "publisher"),
        [
            (LIB, "github:octo/lib"),
            (gitlab("Group/Sub/Lib"), "gitlab:group/sub/lib"),
            (google("robot@host.example"), "google:robot@host.example"),
            (circleci("11-22", "33-44"), "circleci:11-22"),
        ],
        ids=["GitHub", "GitLab", "Google", "CircleCI"],
    )
    def test_each_kind_of_publisher(
        self, verifier: ProvenanceVerifier, sigstore: Sigstore, signer: Signer, publisher: str
    ) -> None:
        """The publisher is named as policies name it."""
        document = sigstore.provenance(WHEEL, DIGEST, signer)

        assert verifier.verify(encode(document), SUBJECT) == (publisher,)

    def test_several_publishers_with_several_attestations(
        self, verifier: ProvenanceVerifier, sigstore: Sigstore
    ) -> None:
        """PEP 740: the index may permit "attestations from third-party auditors"; all are verified, each told once."""
        slsa = sigstore.attestation(WHEEL, DIGEST, LIB, "https://slsa.dev/provenance/v1")
        auditor = google("auditor@host.example")
        document = provenance(
            (LIB, [sigstore.attestation(WHEEL, DIGEST, LIB), slsa]),
            (auditor, [sigstore.attestation(WHEEL, DIGEST, auditor)]),
            (LIB, [slsa]),
        )

        assert verifier.verify(encode(document), SUBJECT) == ("github:octo/lib", "google:auditor@host.example")

    @pytest.mark.parametrize(
        ("attested", "filename"),
        [
            ("Lib-1.0.0-py3.py2-none-any.whl", "lib-1-py2.py3-none-any.whl"),
            ("lib-1.0-py3-none-any-x86_64_v3.whl", "lib-1.0-py3-none-any-x86_64_v3.whl"),
        ],
        ids=["normalized", "variant"],
    )
    def test_equivalent_names(
        self, verifier: ProvenanceVerifier, sigstore: Sigstore, attested: str, filename: str
    ) -> None:
        """PEP 740: "as the statement's subject may be equivalent but normalized", names are compared as parsed."""
        document = sigstore.provenance(attested, DIGEST, LIB)

        assert verifier.verify(encode(document), replace(SUBJECT, file=filename)) == ("github:octo/lib",)


class TestNone:
    """Nothing proved is nothing proved."""

    @pytest.mark.parametrize(
        "document", [provenance(), provenance((LIB, []))], ids=["no bundle", "a bundle of nothing"]
    )
    def test_a_provenance_object_without_attestations(
        self, verifier: ProvenanceVerifier, document: dict[str, Any]
    ) -> None:
        """PEP 740 wants "one or more"; without, the file counts as not attested."""
        with pytest.raises(AttestationMissingError):
            verifier.verify(encode(document), SUBJECT)


class TestWrongStatement:
    """PEP 740: "a subject and digest that MUST match the distribution's filename and contents"."""

    @pytest.mark.parametrize(
        ("filename", "digest", "reason"),
        [
            (WHEEL, "ab" * 32, f"it is about a file with sha256 {'ab' * 32}, not {DIGEST}"),
            ("lib-2.0-py3-none-any.whl", DIGEST, "it is about 'lib-2.0-py3-none-any.whl'"),
            ("bil-1.0-py3-none-any.whl", DIGEST, "it is about 'bil-1.0-py3-none-any.whl'"),
            ("lib-1.0.tar.gz", DIGEST, "it is about 'lib-1.0.tar.gz'"),
        ],
        ids=["digest", "version", "project", "source distribution"],
    )
    def test_another_file(
        self, verifier: ProvenanceVerifier, sigstore: Sigstore, filename: str, digest: str, reason: str
    ) -> None:
        """A true attestation of another file proves nothing."""
        assert refusal(verifier, sigstore.provenance(filename, digest, LIB)) == reason

    def test_an_unknown_predicate(self, verifier: ProvenanceVerifier, sigstore: Sigstore) -> None:
        """PEP 740: two predicate types "are supported"; what another one says is not known."""
        attestation = sigstore.attestation(WHEEL, DIGEST, LIB, "https://host.example/deletion/v1")

        assert "https://host.example/deletion/v1" in refusal(verifier, provenance((LIB, [attestation])))

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"subject": statement(WHEEL, DIGEST, "")["subject"] * 2}, "it has several subjects"),
            ({"subject": []}, ""),  # sigstore's versions word it differently
            ({"subject": [{"name": WHEEL, "digest": {"sha512": "ab" * 64}}]}, "sha256 None"),
            ({"_type": "https://in-toto.io/Statement/v2"}, "malformed in-toto statement"),
        ],
        ids=["two subjects", "none", "no sha256", "another version"],
    )
    def test_a_malformed_statement(
        self, verifier: ProvenanceVerifier, sigstore: Sigstore, change: dict[str, Any], reason: str
    ) -> None:
        """PEP 740: "The in-toto ``subject`` MUST contain only a single subject", and more of the kind."""
        attestation = sign(sigstore, {**statement(WHEEL, DIGEST, PYPI_PUBLISH), **change})

        assert reason in refusal(verifier, provenance((LIB, [attestation])))


def sign(sigstore: Sigstore, signed: dict[str, Any]) -> dict[str, Any]:
    """Return an attestation object of any statement."""
    bundle = sigstore.bundle(signed, LIB)
    material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    }


class TestWrongPublisher:
    """The index says who published; the certificate must say the same."""

    @pytest.mark.parametrize(
        "stated",
        [
            github("octo/other").publisher,
            github("Octo/Lib", workflow="other.yml").publisher,
            gitlab("Octo/Lib").publisher,
            google("octo@host.example").publisher,
        ],
        ids=["repository", "workflow", "service", "kind"],
    )
    def test_another_one_is_stated(
        self, verifier: ProvenanceVerifier, sigstore: Sigstore, stated: dict[str, Any]
    ) -> None:
        """An index cannot lend a name to a signature."""
        attestation = sigstore.attestation(WHEEL, DIGEST, LIB)

        assert "Certificate's" in refusal(verifier, provenance((replace(LIB, publisher=stated), [attestation])))

    def test_a_certificate_without_claims(self, verifier: ProvenanceVerifier, sigstore: Sigstore) -> None:
        """A person's certificate is no workflow's."""
        person = replace(LIB, claims={"issuer": LIB.claims["issuer"]})

        assert "extension" in refusal(verifier, sigstore.provenance(WHEEL, DIGEST, person))

    def test_an_unknown_kind(self, verifier: ProvenanceVerifier, sigstore: Sigstore) -> None:
        """Whose certificates nobody can read is refused, not ignored."""
        unknown = replace(LIB, publisher={"kind": "Moon Base", "crater": "Tycho"})

        assert "Moon Base" in refusal(verifier, sigstore.provenance(WHEEL, DIGEST, unknown))

    def test_a_bad_attestation_beside_a_good_one(self, verifier: ProvenanceVerifier, sigstore: Sigstore) -> None:
        """Every attestation must verify."""
        good, bad = (sigstore.attestation(WHEEL, digest, LIB) for digest in (DIGEST, "ab" * 32))

        assert "ab" * 32 in refusal(verifier, provenance((LIB, [good, bad])))


class TestTime:
    """PEP 740: "the inclusion time for each entry lies within the signing certificate's validity period"."""

    @pytest.mark.parametrize("late", [timedelta(minutes=-2), timedelta(minutes=10)], ids=["before", "after"])
    def test_signed_when_the_certificate_did_not_hold(
        self, verifier: ProvenanceVerifier, sigstore: Sigstore, late: timedelta
    ) -> None:
        """A stolen key is of use for minutes."""
        signer = replace(LIB, logged_at=NOW + late)

        reason = refusal(
            verifier, sigstore.provenance(WHEEL, DIGEST, signer)
        )  # sigstore's versions word it differently
        assert "cert is not valid at validation time" in reason or "timestamp certificate chain" in reason

    def test_signed_when_the_authority_did_not_hold(self, verifier: ProvenanceVerifier, sigstore: Sigstore) -> None:
        """An expired authority vouches for nothing new."""
        signer = replace(LIB, signed_at=NOW + timedelta(days=3650))

        assert "chain" in refusal(verifier, sigstore.provenance(WHEEL, DIGEST, signer))


Change = Callable[[dict[str, Any]], object]


def other(text: str) -> str:
    """Return base64 text with one bit of its last byte changed."""
    data = base64.b64decode(text)
    return base64.b64encode(data[:-1] + bytes([data[-1] ^ 1])).decode()


def change_envelope(key: str) -> Change:
    """Return what changes the envelope."""
    return lambda attestation: attestation["envelope"].update({key: other(attestation["envelope"][key])})


def change_entry(*path: str, to: Callable[[Any], Any] = other) -> Change:
    """Return what changes the log entry at *path*."""

    def change(attestation: dict[str, Any]) -> None:
        place = attestation["verification_material"]["transparency_entries"][0]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to(place[path[-1]])

    return change


class TestTampered:
    """Whatever is changed after the signature is noticed."""

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            pytest.param(change_envelope("statement"), "DSSE: invalid signature", id="statement"),
            pytest.param(change_envelope("signature"), "DSSE: invalid signature", id="signature"),
            pytest.param(change_entry("canonicalizedBody"), "invalid root hash", id="body of the entry"),
            pytest.param(change_entry("inclusionProof", "rootHash"), "invalid root hash", id="root of the log"),
            pytest.param(change_entry("inclusionProof", "hashes", to=lambda _: []), "wrong size", id="no path"),
            pytest.param(
                change_entry("integratedTime", to=lambda time: str(int(time) + 1)), "inclusion promise", id="time"
            ),
            pytest.param(
                change_entry("inclusionProof", "checkpoint", "envelope", to=lambda note: note.replace("\n", "0\n", 1)),
                "checkpoint: invalid signature",
                id="checkpoint",
            ),
        ],
    )
    def test_a_changed_attestation(
        self, verifier: ProvenanceVerifier, sigstore: Sigstore, change: Change, reason: str
    ) -> None:
        """For the reason that fits."""
        attestation = sigstore.attestation(WHEEL, DIGEST, LIB)
        change(attestation)

        assert reason in refusal(verifier, provenance((LIB, [attestation])))

    def test_a_certificate_of_somebody_else(self, verifier: ProvenanceVerifier, sigstore: Sigstore) -> None:
        """A true certificate beside a true signature that it did not make."""
        attestation, another = (sigstore.attestation(WHEEL, DIGEST, LIB) for _ in range(2))
        attestation["verification_material"]["certificate"] = another["verification_material"]["certificate"]

        assert "DSSE: invalid signature" in refusal(verifier, provenance((LIB, [attestation])))

    def test_a_log_entry_of_something_else(self, verifier: ProvenanceVerifier, sigstore: Sigstore) -> None:
        """A true entry that is about another signature."""
        attestation, another = (sigstore.attestation(WHEEL, DIGEST, LIB) for _ in range(2))
        entries = another["verification_material"]["transparency_entries"]
        attestation["verification_material"]["transparency_entries"] = entries

        assert "log entry" in refusal(verifier, provenance((LIB, [attestation])))

    def test_no_log_entry(self, verifier: ProvenanceVerifier, sigstore: Sigstore) -> None:
        """What no log has seen is not transparent."""
        attestation = sigstore.attestation(WHEEL, DIGEST, LIB)
        attestation["verification_material"]["transparency_entries"] = []

        assert "transparency_entries" in refusal(verifier, provenance((LIB, [attestation])))

    @pytest.mark.parametrize(
        "document", [b"", b"<html>", b"[]", b'{"version": 2}', b"\xff", b"[" * 100_000], ids=range(6)
    )
    def test_no_provenance_object(self, verifier: ProvenanceVerifier, document: bytes) -> None:
        """A login page, another version, nonsense: an error of ours, in one short line."""
        with pytest.raises(AttestationInvalidError) as failed:
            verifier.verify(document, SUBJECT)

        assert len(failed.value.message) < 600
        assert "\n" not in failed.value.message


class TestTrustedRoot:
    """What is not signed under the trusted root is not signed."""

    def test_another_sigstore(self, verifier: ProvenanceVerifier) -> None:
        """Anybody can run one."""
        document = Sigstore().provenance(WHEEL, DIGEST, LIB)

        assert "chain" in refusal(verifier, document)

    def test_an_authority_with_other_logs(self, sigstore: Sigstore, tmp_path: Path) -> None:
        """What the one log never saw is no certificate, what the other one never saw no signature."""
        mine, others = json.loads(sigstore.trusted_root), json.loads(Sigstore().trusted_root)
        document = sigstore.provenance(WHEEL, DIGEST, LIB)
        reasons = []
        for part in ("ctlogs", "tlogs"):
            path = tmp_path / part
            path.write_text(json.dumps({**mine, part: others[part]}), encoding="utf-8")
            reasons.append(refusal(ProvenanceVerifier(path, source="corp"), document))

        assert "SCT" in reasons[0]
        assert "log entry" in reasons[1]

    @pytest.mark.parametrize("text", ["", "{}", '{"mediaType": "text/plain"}'])
    def test_a_file_that_is_none(self, tmp_path: Path, text: str) -> None:
        """The error names the file, and the variable that named it."""
        path = tmp_path / "root.json"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(TrustedRootError) as failed:
            ProvenanceVerifier(path, source="corp")

        assert failed.value.origin == str(path)
        assert "WHEELBRIDGE_TRUSTED_ROOT" in str(failed.value.hint)

    def test_the_public_instance_does_not_know_ours(
        self, sigstore: Sigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Offline, the keys of the public instance come with the library."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        verifier = ProvenanceVerifier(None, source="corp", offline=True)

        assert "chain" in refusal(verifier, sigstore.provenance(WHEEL, DIGEST, LIB))


@pytest.mark.network
def test_a_real_file(tmp_path: Path) -> None:
    """A wheel of the public index, attested in public, verifies with the public keys."""
    try:
        requests.head(PYPI_SIMPLE_ENDPOINT, timeout=5)
    except requests.RequestException as error:
        pytest.skip(f"the public index cannot be reached: {type(error).__name__}")
    index = open_index("pypi", "pypi", cache_dir=tmp_path, trusted_hosts=["*"])
    files = index.project_page(NormalizedName("sigstore")).files
    file = next((item for item in reversed(files) if item.provenance and item.filename.endswith(".whl")), None)
    if file is None or file.sha256 is None:
        pytest.skip("the index that answers in place of the public one names no provenance")
    try:
        verifier = ProvenanceVerifier(None, source="pypi")
    except TrustedRootError as error:
        pytest.skip(f"the public sigstore instance cannot be reached: {error.reason}")
    subject = Subject(project="sigstore", file=file.filename, sha256=file.sha256, source="pypi")

    assert verifier.verify(index.provenance(file) or b"", subject) == ("github:sigstore/sigstore-python",)
