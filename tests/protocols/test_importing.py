"""Reading a file into sections: what is recognised, what is left out, and what is refused."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from intranet.core import richtext
from protocols import importing
from protocols.importing import Imported
from protocols.unreadable import Unreadable
from tests.accounts.test_documents import bomb
from tests.protocols.file_samples import HUGE, jpeg, png
from tests.protocols.word_files import OFFICE, RELATIONS, STYLES, W, docx, link, paragraph, picture, relation, table

A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
DRAWING = f"<w:p><w:r><w:drawing><a:graphic {A}><a:graphicData><c/></a:graphicData></a:graphic></w:drawing></w:r></w:p>"
BOX = '<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox/></w:ffData></w:fldChar></w:r></w:p>'
ARTICLE = Path(__file__).parent / "inputs" / "dry-needling-neck-pain.txt"


def read(folder: Path, name: str, content: str | bytes, **options: str) -> Imported:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return importing.read(path, **options)


def parts(imported: Imported) -> list[tuple[str, str, str]]:
    return [(str(part.kind), part.heading, part.body) for part in imported.sections]


def refusal(folder: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        read(folder, name, content)
    return str(refused.value)


class TestArticle:
    """The clinic's own article, as it was copied from its web page."""

    def test_its_title_and_headings_are_found(self):
        imported = importing.read(ARTICLE)
        assert imported.title == "Dry Needling Therapy For Neck Pain"
        assert [part.heading for part in imported.sections] == [
            "Introduction",
            "What is Dry needling?",
            "How does it work?",
            "Is dry needling effective?",
        ]

    def test_its_paragraphs_are_kept(self):
        sections = importing.read(ARTICLE).sections
        assert [part.body.count("<p>") for part in sections] == [1, 1, 3, 5]
        assert sections[0].body.startswith("<p>Neck pain is an expensive and prevalent issue.")
        assert sections[-1].body.endswith("Emery Physical Therapy in Oakbrook Terrace, IL.</p>")

    def test_no_word_is_lost_but_the_navigation(self):
        words = ARTICLE.read_text(encoding="utf-8").split()
        imported = importing.read(ARTICLE)
        kept = " ".join([imported.title, *(f"{part.heading} {part.body}" for part in imported.sections[1:])])
        kept += imported.sections[0].body
        for word in words:
            assert word in {"»", "Blog"} or word in kept

    def test_what_was_left_out_is_said(self):
        assert importing.read(ARTICLE).notes == [
            "Doubled spaces were made one in 1 place.",
            "Left out: “» Blog”, which looks like navigation of a web page.",
            "The text before the first heading became the section “Introduction”.",
            "“Is dry needling effective?” contains what looks like a telephone number (847-786-2014): check that nothing "
            "about a patient is in the text.",
        ]


class TestText:
    def test_lists_are_recognised(self, tmp_path):
        imported = read(tmp_path, "a.txt", "Title\n\nDo\n\n- one\n- two,\n  continued\n\n1. first\n2) second\n")
        assert parts(imported) == [
            ("text", "Do", "<ul><li>one</li><li>two, continued</li></ul><ol><li>first</li><li>second</li></ol>")
        ]

    def test_a_text_without_headings_takes_its_title_from_the_file(self, tmp_path):
        imported = read(tmp_path, "sharps-injury.txt", "Wash the wound.\n\nThen report it.")
        assert imported.title == "Sharps injury"
        assert parts(imported) == [("text", "Introduction", "<p>Wash the wound.</p><p>Then report it.</p>")]
        assert imported.notes == ["No heading was found for the title: the name of the file was taken."]

    def test_a_title_that_is_given_wins(self, tmp_path):
        assert read(tmp_path, "a.txt", "Found\n\nText text.", title="Given").title == "Given"

    def test_markup_in_plain_text_stays_text(self, tmp_path):
        imported = read(tmp_path, "a.txt", "Title\n\nUse <script>alert(1)</script> & co.")
        assert imported.sections[0].body == "<p>Use &lt;script&gt;alert(1)&lt;/script&gt; &amp; co.</p>"

    def test_headings_tell_what_a_section_is(self, tmp_path):
        text = "Title\n\nContraindications\n\n- fever\n\nPrecautions\n\nAge\tTimes\n70\t10\n\n"
        text += "References\n\n1. A book\n\nEnd text."
        imported = read(tmp_path, "a.txt", text)
        assert [(str(part.kind), part.heading) for part in imported.sections] == [
            ("contraindications", "Contraindications"),
            ("text", "Precautions"),
            ("references", "References"),
        ]
        assert "“Contraindications” was read as contraindications." in imported.notes
        assert "“Precautions” stays text: precautions are a list." in imported.notes

    def test_lines_with_tabs_are_a_table(self, tmp_path):
        imported = read(tmp_path, "a.txt", "Title\n\nAge\tTimes\n60\t\t12\n70\t10\n\nOne\ttab\nalone.")
        assert imported.sections[0].body == (
            "<table><tbody><tr><td>Age</td><td>Times</td></tr><tr><td>60</td><td>12</td></tr>"
            "<tr><td>70</td><td>10</td></tr></tbody></table><p>One tab alone.</p>"
        )

    def test_a_byte_order_mark_and_windows_line_ends_are_fine(self, tmp_path):
        imported = read(tmp_path, "a.txt", b"\xef\xbb\xbfTitle\r\n\r\nOne\r\ntwo.\r\n")
        assert (imported.title, imported.sections[0].body) == ("Title", "<p>One two.</p>")


class TestMarkdown:
    def test_headings_emphasis_links_lists_and_tables(self, tmp_path):
        imported = read(
            tmp_path,
            "a.md",
            "# Falls\n\n## Screen\nStand **up** from a *chair* [now](https://example.org/a_b).\n\n### Norms\n\n"
            "| Age | Times |\n|---|---|\n| 70 | 10 |\n\n> Ask first.\n\n## Steps\n1. Sit\n2. Stand\n",
        )
        assert imported.title == "Falls"
        assert parts(imported) == [
            (
                "text",
                "Screen",
                '<p>Stand <strong>up</strong> from a <em>chair</em> <a href="https://example.org/a_b" '
                'rel="noopener noreferrer">now</a>.</p><h3>Norms</h3><table><tbody><tr><th>Age</th><th>Times</th></tr>'
                "<tr><td>70</td><td>10</td></tr></tbody></table><blockquote><p>Ask first.</p></blockquote>",
            ),
            ("steps", "Steps", "<ol><li>Sit</li><li>Stand</li></ol>"),
        ]

    def test_pictures_are_left_out_and_counted(self, tmp_path):
        imported = read(tmp_path, "a.md", "# T\n\nSee ![the chair](x.png) and ![](y.png).")
        assert imported.sections[0].body == "<p>See the chair and .</p>"
        assert "Left out: 2 pictures." in imported.notes

    def test_a_link_to_a_script_is_no_link(self, tmp_path):
        imported = read(tmp_path, "a.md", "# T\n\n[x](javascript:alert(1)) <b onclick=x>y</b>")
        assert "<a" not in imported.sections[0].body
        assert "<b" not in imported.sections[0].body

    @pytest.mark.parametrize("unit", ["*a **b ", "[a](", "__a", "> ", "- ", "`a", "![", "&", "<a ", "|", "[a]: b\n"])
    def test_endless_repeats_are_read(self, tmp_path, unit):
        """Each of these has stopped some reader of Markdown for minutes."""
        body = read(tmp_path, "a.md", f"# T\n\nWords.\n\n{unit * 2000}").sections[0].body
        assert body.startswith("<p>Words.</p>")


class TestPage:
    def test_the_text_of_a_page_without_its_furniture(self, tmp_path):
        imported = read(
            tmp_path,
            "a.html",
            "<html><head><title>x</title><style>p{}</style></head><body><nav>Menu</nav><main><h1>Falls</h1>Loose <b>words</b>"
            "<div><h2>Why</h2><p onclick='x'>Because</p><img src=x onerror=alert(1)><h3>Deeper</h3><p>Down</p></div>"
            "<script>alert(1)</script></main><footer>Imprint</footer></body></html>",
        )
        assert imported.title == "Falls"
        assert parts(imported) == [
            ("text", "Introduction", "<p>Loose <strong>words</strong></p>"),
            ("text", "Why", "<p>Because</p><h3>Deeper</h3><p>Down</p>"),
        ]
        assert imported.notes[:5] == [
            "Left out: 1 script or embedded part.",
            "Left out: 2 menus, forms, headers or footers.",
            "Left out: 1 picture.",
            "Left out: 2 instructions to the browser. Nothing in a protocol acts by itself.",
            "Left out: colors, sizes and positions. Say in words what they meant.",
        ]

    @pytest.mark.parametrize(
        ("source", "note"),
        [
            ("<svg><path d='x'/></svg><canvas></canvas>", "Left out: 2 drawings."),
            ("<video src='x'></video>", "Left out: 1 recording."),
            (
                "<p ONCLICK='x'>a</p>",
                "Left out: 1 instruction to the browser. Nothing in a protocol acts by itself.",
            ),
            ("<p style='color:red'>a</p>", "Left out: colors, sizes and positions. Say in words what they meant."),
            ("<style>p{}</style>", "Left out: colors, sizes and positions. Say in words what they meant."),
            (
                "<a href='javascript:alert(1)'>a</a><a href=' JavaScript:b'>b</a><a href='data:text/html,x'>c</a>",
                "Left out: 3 links that would start something. The words stay.",
            ),
        ],
    )
    def test_each_thing_that_is_removed_is_said(self, tmp_path, source, note):
        page = "<h1>T</h1><p>See <a href='https://example.org/'>this</a>, <a href='mailto:a@example.org'>them</a>.</p>"
        assert read(tmp_path, "a.html", page).notes == []
        imported = read(tmp_path, "a.html", page + source)
        assert imported.notes == [note]

    def test_a_link_without_an_address_is_none(self, tmp_path):
        body = (
            read(tmp_path, "a.html", "<h1>T</h1><p><a href='javascript:x'>Press</a> <a id=x>here</a>.</p>")
            .sections[0]
            .body
        )
        assert body == "<p>Press here.</p>"

    def test_a_title_beside_the_menu_is_kept(self, tmp_path):
        page = "<body><header><nav>Menu</nav><h1>Falls</h1></header><p>Words.</p></body>"
        imported = read(tmp_path, "a.html", page)
        assert (imported.title, parts(imported)) == ("Falls", [("text", "Introduction", "<p>Words.</p>")])

    def test_a_page_without_a_heading_takes_its_name(self, tmp_path):
        imported = read(tmp_path, "a.html", "<title>Falls &amp;\n  trips</title><body><p>Words.</p>")
        assert imported.title == "Falls & trips"

    def test_xhtml_with_its_declaration_is_read(self, tmp_path):
        page = '<?xml version="1.0" encoding="UTF-8"?>\n<html><body><h1>Falls</h1><p>Words.</p></body></html>'
        assert read(tmp_path, "a.html", page).title == "Falls"

    @pytest.mark.parametrize(
        "hostile",
        [
            "<p>a<svg><script>alert(1)</script></svg></p>",
            "<p><a href='javascript:alert(1)'>a</a></p>",
            "<p>a</p><math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<p style='position:fixed'>a<iframe src='https://example.org'></iframe></p>",
        ],
    )
    def test_hostile_markup_is_cleaned_away(self, tmp_path, hostile):
        body = read(tmp_path, "a.html", f"<h1>T</h1>{hostile}").sections[0].body
        assert body.startswith("<p>")
        for word in ("script", "onerror", "style", "iframe", "svg", "div"):
            assert word not in body

    @pytest.mark.parametrize(
        ("hostile", "notes"),
        [
            ("<script>alert(1)</script><iframe src=x></iframe>", ["Left out: 2 scripts or embedded parts."]),
            ("<object data=x></object><embed src=x>", ["Left out: 2 scripts or embedded parts."]),
            (
                "<svg><script>alert(1)</script></svg>",
                ["Left out: 1 script or embedded part.", "Left out: 1 drawing."],
            ),
            ("<video src=x></video>", ["Left out: 1 recording."]),
            (
                "<p onclick=x>b</p><a href=' java\nscript:alert(1)'>c</a><a href='JavaScript:alert(1)'>d</a>",
                [
                    "Left out: 1 instruction to the browser. Nothing in a protocol acts by itself.",
                    "Left out: 2 links that would start something. The words stay.",
                ],
            ),
            (
                "<style>p{color:red}</style><template>x</template><p style='color:red'>b</p>",
                ["Left out: colors, sizes and positions. Say in words what they meant."],
            ),
        ],
    )
    def test_what_runs_or_plays_is_left_out_with_a_sentence(self, tmp_path, hostile, notes):
        assert read(tmp_path, "a.html", f"<h1>T</h1><p>a</p>{hostile}").notes == notes

    @pytest.mark.parametrize("tag", ["div", "blockquote", "b"])
    def test_what_is_nested_too_deep_is_refused_and_not_lost(self, tmp_path, tag):
        def nested(times: int) -> str:
            return f"<h1>T</h1><p>a</p>{f'<{tag}>' * times}Careful{f'</{tag}>' * times}"

        assert "Careful" in read(tmp_path, "a.html", nested(90)).sections[0].body
        for times in (110, 300, 3000):
            assert refusal(tmp_path, "a.html", nested(times)) == (
                "The page has more than 100 boxes within one another: copy out the text that matters."
            )


class TestWord:
    def test_headings_paragraphs_tables_and_links(self, tmp_path):
        content = docx(
            paragraph("Falls", "Title"),
            paragraph("Screen", "Heading1"),
            paragraph("Stand up."),
            table(("Age", "Times"), ("70", "10")),
            paragraph("Norms", "Heading2"),
            link("Guideline", "l1"),
            relations=relation("l1", "hyperlink", "https://example.org/", external=True),
        )
        imported = read(tmp_path, "falls.docx", content)
        assert (imported.title, imported.notes) == ("Falls", [])
        assert parts(imported) == [
            (
                "text",
                "Screen",
                "<p>Stand up.</p><table><tbody><tr><td>Age</td><td>Times</td></tr><tr><td>70</td><td>10</td></tr></tbody></table>"
                '<h3>Norms</h3><p><a href="https://example.org/" rel="noopener noreferrer">Guideline</a></p>',
            )
        ]

    def test_two_headings_side_by_side_are_two_sections(self, tmp_path):
        one, two = (paragraph(name, "Heading1") for name in ("Contraindications", "Technique"))
        imported = read(tmp_path, "dry-needling.docx", docx(one, paragraph("Fever"), two, paragraph("Needle.")))
        assert imported.title == "Dry needling"
        assert parts(imported) == [
            ("contraindications", "Contraindications", "<ul><li>Fever</li></ul>"),
            ("steps", "Technique", "<ol><li>Needle.</li></ol>"),
        ]
        assert imported.notes[0] == "No heading was found for the title: the name of the file was taken."

    def test_a_first_heading_with_no_text_of_its_own_is_the_title(self, tmp_path):
        headings = [paragraph(name, "Heading1") for name in ("Falls", "Screen", "Norms")]
        imported = read(tmp_path, "a.docx", docx(*headings[:2], paragraph("Stand up."), headings[2], paragraph("12.")))
        assert imported.title == "Falls"
        assert [heading for _, heading, _ in parts(imported)] == ["Screen", "Norms"]

    def test_a_link_that_starts_something_is_said(self, tmp_path):
        relations = relation("l1", "hyperlink", "javascript:alert(1)", external=True)
        imported = read(tmp_path, "a.docx", docx(paragraph("T", "Title"), link("Press", "l1"), relations=relations))
        assert imported.notes == ["Left out: 1 link that would start something. The words stay."]
        assert imported.sections[0].body == "<p>Press</p>"

    def test_what_is_left_out_is_said(self, tmp_path):
        png = b"\x89PNG\r\n\x1a\n"
        content = docx(
            paragraph("Falls", "Title"),
            paragraph("Odd one", "Odd"),
            picture("p1"),
            relations=relation("p1", "image", "media/a.png"),
            parts={
                "word/media/a.png": png,
                "word/header1.xml": f"<w:hdr {W}>{paragraph('Header')}</w:hdr>",
                "word/comments.xml": f"<w:comments {W}><w:comment w:id='1'>{paragraph('Note')}</w:comment></w:comments>",
            },
        )
        imported = read(tmp_path, "falls.docx", content)
        assert imported.notes == [
            "Left out: headers and footers.",
            "Left out: 1 comment.",
            "Left out: 1 picture, damaged, far too large, or after the first 40.",
            "Read as plain paragraphs, because their style is not known: Odd.",
        ]
        assert "<img" not in imported.sections[0].body

    def test_bold_lines_are_headings_where_there_are_no_others(self, tmp_path):
        def bold(text: str) -> str:
            return f"<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{text}</w:t></w:r></w:p>"

        content = docx(paragraph("Falls", "Title"), bold("Screen:"), paragraph("Stand up."), bold("Never alone."))
        imported = read(tmp_path, "a.docx", content)
        assert parts(imported) == [
            ("text", "Screen", "<p>Stand up.</p><p><strong>Never alone.</strong></p>"),
        ]
        assert imported.notes == ["Read as 1 heading, because of the bold type: check them."]
        styled = docx(paragraph("Falls", "Title"), paragraph("Why", "Heading1"), bold("Screen"), paragraph("Stand up."))
        assert [heading for _, heading, _ in parts(read(tmp_path, "b.docx", styled))] == ["Why"]

    def test_pictures_come_along_drawn_anew(self, tmp_path):
        said = Image.Exif()
        said[0x010E] = "CANARY where I live"
        content = docx(
            paragraph("Falls", "Title"),
            paragraph("Screen", "Heading1"),
            picture("p1", alt="A chair"),
            paragraph("Stand up."),
            picture("p2"),
            picture("p1"),
            relations=relation("p1", "image", "media/a.jpeg") + relation("p2", "image", "media/b.png"),
            parts={"word/media/a.jpeg": jpeg((60, 40), exif=said.tobytes()), "word/media/b.png": png()},
        )
        imported = read(tmp_path, "falls.docx", content)
        first, second = imported.pictures
        assert (imported.notes, first.drawn.kind, second.drawn.kind) == ([], "image/jpeg", "image/png")
        assert b"CANARY" not in first.drawn.content
        assert sha256(first.drawn.content).hexdigest() == first.digest
        assert (
            imported.sections[0].body
            == (
                f'<p><img alt="A chair" src="/protocols/pictures/{first.digest}/"></p><p>Stand up.</p>'
                f'<p><img alt="" src="/protocols/pictures/{second.digest}/"></p>'
                f'<p><img alt="" src="/protocols/pictures/{first.digest}/"></p>'
            )
            or imported.sections[0].body.count("<img") == 3
        )

    def test_a_picture_in_a_heading_stands_below_it(self, tmp_path):
        heading = picture("p1", alt="A chair").replace("<w:p>", '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>', 1)
        heading = heading.replace("</w:p>", "<w:r><w:t>Screen</w:t></w:r></w:p>")
        content = docx(
            paragraph("Falls", "Title"),
            heading,
            paragraph("Stand up."),
            relations=relation("p1", "image", "media/b.png"),
            parts={"word/media/b.png": png()},
        )
        (part,) = read(tmp_path, "falls.docx", content).sections
        assert (part.heading, richtext.plain(part.body)) == ("Screen", "A chair\nStand up.")

    @pytest.mark.parametrize(
        ("content", "notes"),
        [
            (
                docx(
                    paragraph("x"),
                    picture(linked="p1"),
                    relations=relation("p1", "image", "file:///etc/passwd", external=True),
                ),
                ["Left out: 1 picture outside of the file. Put them into it, or add them later."],
            ),
            (
                docx(
                    paragraph("x"),
                    parts={
                        "word/_rels/settings.xml.rels": "<Relationships>"
                        + relation("t", "attachedTemplate", "https://example.org/t.dotm", external=True)
                        + "</Relationships>"
                    },
                ),
                ["Left out: 1 reference to a file outside, such as a template. Nothing was fetched."],
            ),
            (
                docx(
                    paragraph("x"),
                    parts={
                        "word/_rels/other": f'<r:Relationships xmlns:r="{RELATIONS}"><r:Relationship Id="t" '
                        f"Type='{OFFICE}/oleObject' TargetMode='External' Target='https://example.org/x'/></r:Relationships>"
                    },
                ),
                ["Left out: 1 reference to a file outside, such as a template. Nothing was fetched."],
            ),
            (
                docx(
                    paragraph("x"),
                    picture("p1"),
                    relations=relation("p1", "image", "media/a.emf"),
                    parts={"word/media/a.emf": b"\x01\x00\x00\x00 drawing"},
                ),
                ["Left out: 1 picture of an unknown kind. Save as PNG or JPEG and add later."],
            ),
            (
                docx(
                    paragraph("x"),
                    picture("p1"),
                    relations=relation("p1", "image", "media/a.png"),
                    parts={"word/media/a.png": bomb(20_000, 20_000)},
                ),
                ["Left out: 1 picture, damaged, far too large, or after the first 40."],
            ),
            (
                docx(
                    "<w:p><w:ins><w:r><w:t>kept</w:t></w:r></w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
                ),
                ["Tracked changes were read as accepted: what was added stays, what was deleted is gone."],
            ),
            (
                docx(paragraph("x"), picture("p1"), relations=relation("p1", "image", "../../../../etc/passwd")),
                ["Left out: 1 picture, damaged, far too large, or after the first 40."],
            ),
            (docx(paragraph("x"), parts={"word/vbaProject.bin": b"x"}), ["Left out: macros."]),
            (docx(paragraph("x"), parts={"word/embeddings/a.bin": b"x"}), ["Left out: 1 embedded object."]),
            (docx(paragraph("x"), "<w:altChunk/>"), ["Left out: 1 embedded object."]),
            (
                docx(paragraph("x"), f"<w:p><m:oMath {M}><m:r><m:t>a</m:t></m:r></m:oMath></w:p>"),
                ["Left out: 1 equation."],
            ),
            (
                docx(paragraph("x"), DRAWING),
                ["Left out: 1 drawing, chart or diagram."],
            ),
            (
                docx("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r></w:p>"),
                ["There is hidden text, which is shown now: check it."],
            ),
            (
                docx('<w:p><w:r><w:rPr><w:highlight w:val="yellow"/></w:rPr><w:t>mind</w:t></w:r></w:p>'),
                ["Left out: highlighting and shading. Say in words what they meant."],
            ),
            (
                docx(paragraph("x"), BOX),
                ["Left out: 1 box to tick."],
            ),
        ],
    )
    def test_what_is_lost_is_told_in_sentences(self, tmp_path, content, notes):
        imported = read(tmp_path, "a.docx", content)
        assert [note for note in imported.notes if "name of the file" not in note] == notes
        assert "gone" not in imported.sections[0].body
        assert "<img" not in imported.sections[0].body

    def test_footnotes_become_a_section_and_no_reference(self, tmp_path):
        note = f'<w:footnote w:id="1">{paragraph("Slowly.")}</w:footnote>'
        content = docx(
            paragraph("Falls", "Title"),
            paragraph("Screen", "Heading1"),
            '<w:p><w:r><w:t>Stand up</w:t></w:r><w:r><w:footnoteReference w:id="1"/></w:r></w:p>',
            relations=relation("f", "footnotes", "footnotes.xml"),
            parts={"word/footnotes.xml": f"<w:footnotes {W}>{note}</w:footnotes>"},
        )
        imported = read(tmp_path, "a.docx", content)
        assert imported.notes == ["1 footnote became a section “Notes” at the end."]
        assert parts(imported) == [
            ("text", "Screen", "<p>Stand up<sup>note 1</sup></p>"),
            ("text", "Notes", "<ol><li>Slowly.</li></ol>"),
        ]

    def test_a_table_of_contents_is_made_by_the_page(self, tmp_path):
        contents = '<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>'
        styles = STYLES.replace("</w:styles>", f"{contents}</w:styles>")
        content = docx(
            paragraph("Falls", "Title"),
            paragraph("Screen 1", "TOC1"),
            paragraph("Screen", "Heading1"),
            paragraph("Stand up."),
            parts={"word/styles.xml": styles},
        )
        imported = read(tmp_path, "a.docx", content)
        assert (imported.notes, parts(imported)) == (
            ["Left out: the table of contents. The page makes its own."],
            [("text", "Screen", "<p>Stand up.</p>")],
        )

    def test_an_embedded_style_map_has_no_say(self, tmp_path):
        content = docx(
            paragraph("Falls", "Title"),
            paragraph("Words", "Odd"),
            parts={"mammoth/style-map": "p[style-name='Odd'] => h1:fresh"},
        )
        assert read(tmp_path, "a.docx", content).sections[0].body == "<p>Words</p>"


class TestRefused:
    """One sentence each."""

    @pytest.mark.parametrize(
        ("name", "content", "sentence"),
        [
            ("a.txt", "", "a.txt is empty."),
            ("a.txt", " \n\t ", "a.txt is empty."),
            ("a.txt", "\ufeff\n", "a.txt holds no text that can be read."),
            ("a.txt", b"Title\x00\x01\x02", "a.txt is a binary file, not text."),
            ("a.txt", b"%PDF-1.7 text", "a.txt is a binary file, not text."),
            ("a.txt", b"\x01\x02\x03\x04 text", "a.txt is a binary file, not text."),
            (
                "a.txt",
                "Title\nGrüße".encode("latin-1"),
                "a.txt is not in UTF-8 (line 2 is where it breaks): save it as UTF-8 and try again.",
            ),
            ("a.md", "Title".encode("utf-16"), "a.md is in UTF-16: save it as UTF-8 and try again."),
            ("a.pdf", "x", "a.pdf is not a kind of file that can be read: use .txt, .md, .html and .docx."),
            ("a", "x", "a is not a kind of file that can be read: use .txt, .md, .html and .docx."),
            ("a.html", "<html><body></body></html>", "a.html holds no text that can be read."),
            ("a.html", "<!-- -->", "The page holds no text."),
            ("a.md", "# Only\n\n## Headings\n", "a.md holds no text that can be read."),
            ("a.docx", b"no archive", "a.docx is not a Word file, or it is damaged."),
            ("a.docx", b"PK\x03\x04 cut short", "a.docx is not a Word file, or it is damaged."),
            (
                "a.docx",
                b"\xd0\xcf\x11\xe0 old",
                "a.docx is an old or a protected Word file: save it as .docx without a password and try again.",
            ),
        ],
    )
    def test_files_that_cannot_be_read(self, tmp_path, name, content, sentence):
        assert refusal(tmp_path, name, content) == sentence

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(Unreadable, match=r"^There is no file nope\.txt at that place\.$"):
            importing.read(tmp_path / "nope.txt")

    def test_a_folder(self, tmp_path):
        with pytest.raises(Unreadable, match=r"is a folder, not a file\.$"):
            importing.read(tmp_path)

    def test_a_file_that_is_too_large(self, tmp_path):
        sentence = refusal(tmp_path, "a.html", b"x" * (6 * importing.MEGABYTE))
        assert sentence == "a.html is too large: 6.0 MB, and 5 MB is the most."
        sentence = refusal(tmp_path, "a.txt", b"x" * (2 * importing.MEGABYTE))
        assert sentence == "a.txt is too large: 2.0 MB, and 1 MB is the most."

    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "a.txt")
        with pytest.raises(Unreadable, match=r"^a\.txt is a pipe or a device, not a file\.$"):
            importing.read(tmp_path / "a.txt")

    def test_a_page_of_nothing_but_tags(self, tmp_path):
        sentence = refusal(tmp_path, "a.html", "<h1>T</h1>" + "<li><p>" * 30_000)
        assert sentence == "The page has more than 50,000 tags: copy out the text that matters."

    def test_too_many_headings(self, tmp_path):
        text = "# T\n\n" + "".join(f"## H{number}\n\nx\n\n" for number in range(61))
        assert refusal(tmp_path, "a.md", text) == "a.md has 61 headings, and a protocol has at most 60 sections."

    def test_a_section_that_is_too_long(self, tmp_path):
        sentence = refusal(tmp_path, "a.txt", "Title\n\n" + "word " * 30_000)
        assert sentence == "a.txt has a paragraph of more than 100,000 characters: break it up."
        sentence = refusal(tmp_path, "a.txt", "Title\n\n" + "Many words.\n\n" * 30_000)
        assert sentence == "a.txt has a section of more than 100,000 characters: give it headings."

    ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    BOMB = b"<x>" + b" " * 30_000_000

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (docx(parts={"word/media/a.bin": BOMB}), "unpacks to far more than a document: it was not opened."),
            (
                docx(parts={f"word/{number}.xml": "<x/>" for number in range(2100)}),
                "unpacks to far more than a document: it was not opened.",
            ),
            (docx(parts={"../../etc/x.xml": "<x/>"}), "holds paths that lead out of it: it was not opened."),
            (docx(parts={"/etc/x.xml": "<x/>"}), "holds paths that lead out of it: it was not opened."),
            (
                docx(document='<!DOCTYPE x [<!ENTITY a "aaaa">]><w:document>&a;</w:document>'),
                "declares XML entities, which no Word file needs: it was not opened.",
            ),
            (
                docx(document=ENTITIES.encode("utf-16")),  # no byte of it reads <!DOCTYPE
                "declares XML entities, which no Word file needs: it was not opened.",
            ),
            (
                docx(parts={"word/styles.bin": ENTITIES}),
                "declares XML entities, which no Word file needs: it was not opened.",
            ),
            (docx(document=HUGE), "holds far more than a document, perhaps a huge table: it was not opened."),
            (
                docx(table(*[("x", "y")] * 2501)),
                "holds tables of more than 5,000 cells: take over what people read, and attach the rest.",
            ),
            (docx(document="<w:document><w:body>"), "is damaged: Word may be able to repair it."),
            (docx(document="<a>" * 5000 + "</a>" * 5000), "is nested too deep to be a document: it was not opened."),
            (docx(parts={"word/document.xml": b"\xff\xfe\x00"}), "is damaged: Word may be able to repair it."),
        ],
    )
    def test_word_files_that_are_broken_or_hostile(self, tmp_path, content, sentence):
        assert refusal(tmp_path, "a.docx", content) == f"a.docx {sentence}"

    def test_a_word_file_without_words(self, tmp_path):
        assert refusal(tmp_path, "a.docx", docx()) == "a.docx holds no text that can be read."
