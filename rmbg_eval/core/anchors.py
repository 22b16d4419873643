"""The ids of a page's parts, which junit.xml, summary.md and other pages link to."""

from __future__ import annotations

from .files import safe_name


def case_anchor(category: str, case: str) -> str:
    """Of a case in the report.

    >>> case_anchor("pet", "rex")
    'case-pet-rex-0b9e840f'
    """
    return f"case-{safe_name(f'{category}/{case}')}"


def category_anchor(category: str) -> str:
    """Of a category in the report."""
    return f"category-{safe_name(category)}"


def pair_anchor(category: str, case: str, model: str) -> str:
    """Of a case × model in the comparison's page."""
    return f"pair-{safe_name(f'{category}/{case} · {model}')}"
