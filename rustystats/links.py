"""Link functions as people name them; the mathematics is in `_kernels/families.pyx`.

A link is an object with ``name()``, ``link(mu)``, ``inverse(eta)`` and ``derivative(mu)``. To add
one: a class of the kernel for its two loops, a class here for its name, an entry in `LINKS`.
"""

from rustystats._kernels import families as _kernels

__all__ = ["Identity", "Log", "Logit", "get_link"]


class Identity(_kernels.IdentityLink):
    """eta = mu.

    Examples
    --------
    >>> Identity().inverse(0.3)
    np.float64(0.3)
    """

    def name(self):
        """The string this link is asked for by."""
        return "identity"


class Log(_kernels.LogLink):
    """eta = log(mu): effects multiply, as relativities do.

    Examples
    --------
    >>> Log().inverse(0.0)
    np.float64(1.0)
    """

    def name(self):
        """The string this link is asked for by."""
        return "log"


class Logit(_kernels.LogitLink):
    """eta = log(mu / (1 - mu)).

    Examples
    --------
    >>> Logit().inverse(0.0)
    np.float64(0.5)
    """

    def name(self):
        """The string this link is asked for by."""
        return "logit"


LINKS = {link().name(): link for link in (Identity, Log, Logit)}


def get_link(link, family):
    """The link object for a name, an object, or None (the family's default).

    Raises
    ------
    ValueError
        If the name is unknown or the link cannot serve the family.
    """
    if link is None:
        return family.default_link()
    if isinstance(link, _kernels.Link) and hasattr(link, "name"):
        chosen = link
    elif isinstance(link, str) and link.lower() in LINKS:
        chosen = LINKS[link.lower()]()
    else:
        raise ValueError(f"Unknown link {link!r}: use one of {', '.join(LINKS)}")
    if chosen.name() not in family.link_names:
        raise ValueError(
            f"Unknown link {chosen.name()!r} for family {family.name()}: "
            f"use one of {', '.join(family.link_names)}"
        )
    return chosen
