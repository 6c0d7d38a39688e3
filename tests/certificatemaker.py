"""The certificates of a little sigstore, as Fulcio makes them; see `tests.sigstoremaker`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_FULCIO = "1.3.6.1.4.1.57264.1."
_CLAIMS = {
    "issuer": 8,
    "build-signer-uri": 9,
    "source-repository-uri": 12,
    "source-repository-digest": 13,
    "source-repository-ref": 14,
    "build-config-uri": 18,
}
"""Claim -> the last part of its object identifier, see Fulcio's list of them."""


class Authority:
    """A root and the intermediate that signs leaves."""

    def __init__(self) -> None:
        root = ec.generate_private_key(ec.SECP384R1())
        self.key = ec.generate_private_key(ec.SECP384R1())
        self._name = _name("little-intermediate")
        top = _name("little-root")
        anchor = _ca(top, top, root, root, 1)
        self.chain = (_ca(self._name, top, self.key, root, 0), anchor)

    def describe(
        self, key: ec.EllipticCurvePublicKey, identity: str, claims: Mapping[str, str], begin: datetime
    ) -> x509.CertificateBuilder:
        """Describe the certificate of *identity* for the ten minutes around *begin*; *claims* are of `_CLAIMS`."""
        general = x509.RFC822Name if "://" not in identity else x509.UniformResourceIdentifier
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        builder = (
            _builder(x509.Name([]), self._name, key, begin - timedelta(minutes=1))
            .not_valid_after(begin + timedelta(minutes=9))
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([general(identity)]), critical=True)
            .add_extension(_claim(1, claims["issuer"].encode()), critical=False)
        )
        for name, value in claims.items():
            builder = builder.add_extension(_claim(_CLAIMS[name], der(0x0C, value.encode())), critical=False)
        return builder

    def sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Issue what *builder* describes."""
        return builder.sign(self.key, hashes.SHA384())


def _ca(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    depth: int,
) -> x509.Certificate:
    builder = (
        _builder(subject, issuer, key.public_key(), datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2035, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not depth:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(issuer_key, hashes.SHA384())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begin)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "little.example"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ]
    )


def _claim(number: int, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{_FULCIO}{number}"), value)


def der(tag: int, value: bytes) -> bytes:
    """Encode *value* under *tag*."""
    if len(value) < 0x80:
        return bytes((tag, len(value))) + value
    length = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + value
