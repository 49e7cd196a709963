"""What the foot of every page leads to, and what a phone's home screen needs."""

from __future__ import annotations

from portal.web.navigation import N_, Layout

LAYOUT = Layout(
    foot=(
        ("foot.help_page", N_("How it works")),
        ("foot.privacy", N_("Privacy and your rights")),
        ("foot.accessibility", N_("Accessibility statement")),
    ),
    addresses={"manifest": "home_screen.manifest"},
)
