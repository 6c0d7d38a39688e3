import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.model.redaction import redact, redact_argument, redact_text, redact_unreadable

SECRET = "s3cr3t"  # noqa: S105 - nobody's


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{SECRET}@host.example/simple",
        f"https://{SECRET}@host.example/simple",
        f"https://me:{SECRET}/more@host.example/simple",
        f"https://me:{SECRET}#more@host.example/simple",
        f"https://me:a@{SECRET}@host.example:8443/simple",
        f"https://host.example/t/{SECRET}/channel/noarch/repodata.json",
        f"https://host.example/conda/t/{SECRET}",
        f"https://me:{SECRET}@host.example/t/{SECRET}/channel",
        f"https://host.example/a.whl?token={SECRET}",
        f"https://host.example/a.whl?x=1&X-Amz-Signature={SECRET}&y=2",
        f"https://host.example/a.whl?sig={SECRET}&se=2026",
        f"https://host.example/a.whl#access_token={SECRET}",
        f"HTTPS://me:{SECRET}@[::1]:8443/simple",
        f"git+https://me:{SECRET}@host.example/repo@v1",
        f"htps://me:{SECRET}@[::1/simple",
    ],
)
@pytest.mark.parametrize("around", ["{}", "-i {}", "mine={}", "error ({}): 404", '"{}"', "<{}>", "a\n{}\nb"])
def test_texts(url: str, around: str) -> None:
    """Wherever the URL stands, the secret goes and the host stays."""
    text = redact_text(around.format(url))

    assert SECRET not in text
    assert "host.example" in text or "::1" in text
    assert SECRET not in redact(url)


@pytest.mark.parametrize(
    "text",
    [
        "https://host.example/simple",
        "https://host.example:8443/@scope/x?page=2#frag",
        "pypi:foo @ git+https://host.example/repo@v1#subdirectory=x",
        "http://127.0.0.1:8080/t/",
        "ssh://host.example:22/x@y",
        "no URL at all, basically 'a @ b'",
        "sha256=00ff",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """So that messages stay useful, and commands in a history can be run again."""
    assert redact_text(text) == text


FORMS = ["{}", "mine={}", "--index={}", "--index=mine={}", "-i{}", "-imine={}", "-c{}", "--channel={}", "{}::tool>=1"]


class TestArguments:
    """What a history keeps of a command: where an argument ends is known, whatever stands in it."""

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("sign", [*"'\"<> `!$&()*+,;={}|\\^\t", "@", "/", "#", "?", ":", "1/", "%27", "ß"])
    @pytest.mark.parametrize("scheme", ["http", "https", "HTTPS"])
    def test_logins(self, form: str, sign: str, scheme: str) -> None:
        """Every sign, in the user name as well as in the password."""
        url = f"{scheme}://{SECRET}{sign}{SECRET}:{sign}{SECRET}{sign}{SECRET}@host.example:8443/simple"

        assert redact_argument(form.format(url)) == form.format(f"{scheme}://host.example:8443/simple")

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("sign", ["", *"'\"<> `"])
    def test_tokens_and_queries(self, form: str, sign: str) -> None:
        """A token ends with its folder, a query with the argument."""
        token = form.format(f"https://host.example/t/{SECRET}{sign}{SECRET}/channel")
        query = form.format(f"https://host.example/c?page={SECRET}{sign}{SECRET}#{SECRET}")

        assert redact_argument(token) == form.format("https://host.example/t/***/channel")
        assert redact_argument(query).startswith(form.format("https://host.example/c?***").partition("::")[0])
        assert SECRET not in redact_argument(query)

    @pytest.mark.parametrize(
        "text", ["-y", "python>=3.12", "pypi:a[b]; sys_platform == 'linux'", "/srv/a@b", "file:///srv/a@b/c", "-i", ""]
    )
    def test_what_is_no_secret_stays(self, text: str) -> None:
        """So that the command can be run again."""
        assert redact_argument(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"https://me:123/{SECRET}@host.example/simple", "host.example/simple"),
        (f"https://me:{SECRET}@{SECRET}/@host.example/t/{SECRET}/c", "host.example/t/***/c"),
        (f"https://me:{SECRET}#1@host.example/c", "***"),
        (f"https://host.example/c?token=a@{SECRET}", "***"),
        (f"https://host.example/c?token={SECRET}", "https://host.example/c"),
        (f"me:{SECRET}@host.example/simple", "host.example/simple"),
        ("./wheels@home", "./wheels@home"),
    ],
)
def test_what_cannot_be_read(text: str, shown: str) -> None:
    """Nothing that may be part of a login or a query is shown."""
    assert redact_unreadable(text) == shown


def test_headers() -> None:
    """A header quoted by a library opens as much as a URL does."""
    assert redact_text("Authorization: Basic bWU6czNjcjN0, Bearer abc.def") == "Authorization: Basic ***, Bearer ***"


@given(
    st.text(
        st.characters(blacklist_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), blacklist_characters="\"'`<>/?#"), min_size=4
    )
)
def test_user_info_of_any_kind(password: str) -> None:
    """What the URL itself allows in a password, encoded or not."""
    assert redact_text(f"<https://me:0{password}@host.example/x>") == "<https://host.example/x>"
