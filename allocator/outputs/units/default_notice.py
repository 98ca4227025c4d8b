"""The template of the call-up notice that is used when the office brings none: a plain official letter on A4."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

from allocator.language.message import Message
from allocator.language.texts import Texts

_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_COLUMNS = (("number", 750), ("name", 1900), ("post", 2700), ("rank", 1900), ("headcount", 1300))
"""Columns of the list of people with their widths in twentieths of a point."""

_BODY, _TITLE, _CELL = 32, 44, 28  # sizes in half points: the third, second and fourth size of Chinese type
INDENT = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
_EDGES = "".join(f'<w:{side} w:w="80" w:type="dxa"/>' for side in ("left", "right"))
_LINES = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


def letter(texts: Texts, *, is_issued: bool = False) -> bytes:
    """The template as a Word file, in the reader's language; one that is issued bears version, number and date."""
    return word_file(texts, _call_up(texts, is_issued=is_issued))


def word_file(texts: Texts, body: Sequence[str]) -> bytes:
    """A Word file of these blocks on A4, in the fonts of an official letter; equal blocks give equal bytes."""
    parts = {
        "[Content_Types].xml": f"""{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/>\
<Override PartName="/word/document.xml" ContentType="{_TYPES}.document.main+xml"/>\
<Override PartName="/word/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>""",
        "_rels/.rels": f"""{_HEAD}<Relationships xmlns="{_RELATIONS}">\
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>""",
        "word/_rels/document.xml.rels": f"""{_HEAD}<Relationships xmlns="{_RELATIONS}">\
<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>""",
        "word/styles.xml": _styles(texts),
        "word/document.xml": _document(body),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _styles(texts: Texts) -> str:
    latin, chinese = texts("letter.font"), texts("letter.font-zh")
    fonts = f'<w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:eastAsia="{chinese}" w:cs="{latin}"/>'
    return f"""{_HEAD}<w:styles xmlns:w="{_NAMESPACE}"><w:docDefaults>\
<w:rPrDefault><w:rPr>{fonts}<w:sz w:val="{_BODY}"/><w:szCs w:val="{_BODY}"/><w:lang w:val="en-GB" w:eastAsia="zh-CN"/></w:rPr>\
</w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:before="0" w:after="0" w:line="520" w:lineRule="exact"/></w:pPr></w:pPrDefault>\
</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>"""


def heading(texts: Texts, title: str, *, is_issued: bool) -> list[str]:
    """The title, and above it version and number of a paper that is issued."""
    mark = paragraph(texts.said(Message("papers.letter-mark")), '<w:jc w:val="right"/>', f'<w:sz w:val="{_CELL}"/>')
    space = '<w:spacing w:after="240" w:line="720" w:lineRule="exact"/><w:jc w:val="center"/>'
    return [*([mark] if is_issued else []), paragraph(title, space, f'<w:b/><w:sz w:val="{_TITLE}"/>')]


def ending(texts: Texts, *, is_issued: bool) -> list[str]:
    """Seal and date; the date is left to be written by hand where the paper is not issued."""
    day = texts.said(Message("papers.letter-date")) if is_issued else texts("letter.date")
    lines = (texts("letter.from"), '<w:keepNext/><w:spacing w:before="480"/>'), (day, "")
    return [paragraph(text, f'{space}<w:jc w:val="right"/>') for text, space in lines]


def _call_up(texts: Texts, *, is_issued: bool) -> list[str]:
    people = [
        (texts(f"column.{'seats' if c == 'headcount' else c}"), texts(f"placeholder.{c}"), w) for c, w in _COLUMNS
    ]
    return [
        *heading(texts, texts("letter.title"), is_issued=is_issued),
        paragraph(texts("letter.to")),
        *(paragraph(texts(code), INDENT) for code in ("letter.body", "letter.when", "letter.where")),
        paragraph(texts("letter.who"), f'<w:keepNext/><w:spacing w:after="120"/>{INDENT}'),
        people_table(people),
        paragraph(texts("letter.ask"), f'<w:spacing w:before="240"/>{INDENT}'),
        *ending(texts, is_issued=is_issued),
    ]


def _document(body: Sequence[str]) -> str:
    page = """<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>\
<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588" w:header="851" w:footer="992" w:gutter="0"/></w:sectPr>"""
    return f'{_HEAD}<w:document xmlns:w="{_NAMESPACE}"><w:body>{"".join(body)}{page}</w:body></w:document>'


def paragraph(text: str, layout: str = "", look: str = "") -> str:
    """A paragraph with these properties as Word knows them."""
    properties = f"<w:pPr>{layout}</w:pPr>" if layout else ""
    style = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f'<w:p>{properties}<w:r>{style}<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def people_table(columns: Sequence[tuple[str, str, int]]) -> str:
    """The list of people: a row of titles that every page repeats, and the row that is repeated for each person.

    ``columns`` are title, placeholder and width of each.
    """
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for _, _, width in columns)
    titles = "".join(_cell(title, width, "<w:b/>") for title, _, width in columns)
    people = "".join(_cell("{{" + name + "}}", width) for _, name, width in columns)
    return f"""<w:tbl><w:tblPr><w:tblW w:w="{sum(width for _, _, width in columns)}" w:type="dxa"/><w:jc w:val="center"/>\
<w:tblBorders>{_LINES}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>{_EDGES}</w:tblCellMar></w:tblPr>\
<w:tblGrid>{grid}</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{titles}</w:tr>\
<w:tr><w:trPr><w:cantSplit/></w:trPr>{people}</w:tr></w:tbl>"""


def _cell(text: str, width: int, look: str = "") -> str:
    layout = '<w:spacing w:before="40" w:after="40" w:line="240" w:lineRule="auto"/><w:jc w:val="center"/>'
    inside = paragraph(text, layout, f'{look}<w:sz w:val="{_CELL}"/>')
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>{inside}</w:tc>'
