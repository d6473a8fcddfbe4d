"""Every text of the windows, in Spanish and in English."""

from __future__ import annotations

from .english import ENGLISH
from .fields import Language, Texts
from .spanish import SPANISH

__all__ = ["Language", "Texts", "texts_in"]


def texts_in(language: Language) -> Texts:
    """The texts of a language.

    Raises:
        ValueError: ``language`` is neither ``"es"`` nor ``"en"``.
    """
    try:
        return {"es": SPANISH, "en": ENGLISH}[language]
    except KeyError:
        raise ValueError(f"language must be 'es' or 'en', not {language!r}") from None
