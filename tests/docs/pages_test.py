"""What is wrong with the pages that can be seen without running them."""

import re
import unittest

import pages

LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors_of(page):
    """Of its headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", (pages.ROOT / page).read_text("utf-8"),
                  flags=re.M | re.S)
    titles = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


class PagesTest(unittest.TestCase):

    def test_every_mark_is_known(self):
        for block in pages.all_blocks():
            with self.subTest(block.where):
                self.assertLessEqual(block.marks.keys(), pages.KNOWN_MARKS)

    def test_every_block_has_a_language(self):
        for block in pages.all_blocks():
            with self.subTest(block.where):
                self.assertTrue(block.language)

    def test_no_command_is_hidden_in_an_indented_block(self):
        for page in pages.all_pages():
            before, fenced = "", False
            lines = (pages.ROOT / page).read_text("utf-8").splitlines()
            for number, line in enumerate(lines, 1):
                with self.subTest(f"{page}:{number}"):
                    if line.startswith("```"):
                        fenced = not fenced
                    elif not fenced and not before:
                        self.assertFalse(line.startswith("    "))
                before = line

    def test_what_is_not_run_says_why(self):
        for block in pages.all_blocks():
            if "not run" in block.marks:
                with self.subTest(block.where):
                    self.assertGreater(len(block.marks["not run"]), 10)

    def test_tests_e2e_runs_the_blocks_that_are_left_to_it(self):
        scripts = "".join(path.read_text("utf-8") for path in
                          sorted((pages.ROOT / "tests/e2e").glob("*.sh")))
        for block in pages.all_blocks():
            name = block.marks.get("e2e")
            if name:
                with self.subTest(block.where):
                    self.assertIs(pages.named(name).line, block.line)
                    self.assertTrue(re.search(
                        rf"\b(readme|block|roll_under_load) {name}\b", scripts))

    def test_what_is_said_to_be_the_same_is(self):
        for block in pages.all_blocks():
            if "same as" in block.marks:
                with self.subTest(block.where):
                    self.assertEqual(
                        block.text, pages.named(block.marks["same as"]).text)

    def test_code_is_that_of_the_file_it_is_from(self):
        for block in pages.all_blocks():
            if "from" in block.marks:
                source = (pages.ROOT / block.marks["from"]).read_text("utf-8")
                # A part of a class may stand without its indentation.
                flat = "\n".join(line.strip() for line in source.splitlines())
                part = "\n".join(l.strip() for l in block.text.splitlines())
                with self.subTest(block.where):
                    self.assertTrue(part in flat)

    def test_every_page_with_commands_is_run(self):
        tests = (pages.ROOT / "tests/docs/CMakeLists.txt").read_text("utf-8")
        for block in pages.all_blocks():
            if block.is_run():
                with self.subTest(block.where):
                    self.assertTrue(
                        re.search(rf"\s{re.escape(block.page)}[\s)]", tests))

    def test_links_lead_somewhere(self):
        for page in pages.all_pages():
            text = (pages.ROOT / page).read_text("utf-8")
            for target in LINK.findall(text):
                if "://" in target:
                    continue
                file, _, anchor = target.partition("#")
                path = (pages.ROOT / page).parent / file if file else (
                    pages.ROOT / page)
                with self.subTest(f"{page}: {target}"):
                    self.assertTrue(path.exists())
                    if anchor:
                        self.assertIn(anchor, anchors_of(path))


if __name__ == "__main__":
    unittest.main()
