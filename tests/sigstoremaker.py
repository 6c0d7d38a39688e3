"""A little sigstore: a certificate authority, a certificate log and a signature log of our own.

What it signs is real: real certificates with Fulcio's extensions and signed certificate timestamps (RFC 6962), real
log entries with inclusion proofs, signed checkpoints and promises. `sigstore`, `pypi-attestations` and py-rattler
verify all of it against `Sigstore.trusted_root`, as they verify the public one's::

    sigstore = Sigstore()
    provenance = sigstore.provenance(wheel.name, sha256, github("octo/lib"))
"""

import base64
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pypi_attestations import AttestationType

from tests.certificatemaker import Authority, der

PYPI_PUBLISH = str(AttestationType.PYPI_PUBLISH_V1.value)
CONDA_PUBLISH = "https://schemas.conda.org/attestations-publish-1.schema.json"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""When everything is signed, unless a signer says otherwise."""

_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_SHA256, _ECDSA = 4, 3


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: what stands in the certificate, and what an index says of the publisher.

    Attributes:
        identity: the subject's alternative name: a URL, or an e-mail address.
        claims: what Fulcio puts into extensions, ``issuer`` among them.
        publisher: the publisher object of PEP 740.
        signed_at: when the certificate is issued; it holds for ten minutes.
        logged_at: when the log entered the signature; None: at the same time.
    """

    identity: str
    claims: Mapping[str, str]
    publisher: Mapping[str, Any] = field(default_factory=dict)
    signed_at: datetime = NOW
    logged_at: datetime | None = None


def github(repository: str, workflow: str = "release.yml", ref: str = "refs/tags/v1") -> Signer:
    """Return a workflow of GitHub's."""
    url = f"https://github.com/{repository}"
    signer = f"{url}/.github/workflows/{workflow}@{ref}"
    claims = {
        "issuer": "https://token.actions.githubusercontent.com",
        "build-signer-uri": signer,
        "source-repository-uri": url,
        "source-repository-digest": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "source-repository-ref": ref,
        "build-config-uri": signer,
    }
    return Signer(signer, claims, {"kind": "GitHub", "repository": repository, "workflow": workflow})


def gitlab(project: str, workflow: str = ".gitlab-ci.yml", ref: str = "refs/tags/v1") -> Signer:
    """Return a pipeline of GitLab's."""
    url = f"https://gitlab.com/{project}"
    signer = f"{url}//{workflow}@{ref}"
    claims = {**github(project, ref=ref).claims, "issuer": "https://gitlab.com", "source-repository-uri": url}
    claims |= {"build-signer-uri": signer, "build-config-uri": signer}
    return Signer(signer, claims, {"kind": "GitLab", "repository": project, "workflow_filepath": workflow})


def google(email: str) -> Signer:
    """Return a service account of Google's."""
    return Signer(email, {"issuer": "https://accounts.google.com"}, {"kind": "Google", "email": email})


def circleci(project: str, pipeline: str) -> Signer:
    """Return a pipeline of CircleCI's."""
    url = f"https://circleci.com/api/v2/projects/{project}/pipeline-definitions/{pipeline}"
    publisher = {"kind": "CircleCI", "project_id": project, "pipeline_definition_id": pipeline}
    return Signer(url, {"issuer": "https://oidc.circleci.com", "build-signer-uri": url}, publisher)


@dataclass(frozen=True, slots=True)
class _Log:
    """A log's key; *id* is the hash of the public one."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def spki(self) -> bytes:
        return _spki(self.key)

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.spki).digest()

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def trusted(self, url: str) -> dict[str, Any]:
        """Return the log as a trusted root names it."""
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": _b64(self.spki),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": "2025-01-01T00:00:00Z"},
            },
            "logId": {"keyId": _b64(self.id)},
        }


class Sigstore:
    """One instance: two of them trust each other's signatures no more than strangers'."""

    def __init__(self) -> None:
        self._authority = Authority()
        self._certificates = _Log()
        self._signatures = _Log()
        self._leaves = [b"an older entry", b"another one", b"a third one"]

    @property
    def trusted_root(self) -> str:
        """The ``trusted_root.json`` that verifies what this instance signs."""
        chain = [{"rawBytes": _b64(certificate.public_bytes(Encoding.DER))} for certificate in self._authority.chain]
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self._signatures.trusted("https://rekor.example")],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "little.example", "commonName": "little"},
                    "uri": "https://fulcio.example",
                    "certChain": {"certificates": chain},
                    "validFor": {"start": "2025-01-01T00:00:00Z"},
                }
            ],
            "ctlogs": [self._certificates.trusted("https://ctfe.example")],
            "timestampAuthorities": [],
        }
        return json.dumps(root)

    def bundle(self, statement: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
        """Sign *statement*; return the bundle that sigstore's clients exchange."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certify(key, signer)
        payload = json.dumps(statement).encode()
        signature = key.sign(_pre_authentication(payload), ec.ECDSA(hashes.SHA256()))
        envelope = {
            "payload": _b64(payload),
            "payloadType": _PAYLOAD_TYPE,
            "signatures": [{"sig": _b64(signature)}],
        }
        body = _entry_body(envelope, payload, signature, certificate)
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _b64(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [self._enter(body, signer.logged_at or signer.signed_at)],
                "timestampVerificationData": {"rfc3161Timestamps": []},
            },
            "dsseEnvelope": envelope,
        }

    def attestation(
        self, filename: str, sha256: str, signer: Signer, predicate_type: str = PYPI_PUBLISH
    ) -> dict[str, Any]:
        """Attest a distribution; return the attestation object of PEP 740."""
        bundle = self.bundle(statement(filename, sha256, predicate_type), signer)
        material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
        return {
            "version": 1,
            "verification_material": {
                "certificate": material["certificate"]["rawBytes"],
                "transparency_entries": material["tlogEntries"],
            },
            "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
        }

    def provenance(self, filename: str, sha256: str, *signers: Signer) -> dict[str, Any]:
        """Attest a distribution by each of *signers*; return the provenance object of PEP 740."""
        return provenance(*((signer, [self.attestation(filename, sha256, signer)]) for signer in signers))

    def _certify(self, key: ec.EllipticCurvePrivateKey, signer: Signer) -> x509.Certificate:
        """Return a certificate for ten minutes, with the timestamp of the certificate log in it (RFC 6962)."""
        builder = self._authority.describe(key.public_key(), signer.identity, signer.claims, signer.signed_at)
        draft = self._authority.sign(builder)
        stamp = int(signer.signed_at.timestamp() * 1000)
        issuer = hashlib.sha256(_spki(self._authority.key)).digest()
        body = draft.tbs_certificate_bytes
        entry = issuer + len(body).to_bytes(3, "big") + body
        signature = self._certificates.sign(struct.pack("!BBQH", 0, 0, stamp, 1) + entry + struct.pack("!H", 0))
        timestamp = (
            struct.pack("!B32sQHBBH", 0, self._certificates.id, stamp, 0, _SHA256, _ECDSA, len(signature)) + signature
        )
        listed = struct.pack("!HH", len(timestamp) + 2, len(timestamp)) + timestamp
        extension = x509.UnrecognizedExtension(_SCT_LIST, der(0x04, listed))
        return self._authority.sign(builder.add_extension(extension, critical=False))

    def _enter(self, body: bytes, time: datetime) -> dict[str, Any]:
        """Enter *body* into the signature log; return the entry with its proof, a checkpoint and a promise."""
        self._leaves.append(body)
        index, size = len(self._leaves) - 1, len(self._leaves)
        root, path = _prove(self._leaves, index)
        note = f"rekor.example - 1\n{size}\n{_b64(root)}\n"
        signature = _b64(self._signatures.id[:4] + self._signatures.sign(note.encode()))
        seconds = int(time.timestamp())
        promised = {
            "body": _b64(body),
            "integratedTime": seconds,
            "logID": self._signatures.id.hex(),
            "logIndex": index,
        }
        return {
            "logIndex": str(index),
            "logId": {"keyId": _b64(self._signatures.id)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": _b64(self._signatures.sign(_canonical(promised)))},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": _b64(root),
                "treeSize": str(size),
                "hashes": [_b64(node) for node in path],
                "checkpoint": {"envelope": f"{note}\n\u2014 rekor.example {signature}\n"},
            },
            "canonicalizedBody": _b64(body),
        }


def statement(
    filename: str, sha256: str, predicate_type: str, predicate: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the in-toto statement that a file has a name and a digest."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": filename, "digest": {"sha256": sha256}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def conda_statement(filename: str, sha256: str, channel: str) -> dict[str, Any]:
    """Return the statement of CEP 27 that a package was published to *channel*."""
    return statement(filename, sha256, CONDA_PUBLISH, {"targetChannel": channel})


def provenance(*bundles: tuple[Signer, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return a provenance object of PEP 740: publishers, each with attestations."""
    return {
        "version": 1,
        "attestation_bundles": [
            {"publisher": dict(signer.publisher), "attestations": list(attestations)}
            for signer, attestations in bundles
        ],
    }


def _entry_body(envelope: Mapping[str, Any], payload: bytes, signature: bytes, certificate: x509.Certificate) -> bytes:
    """Return the body of a ``dsse`` entry, version 0.0.1, of the signature log."""
    spec = {
        "envelopeHash": _digest(_canonical(envelope)),
        "payloadHash": _digest(payload),
        "signatures": [{"signature": _b64(signature), "verifier": _b64(certificate.public_bytes(Encoding.PEM))}],
    }
    return _canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})


def _digest(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _pre_authentication(payload: bytes) -> bytes:
    """Encode what is signed of an envelope (DSSE protocol, version 1)."""
    head = f"DSSEv1 {len(_PAYLOAD_TYPE)} {_PAYLOAD_TYPE} {len(payload)} "
    return head.encode() + payload


def _prove(leaves: Sequence[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """Return the root of the Merkle tree of *leaves*, and the path from one of them to it (RFC 6962, 2.1)."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest(), []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        left, path = _prove(leaves[:half], index)
        right, _ = _prove(leaves[half:], 0)
        path = [*path, right]
    else:
        left, _ = _prove(leaves[:half], 0)
        right, path = _prove(leaves[half:], index - half)
        path = [*path, left]
    return hashlib.sha256(b"\1" + left + right).digest(), path


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
