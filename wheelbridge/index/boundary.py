"""What one index may lead to, as its client asks it before every request."""

from dataclasses import dataclass

from wheelbridge.model.boundaries import check_url


@dataclass(frozen=True, slots=True)
class Boundary:
    """The place of an index, and the hosts beside it that its files and redirects may lead to.

    Attributes:
        source: what the user calls the index.
        home: its URL, without credentials.
        trusted_hosts: see `wheelbridge.model.boundaries.find_breach`.
    """

    source: str
    home: str
    trusted_hosts: tuple[str, ...] = ()

    def check(self, url: str, redirected_from: str | None = None) -> None:
        """Refuse to go to *url*, which a user, a page or a redirect gave.

        Raises:
            BreachError: ``insecure-url``, ``foreign-host`` or ``foreign-scheme``.
        """
        check_url(url, self.home, self.trusted_hosts, source=self.source, redirected_from=redirected_from)
