"""The page of `gatherctl tour --html`, in a real browser: it needs nothing from
anywhere, and shows every chapter, on a phone and in the dark as well.

GATHER_BIN is the directory of the programs."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import browser

BIN = pathlib.Path(os.environ["GATHER_BIN"])
PHONE = 360  # the width of a small one, in pixels

# Of every chapter: what is in it, and whether its picture can be seen.
CHAPTERS = """
[...document.querySelectorAll('section:not(#comparison)')].map(section => ({
  name: section.id,
  idea: section.querySelector('p').textContent,
  codes: [...section.querySelectorAll('code')].map(c => c.textContent),
  claims: section.querySelectorAll('li').length,
  bars: [...section.querySelectorAll('svg rect')].filter(
      bar => bar.getBoundingClientRect().width > 0 &&
             bar.getBoundingClientRect().height > 0).length,
}))"""

# The fill and the stroke that each kind of bar has.
LOOKS = """
Object.fromEntries([...document.querySelectorAll('svg rect')].map(bar => {
  const style = getComputedStyle(bar);
  return [bar.getAttribute('class'),
          [style.fill, style.strokeDasharray].join(' ')];
}))"""


@unittest.skipUnless(browser.PROGRAM, "no chromium: a package of Debian's")
class TourPage(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="gather-page-")
        cls.addClassCleanup(scratch.cleanup)
        page = pathlib.Path(scratch.name) / "tour.html"
        tour = subprocess.run(
            [BIN / "gatherctl", "tour", "--scale=0.1", f"--html={page}"],
            check=False, capture_output=True, text=True, timeout=240)
        # 1: a claim did not hold, on a machine that is busy.
        assert tour.returncode in (0, 1), tour.stderr
        listed = subprocess.run([BIN / "gatherctl", "tour", "--list"],
                                check=True, capture_output=True, text=True)
        cls.names = [line.split()[0] for line in listed.stdout.splitlines()]
        cls.url = page.as_uri()
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.browser.open(cls.url)

    def test_every_chapter_is_there_with_its_picture(self):
        chapters = self.browser.evaluate(CHAPTERS)
        self.assertEqual([c["name"] for c in chapters], self.names)
        for chapter in chapters:
            with self.subTest(chapter["name"]):
                self.assertTrue(chapter["idea"])
                self.assertEqual(len(chapter["codes"]), 2)
                self.assertTrue(all(chapter["codes"]))
                # Without a compiler there is nothing to measure in this one.
                if chapter["name"] != "forgotten-await" or chapter["claims"]:
                    self.assertGreaterEqual(chapter["bars"], 2)
                    self.assertGreater(chapter["claims"], 0)

    def test_it_asks_nobody_and_complains_of_nothing(self):
        others = [url for url in self.browser.requests
                  if url != self.url and not url.startswith("data:")]
        self.assertEqual(others, [])
        self.assertIn(self.url, self.browser.requests)
        self.assertEqual(self.browser.complaints, [])

    def test_what_became_of_a_call_shows_without_colour(self):
        looks = self.browser.evaluate(LOOKS)
        self.assertLessEqual({"ok", "failed", "cancelled", "in-flight"},
                             set(looks))
        self.assertIn("#g-failed", looks["failed"])
        self.assertIn("#g-cancelled", looks["cancelled"])
        self.assertIn("5px, 3px", looks["in-flight"])
        for pattern in ("g-failed", "g-cancelled"):
            self.assertTrue(self.browser.evaluate(
                f"document.getElementById('{pattern}') !== null"), pattern)

    def test_a_phone_need_not_scroll_sideways(self):
        self.browser.call("Emulation.setDeviceMetricsOverride", width=PHONE,
                          height=640, deviceScaleFactor=2, mobile=True)
        self.addCleanup(self.browser.call,
                        "Emulation.clearDeviceMetricsOverride")
        self.assertLessEqual(self.browser.evaluate(
            "document.documentElement.scrollWidth"), PHONE)
        # Text keeps its size, and does not leave the picture.
        self.assertEqual(self.browser.evaluate("""
            [...document.querySelectorAll('section svg text')].filter(t => {
              const own = t.getBoundingClientRect();
              const all = t.ownerSVGElement.getBoundingClientRect();
              return own.height < 12 || own.right > all.right + 1 ||
                     own.left < all.left - 1;
            }).map(t => t.textContent)"""), [])

    def test_dark_where_the_reader_has_it(self):
        def background(scheme):
            self.browser.call("Emulation.setEmulatedMedia", features=[
                {"name": "prefers-color-scheme", "value": scheme}])
            return self.browser.evaluate(
                "getComputedStyle(document.body).backgroundColor")
        self.assertEqual(background("light"), "rgb(255, 255, 255)")
        self.assertEqual(background("dark"), "rgb(13, 17, 23)")


if __name__ == "__main__":
    unittest.main()
