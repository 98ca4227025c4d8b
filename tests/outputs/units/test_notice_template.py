"""Call-up notices: the office's template is filled in, refused with reasons, and can neither do nor break anything."""

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.dom import minidom

import pandas as pd
import pytest

from allocator.domain.errors import OutputError
from allocator.language.texts import LANGUAGES, Texts
from allocator.outputs.output_data import Material
from allocator.outputs.units import letter, placeholders, read_template, template_of, unit_contents
from allocator.outputs.units.notice_template import DOCUMENT, FIELDS, PERSON_FIELDS
from allocator.outputs.units.unit_record import Notice
from tests.outputs.builders import run

ZH = Texts("zh")
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
HOSTILE = [
    "</w:t></w:r></w:p>",
    "<b>x</b>",
    "&amp; &#x41; <",
    "{{单位}}",
    "{% for x in y %}",
    "=1+1",
    "𠮷·王",
    "line\nbreak",
    "bell\x07\ufdd0unit\ufdd1",
    "]]>",
]


def notices(lang="zh", unit="0410100", **replaced):
    """The notices of one unit."""
    contents = unit_contents(Material(*run(**replaced).parts, Texts(lang)))
    return next(one.notices for one in contents if one.unit_id == unit)


def paragraph(*runs):
    """A paragraph of these runs."""
    return "<w:p>" + "".join(f"<w:r><w:t>{text}</w:t></w:r>" for text in runs) + "</w:p>"


def word(body, **parts):
    """A Word file with this body; ``parts`` are further files below ``word/``."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(DOCUMENT, f"<w:document {W}><w:body>{body}<w:sectPr/></w:body></w:document>")
        archive.writestr("[Content_Types].xml", "<Types/>")
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", content)
    return packed.getvalue()


def filled(body, some, texts=ZH):
    """The document of a template filled in."""
    with zipfile.ZipFile(io.BytesIO(read_template(word(body), "a.docx", texts).fill(some))) as archive:
        return archive.read(DOCUMENT).decode()


def shown(document):
    """The text of every paragraph."""
    parsed = minidom.parseString(document.encode())
    return [
        "".join(n.data for t in p.getElementsByTagName("w:t") for n in t.childNodes)
        for p in parsed.getElementsByTagName("w:p")
    ]


def refused(body, **parts):
    """The lines of the refusal of a template."""
    with pytest.raises(OutputError) as caught:
        read_template(word(body, **parts), "a.docx", Texts("en"))
    return str(caught.value).splitlines()


# ---------------------------------------------------------------------- the plain letter


@pytest.mark.parametrize("lang", LANGUAGES)
def test_plain_letter_has_a_page_for_every_session(lang):
    made = template_of(None, Texts(lang)).fill(notices(lang))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None and archive.namelist()[0] == "[Content_Types].xml"
        document = archive.read(DOCUMENT).decode()
    assert document.count("<w:pageBreakBefore/>") == 7  # Eight sessions: four of the school, four of the base.
    text = "\n".join(shown(document))
    assert "{{" not in text and text.count("张") == 4 and "school-2019" in text


def test_letter_says_who_when_and_where():
    text = shown(filled_letter(notices()[:1]))
    assert text[0] == "调 训 通 知" and text[1] == "第1县："
    assert "2019 年调训计划" in text[2] and "1 名同志" in text[2] and "党校主体班" in text[2]
    assert text[3] == "一、培训时间：2019年3月4日至4月2日，共 30 天。" and text[4] == "二、承办机构：省委党校。"
    assert text[6:16] == ["序号", "姓名", "职务", "职级", "人数", "1", "张0", "成员", "副县处级", "1"]


def filled_letter(some):
    """The document of the plain letter."""
    with zipfile.ZipFile(io.BytesIO(template_of(None, ZH).fill(some))) as archive:
        return archive.read(DOCUMENT).decode()


# ---------------------------------------------------------------------- filling in


def test_every_placeholder_is_filled_in_in_both_languages():
    (one,) = notices()[:1]
    fields = dict.fromkeys(FIELDS, "of a paper") | dict(one.fields)
    some = [
        Notice(one.year, one.session_id, fields, ({**dict.fromkeys(PERSON_FIELDS, "of a change"), **one.people[0]},))
    ]
    for lang in LANGUAGES:
        names = placeholders(Texts(lang))
        assert len(names) == len(FIELDS) + len(PERSON_FIELDS)
        text = shown(filled("".join(map(paragraph, names)), some))
        expected = [*(some[0].fields[f] for f in FIELDS), *(some[0].people[0][f] for f in PERSON_FIELDS)]
        assert text == expected and all(expected)


def test_no_two_placeholders_have_one_name():
    names = [Texts(lang)(f"placeholder.{f}").casefold() for f in (*FIELDS, *PERSON_FIELDS) for lang in LANGUAGES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "runs",
    [("{{单位}}",), ("{{", "单位", "}}"), ("{", "{单", "位}", "}"), ("{{ 单位 }}",), ("\uff5b\uff5b单位\uff5d\uff5d",)],
)
def test_placeholder_is_found_however_word_cut_it(runs):
    assert shown(filled(paragraph("致", *runs, "！"), notices()[:1])) == ["致第1县！"]


def test_two_placeholders_of_one_run_are_both_filled_in():
    assert shown(filled(paragraph("{{单位}}{{年度}}-{{unit}}"), notices()[:1])) == ["第1县2019-第1县"]


def test_row_is_repeated_for_every_person():
    row = f"<w:tr><w:tc>{paragraph('{{序号}}')}</w:tc><w:tc>{paragraph('{{姓名}}')}</w:tc></w:tr>"
    table = f"<w:tbl><w:tr><w:tc>{paragraph('头')}</w:tc></w:tr>{row}</w:tbl>"
    notice = notices()[0]
    two = [type(notice)(notice.year, notice.session_id, notice.fields, (notice.people[0], {**notice.people[0], "number": "2", "name": "李"}))]  # fmt: skip
    assert shown(filled(table, two))[:] == ["头", "1", "张0", "2", "李"]


def test_row_inside_a_row_is_repeated_with_the_outer_one():
    inner = f"<w:tbl><w:tr><w:tc>{paragraph('{{姓名}}')}</w:tc></w:tr></w:tbl>"
    outer = f"<w:tbl><w:tr><w:tc>{inner}{paragraph('{{序号}}')}</w:tc></w:tr></w:tbl>"
    notice = notices()[0]
    two = [type(notice)(notice.year, notice.session_id, notice.fields, (notice.people[0], {**notice.people[0], "number": "2"}))]  # fmt: skip
    assert shown(filled(outer, two)) == ["张0", "1", "张0", "2"]


def test_paragraph_outside_a_table_is_repeated():
    body = paragraph("名单") + paragraph("{{姓名}}，{{职务}}") + paragraph("完")
    assert shown(filled(body, notices()[:1])) == ["名单", "张0，成员", "完"]


def test_following_notices_begin_on_a_new_page_whatever_comes_first():
    table = f"<w:tbl><w:tr><w:tc>{paragraph('{{单位}}')}</w:tc></w:tr></w:tbl>"
    styled = '<w:p><w:pPr><w:pStyle w:val="x"/><w:jc w:val="center"/></w:pPr><w:r><w:t>{{单位}}</w:t></w:r></w:p>'
    for body in (table, styled, paragraph("{{姓名}}"), paragraph("{{单位}}")):
        assert filled(body, notices()[:3]).count("<w:pageBreakBefore/>") == 2
    # The format fixes the order of properties.
    assert '<w:pStyle w:val="x"/><w:pageBreakBefore/><w:jc' in filled(styled, notices()[:2])


def test_what_may_stand_only_once_differs_in_every_copy():
    body = (
        '<w:bookmarkStart w:id="1" w:name="x"/><w:p xmlns:wp="d" xmlns:w14="e" w14:paraId="00A"><w:r>'
        '<w:drawing><wp:docPr id="7" name="seal"/></w:drawing><w:t>{{单位}}</w:t></w:r></w:p><w:bookmarkEnd w:id="1"/>'
    )
    document = filled(body, notices()[:3])
    assert re.findall(r'docPr id="(\d+)"', document) == ["1", "2", "3"]
    assert "bookmark" not in document and "paraId" not in document


@pytest.mark.parametrize("name", HOSTILE)
def test_name_from_data_is_only_text(name):
    some = notices(name=name)
    plain = shown(filled_letter(some))
    cleaned = re.sub("[\x00-\x1f\ufdd0-\ufdef]", "", " ".join(name.splitlines()))
    assert cleaned in plain
    assert len(plain) == len(shown(filled_letter(notices())))


def dates_of(*parts, texts=ZH):
    """The dates of a notice whose session has these parts, as (first, last, host)."""
    made = run()
    table = made.inputs.segments
    rest = table[table["session_id"] != "school-2019"]
    own = pd.DataFrame([{"session_id": "school-2019", "start_date": pd.Timestamp(f), "end_date": pd.Timestamp(e), "host_id": h} for f, e, h in parts])  # fmt: skip
    inputs = replace(made.inputs, segments=pd.concat([rest, own], ignore_index=True))
    unit = unit_contents(Material(inputs, *made.parts[1:], texts))[0]
    return next(notice.fields["dates"] for notice in unit.notices if notice.session_id == "school-2019")


def test_dates_name_the_year_where_it_changes_and_the_place_where_there_are_two():
    assert dates_of(("2019-12-30", "2020-01-02", "A")) == "2019年12月30日至2020年1月2日"
    assert dates_of(("2019-03-04", "2019-04-02", "A"), texts=Texts("en")) == "2019-03-04 to 04-02"
    assert dates_of(("2019-03-04", "2019-03-04", "A")) == "2019年3月4日"
    two = dates_of(("2019-03-04", "2019-03-08", "A"), ("2019-04-01", "2019-04-02", "B"))
    assert two == "2019年3月4日至3月8日（A）；2019年4月1日至4月2日（B）"
    assert "（" not in dates_of(("2019-03-04", "2019-03-08", "A"), ("2019-04-01", "2019-04-02", "A"))


def test_two_of_one_name_are_told_apart():
    assert notices(name="张1")[0].people[0]["name"] == "张1（0000000）"


def test_group_is_called_with_its_count():
    base = next(notice for notice in notices() if notice.session_id == "base-2019")
    assert base.fields["people"] == "3" and base.people[0]["headcount"] == "3"


def test_same_notices_give_the_same_bytes():
    assert template_of(None, ZH).fill(notices()) == template_of(None, ZH).fill(notices())
    assert letter(ZH) == letter(ZH)


# ---------------------------------------------------------------------- refusing


def test_unknown_placeholders_are_all_named_with_the_known_ones():
    lines = refused(paragraph("{{单位}} {{电话}}") + paragraph("{{姓 名}}"))
    assert "a.docx" in lines[0] and lines[1].strip() == "unknown placeholder {{电话}}"
    assert lines[2].strip() == "unknown placeholder {{姓 名}}; did you mean {{姓名}}?"
    assert "{{unit}}" in lines[3] and "{{name}}" in lines[3]


def test_refused_template_passes_when_the_placeholder_is_mended():
    assert shown(filled(paragraph("{{单位}} {{地点}}"), notices()[:1])) == ["第1县 省委党校"]


@pytest.mark.parametrize("text", ["{{单位", "单位}}", "{{单位}} {{", "{{a{{单位}}"])
def test_braces_that_do_not_match_are_refused(text):
    assert any("do not match" in line for line in refused(paragraph(text)))


def test_placeholder_in_a_header_is_refused():
    lines = refused(paragraph("{{单位}}"), header1=f"<w:hdr {W}>{paragraph('{{', '单位}}')}</w:hdr>")
    assert "{{单位}}" in lines[1] and "header1.xml" in lines[1]


def test_template_without_placeholders_is_refused():
    assert "no placeholder" in refused(paragraph("通知"))[1]


BOMB = '<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;">]>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xd0\xcf\x11\xe0 an old .doc",
        b"PK\x05\x06" + b"\0" * 18,
        word("<w:p>"),
        word("").replace(b"w:body", b"w:bodx"),
    ],
)
def test_what_is_no_word_document_is_refused(content):
    with pytest.raises(OutputError, match=r"a\.docx 不是 Word 文档"):
        read_template(content, "a.docx", ZH)


def test_entities_are_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(DOCUMENT, BOMB + f"<w:document {W}><w:body>{paragraph('{{单位}}&y;')}</w:body></w:document>")
    with pytest.raises(OutputError, match="Word"):
        read_template(packed.getvalue(), "a.docx", ZH)


def test_template_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("allocator.outputs.units.notice_template._LARGEST", 10)
    with pytest.raises(OutputError, match="过大"):
        read_template(letter(ZH), "a.docx", ZH)


def test_template_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"none\.docx"):
        template_of(tmp_path / "none.docx", ZH)
    (tmp_path / "some.docx").write_bytes(letter(ZH))
    assert template_of(tmp_path / "some.docx", ZH) == template_of(None, ZH)


def test_page_of_outputs_lists_every_placeholder():
    page = (Path(__file__).parents[3] / "docs" / "outputs.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\{\{.+?\}\})` \| `(\{\{.+?\}\})` \| (of a person)?", page, flags=re.MULTILINE)
    expected = zip(placeholders(Texts("zh")), placeholders(Texts("en")), strict=True)
    assert [(zh, en) for zh, en, _ in listed] == list(expected)
    assert [bool(person) for *_, person in listed] == [False] * len(FIELDS) + [True] * len(PERSON_FIELDS)
