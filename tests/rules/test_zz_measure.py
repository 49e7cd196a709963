from __future__ import annotations

import collections
import sys

import pytest

from portal.access.policy.roles import Level
from tests.browser import Browser
from tests.rules.test_query_counts import counted


class Prof:
    def __init__(self):
        self.n = collections.Counter()
        self.files = set()
        self.cum = collections.Counter()

    def __call__(self, frame, event, arg):
        if (
            event == "call"
            and "/portal/" in frame.f_code.co_filename
            and "/site-packages/" not in frame.f_code.co_filename
        ):
            c = frame.f_code
            self.n[(c.co_filename.split("/portal/")[1], c.co_qualname if hasattr(c, "co_qualname") else c.co_name)] += 1
            f = frame
            seen = set()
            while f is not None:
                k = (f.f_code.co_filename, f.f_code.co_qualname)
                if "/portal/" in k[0] and "site-packages" not in k[0] and k not in seen:
                    seen.add(k)
                    self.cum[(k[0].split("/portal/")[1], k[1])] += 1
                f = f.f_back


@pytest.mark.recalls
def test_measure(app, house, story):
    room = story.case(parents=2)
    for n in range(3):
        story.add(room, story.staff(f"Lars {n}", f"Skole {n}"), Level.READ)
    story.file(room, room.guide)
    story.thread(room, room.guide)

    def answers(page):
        return {str(t["name"]): "yes" for t in page.soup.find_all("input", type="radio")}

    b = Browser(app, story.token(room.young))
    page = b.get(f"/cases/{room.case_id}/consents/give")
    steps = {
        "form": lambda: b.get(f"/cases/{room.case_id}/consents/give"),
        "answer": lambda: b.submit(page, "valid_until", **answers(page)),
        "look": lambda: b.get(f"/cases/{room.case_id}/consents/sign"),
    }
    out = {}

    def run(name, f):
        p = Prof()
        with counted(house) as asked:
            sys.setprofile(p)
            try:
                r = f()
            finally:
                sys.setprofile(None)
        total = sum(p.n.values())
        comp = sum(v for (a, b_), v in p.n.items() if "<" in b_.rsplit(".", 1)[-1])
        print(
            f"\n== {name}: {r.status} calls {total} (without comprehensions {total - comp}) functions {len(p.n)} files {len({a for a, _ in p.n})} sql {len(asked)}"
        )
        for k, v in p.n.most_common(45):
            print("   ", v, *k)
        print("  cumulative")
        for k, v in p.cum.most_common(40):
            print("   ~", v, *k)
        for s in asked:
            print("   SQL", " ".join(s.split())[:150])
        return r

    for name, f in steps.items():
        r = run(name, f)
    run("sign", lambda: b.submit(r, "read"))
