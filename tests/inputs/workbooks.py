"""A workbook part by part as Excel writes it: shared texts with runs and phonetics, styles, a theme, dates as numbers."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'

STYLES = f"""{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="等线"/><family val="2"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="常规" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""


def excel_workbook(tables: Mapping[str, list[dict[str, Any]]]) -> bytes:
    """The tables as the sheets of one workbook; texts are shared, numbers are numbers, dates are formatted numbers."""
    texts: dict[str, int] = {}
    parts = {f"xl/worksheets/sheet{i}.xml": _sheet(rows, texts) for i, rows in enumerate(tables.values(), start=1)}
    sheets = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="rId{i}"/>' for i, n in enumerate(tables, start=1))
    last = len(tables)
    relations = [(f"worksheets/sheet{i}.xml", "worksheet") for i in range(1, last + 1)]
    relations += [("theme/theme1.xml", "theme"), ("styles.xml", "styles"), ("sharedStrings.xml", "sharedStrings")]
    parts |= {
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr/><bookViews><workbookView/></bookViews>'
        f'<sheets>{sheets}</sheets><calcPr calcId="191029"/></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(relations, ""),
        "_rels/.rels": _relations([("xl/workbook.xml", "officeDocument")], ""),
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": _shared(texts),
        "xl/theme/theme1.xml": f'{HEAD}<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Office"/>',
        "[Content_Types].xml": _types(last),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def rewritten(
    content: bytes, edits: Mapping[str, Callable[[bytes], bytes]], added: Mapping[str, bytes] | None = None
) -> bytes:
    """The archive with some parts changed and some added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, edits[name](text) if name in edits else text)
        for name, text in (added or {}).items():
            new.writestr(name, text)
    return out.getvalue()


def _sheet(rows: list[dict[str, Any]], texts: dict[str, int]) -> str:
    lines = []
    for number, row in enumerate([dict(zip(rows[0], rows[0], strict=True)), *rows], start=1):
        cells = [_cell(f"{get_column_letter(i)}{number}", str(v), texts) for i, v in enumerate(row.values(), start=1)]
        lines.append(f'<row r="{number}" spans="1:{len(row)}">{"".join(cells)}</row>')
    size = f"A1:{get_column_letter(len(rows[0]))}{len(rows) + 1}"
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}"><dimension ref="{size}"/><sheetData>{"".join(lines)}</sheetData></worksheet>'
    )


def _cell(place: str, text: str, texts: dict[str, int]) -> str:
    if not text:
        return f'<c r="{place}" s="2"/>'
    if re.fullmatch(r"[1-9]\d{0,8}", text):
        return f'<c r="{place}"><v>{text}</v></c>'
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f'<c r="{place}" s="1"><v>{(date.fromisoformat(text) - date(1899, 12, 30)).days}</v></c>'
    return f'<c r="{place}" t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'


def _shared(texts: dict[str, int]) -> str:
    """Plain texts, texts in runs of several formats, and texts with a phonetic guide, in turn."""
    items = []
    for i, text in enumerate(map(escape, texts)):
        if i % 3 == 1 and "&" not in text:
            items.append(
                f'<si><r><t>{text[:1]}</t></r><r><rPr><b/></rPr><t xml:space="preserve">{text[1:]}</t></r></si>'
            )
        elif i % 3 == 2:
            items.append(f'<si><t>{text}</t><rPh sb="0" eb="1"><t>pin</t></rPh><phoneticPr fontId="0"/></si>')
        else:
            items.append(f"<si><t>{text}</t></si>")
    return f'{HEAD}<sst xmlns="{MAIN}" count="{len(texts)}" uniqueCount="{len(texts)}">{"".join(items)}</sst>'


def _relations(targets: list[tuple[str, str]], folder: str) -> str:
    one = "".join(
        f'<Relationship Id="rId{i}" Type="{OFFICE}/{kind}" Target="{folder}{target}"/>'
        for i, (target, kind) in enumerate(targets, start=1)
    )
    return f'{HEAD}<Relationships xmlns="{RELATIONS}">{one}</Relationships>'


def _types(sheets: int) -> str:
    parts = [(f"/xl/worksheets/sheet{i}.xml", f"{KINDS}.worksheet+xml") for i in range(1, sheets + 1)]
    parts += [
        ("/xl/workbook.xml", f"{KINDS}.sheet.main+xml"),
        ("/xl/styles.xml", f"{KINDS}.styles+xml"),
        ("/xl/sharedStrings.xml", f"{KINDS}.sharedStrings+xml"),
        ("/xl/theme/theme1.xml", "application/vnd.openxmlformats-officedocument.theme+xml"),
    ]
    own = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in parts)
    return (
        f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/>{own}</Types>'
    )
