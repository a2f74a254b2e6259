"""Look in headless Chromium whether the built site can be read on a phone: no page is wider than the screen.

    python docs/phone.py site

Wide tables and code scroll within themselves. Says so and ends where there is no Chromium.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from html import unescape
from pathlib import Path

WIDTH = 390  # CSS pixels: a common phone's
# All pages side by side in one window, each in a frame as wide as a phone.
LOOK = """<!doctype html><body><pre id="found"></pre><script>
const found = {}, pages = PAGES;
Promise.all(pages.map(page => new Promise(done => {
  const frame = document.body.appendChild(document.createElement("iframe"));
  frame.style.cssText = "width: WIDTHpx; height: 800px; border: 0";
  frame.onload = () => setTimeout(() => {
    const root = frame.contentDocument.documentElement;
    found[page] = Math.max(root.scrollWidth, frame.contentDocument.body.scrollWidth);
    done();
  }, 1000);
  frame.src = page;
}))).then(() => { document.getElementById("found").textContent = JSON.stringify(found); });
</script></body>"""


def widths(site: Path, chromium: str) -> dict[str, int]:
    """How wide each page is on a screen of 390 pixels, in pixels."""
    pages = [path.resolve().as_uri() for path in sorted(site.rglob("*.html")) if path.name != "404.html"]
    with tempfile.TemporaryDirectory() as folder:
        look = Path(folder) / "look.html"
        look.write_text(
            LOOK.replace("PAGES", json.dumps(pages)).replace("WIDTH", str(WIDTH)), encoding="utf-8"
        )
        # A page may look into files only if it is told so; without a sandbox, since root has none.
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-web-security"]
        options += ["--allow-file-access-from-files", "--disable-site-isolation-trials"]
        options += [f"--user-data-dir={folder}/profile", "--virtual-time-budget=60000", "--dump-dom"]
        answer = subprocess.run(
            [chromium, *options, look.as_uri()], capture_output=True, text=True, check=True
        )
    told = re.search(r'<pre id="found">(.+?)</pre>', answer.stdout, re.DOTALL)
    found: dict[str, int] = json.loads(unescape(told[1])) if told else {}
    if len(found) != len(pages):
        raise SystemExit(f"{chromium} looked at {len(found)} of {len(pages)} pages: {answer.stderr[-500:]}")
    return found


if __name__ == "__main__":
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium here: not looked at")
        sys.exit()
    wide = [
        f"{page}: {width} px" for page, width in widths(Path(sys.argv[1]), browser).items() if width > WIDTH
    ]
    sys.exit("\n".join(wide) or 0)
