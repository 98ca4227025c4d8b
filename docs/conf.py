"""Settings of the documentation site; ``make docs`` builds it with Sphinx into ``out/docs``.

Nothing is fetched from a network, neither while building nor while reading: formulas become MathML, and the search
needs no server, so the site opens from disk.
"""

from __future__ import annotations

import gettext
import re
import tomllib
from pathlib import Path
from typing import Any

import sphinx
from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

ROOT = Path(__file__).parent.parent

project = "allocator"
release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
extensions = ["myst_parser"]
exclude_patterns = ["**/.*"]
language = "zh_CN"  # Words of the theme on shared pages; the English pages have theirs, see _speak_the_page_language.

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
smartquotes = False  # Quotation marks in the pages are meant as they stand.
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # An excerpt need not be a whole file.

html_theme = "furo"
html_title = "allocator 使用手册 · Handbook"
html_static_path = ["_static"]
html_css_files = ["site.css"]
FONTS = '"Segoe UI", "Helvetica Neue", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
html_theme_options = {"light_css_variables": {"font-stack": FONTS}}
html_search_language = "zh-en"
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_show_copyright = False
html_math_renderer = "mathml"


class SearchChineseAndEnglish(SearchLanguage):
    """Words in Latin letters as they stand, Chinese by single characters and pairs.

    Sphinx cuts Chinese with a dictionary when it builds and not at all when somebody searches, so that what is longer
    than one word of the dictionary is never found. Pairs need no dictionary and are cut alike on both sides.
    """

    lang = "zh-en"
    language_name = "Chinese and English"
    js_splitter_code = r"""
var splitQuery = (query) => query.toLowerCase().split(/[^\p{L}\p{N}_]+/u).flatMap((piece) =>
  (piece.match(/\p{Script=Han}+|[^\p{Script=Han}]+/gu) || []).flatMap((part) => {
    if (!/\p{Script=Han}/u.test(part) || part.length < 2) return [part];
    return Array.from({length: part.length - 1}, (_, i) => part.slice(i, i + 2));
  }));
"""

    def split(self, input: str) -> list[str]:
        """Words of a text for the index, in small letters."""
        words = []
        for part in re.findall(r"[\u4e00-\u9fff]+|[^\W\u4e00-\u9fff]+", input.lower()):
            chinese = part[0] >= "\u4e00"
            words += [*part, *(part[i : i + 2] for i in range(len(part) - 1))] if chinese else [part]
        return words


def _inline_formula(translator: Any, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _formula(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def _join_chinese_lines(_app: Sphinx, doctree: nodes.document) -> None:
    """Take out the breaks of source lines between Chinese characters, where a browser would show a blank."""
    for element in doctree.findall(nodes.TextElement):
        pieces = [one.astext() if isinstance(one, nodes.Text) else "" for one in element.children]
        around = zip(["", *pieces], pieces, [*pieces[1:], ""], strict=False)
        breaks = [
            at
            for at, (before, piece, after) in enumerate(around)
            if piece == "\n" and before[-1:] >= "\u3000" and after[:1] >= "\u3000"
        ]
        for at in reversed(breaks):
            del element[at]


def _speak_the_page_language(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Let the theme's own words (search, next, on this page) follow the language of the page."""
    chinese = pagename.startswith("zh/") or pagename in ("index", "search")
    folder = Path(sphinx.__file__).parent / "locale"
    words = gettext.translation("sphinx", folder, ["zh_CN"]) if chinese else gettext.NullTranslations()
    app.builder.templates.environment.install_gettext_translations(words)  # type: ignore[attr-defined]
    context["_"] = words.gettext
    context["language"] = "zh-CN" if chinese else "en"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this site adds to Sphinx."""
    app.add_search_language(SearchChineseAndEnglish)
    app.add_html_math_renderer("mathml", (_inline_formula, None), (_formula, None))
    app.connect("doctree-read", _join_chinese_lines)
    app.connect("html-page-context", _speak_the_page_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
