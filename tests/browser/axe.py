"""What axe-core finds wrong with a page for those who do not see it or use no mouse."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SCRIPT = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# What shuts somebody out; the milder ones are advice.
GRAVE = ("serious", "critical")
RUN = """
async (within) => {
  const { violations } = await axe.run(within ?? document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
  });
  return violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help, nodes: nodes.slice(0, 5).map(({ html, target, failureSummary }) => ({
      at: target.join(" "), html: html.slice(0, 160), why: failureSummary })),
  }));
}
"""


def violations(page: Page, within: str | None = None) -> list[str]:
    """The grave violations of WCAG on the page as it stands, one sentence each; none is right.

    `within` is the selector of the part to look at, such as an open dialog.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate(RUN, within)
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: "
        + "; ".join(f"{node['at']} {node['html']} {node['why']}" for node in one["nodes"])
        for one in found
        if one["impact"] in GRAVE
    ]
