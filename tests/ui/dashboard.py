"""The dashboard, or the view of one execution, as its user meets it.

The rule: all is found by role and accessible name, as a screen reader finds it; the names are
part of what the package promises. No class name and no structure of the page is known here.
"""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.waiting import BOUND, until

STATUSES = ("pending", "running", "completed", "failed", "killed")
START_MS = 90_000
"""The real CLI takes a second or two to start, on a busy machine much longer."""


class Dashboard:
    """A drawn dashboard.

    Attributes:
        root: what it is drawn in.
        executions: the region of that name.
        output: the region of that name.
    """

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.executions = root.get_by_role("region", name="Executions", exact=True)
        self.output = root.get_by_role("region", name="Output", exact=True)

    def ready(self) -> Dashboard:
        """Wait until it is drawn and has heard from the kernel."""
        expect(self.executions).to_be_visible()
        expect(self.executions).not_to_contain_text("Asking the kernel")
        return self

    def field(self, name: str) -> Locator:
        """A field of the form by its label."""
        return self.root.get_by_label(name, exact=True)

    def button(self, name: str) -> Locator:
        """A button outside of the list by its name."""
        return self.root.get_by_role("button", name=name, exact=True)

    def execute(self, query: str) -> Locator:
        """Start an execution from the form, and return its row."""
        self.field("Query").fill(query)
        self.button("Execute").click()
        row = self.row(query)
        expect(row).to_be_visible()
        return row

    def draft(self, query: str) -> None:
        """Add a query to the drafts."""
        self.field("Query").fill(query)
        self.button("Add to drafts").click()

    def rows(self) -> Locator:
        """The rows of the list that are in the page: those that are seen and a few more."""
        return self.executions.get_by_role("row")

    def row(self, query: str) -> Locator:
        """The newest row of a query."""
        return self.executions.get_by_role("row", name=query, exact=True).first

    def view(self, query: str) -> Locator:
        """Press View on a row; returns the Output region."""
        self.row(query).get_by_role("button", name="View", exact=True).click()
        expect(self.output).to_contain_text(query)
        return self.output

    def kill(self, query: str) -> None:
        """Press Kill on a row."""
        self.row(query).get_by_role("button", name="Kill", exact=True).click()

    def card(self, name: str) -> Locator:
        """What the viewed execution asks, by its name."""
        return self.output.get_by_role("group", name=name, exact=True)

    def send(self, text: str) -> None:
        """Send a follow-up to the viewed execution."""
        self.output.get_by_label("Follow-up", exact=True).fill(text)
        self.output.get_by_role("button", name="Send", exact=True).click()

    def has_status(self, query: str, status: str, *, timeout: float = START_MS / 1000) -> None:
        """Wait until a row says that status."""
        shown = self.row(query).get_by_text(status, exact=True)
        expect(shown).to_be_visible(timeout=timeout * 1000)


def grows(region: Locator, *, timeout: float = BOUND) -> None:
    """Wait until the region's text gets longer, twice: it is live."""
    for _ in range(2):
        before = len(region.inner_text())

        def longer(before: int = before) -> bool:
            return len(region.inner_text()) > before

        until(longer, timeout=timeout, what="the output to grow")
